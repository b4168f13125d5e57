"""/proc/net/dev and /sys/class/net: what went over the interfaces, and how their links stand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

from agent.host.kernel_files import counts_of, entries, read_number, read_text, read_word, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

COLUMNS = (
    *(f"network_receive_{what}_total" for what in ("bytes", "packets", "errors", "drops", "fifo_errors")),
    *(f"network_receive_{what}_total" for what in ("frame_errors", "compressed", "multicast")),
    *(f"network_transmit_{what}_total" for what in ("bytes", "packets", "errors", "drops", "fifo_errors")),
    *(f"network_transmit_{what}_total" for what in ("collisions", "carrier_errors", "compressed")),
)
# Files of /sys/class/net/<interface> (ABI/testing/sysfs-class-net) that move only when a person changes something.
STILL = (
    ("mtu", "network_mtu_bytes", 10),
    ("tx_queue_len", "network_transmit_queue_count", 10),
    ("dormant", "network_dormant", 10),
    ("flags", "network_flags", 16),
    ("addr_assign_type", "network_address_assign_type", 10),
    ("dev_id", "network_device_id", 16),
    ("ifindex", "network_interface_index", 10),
    ("iflink", "network_link_index", 10),
    ("link_mode", "network_link_mode", 10),
    ("name_assign_type", "network_name_assign_type", 10),
    ("netdev_group", "network_device_group", 10),
    ("type", "network_protocol_type", 10),
)
REREAD = 20
BYTES_PER_MEGABIT = 125_000
UP = {"up": 1.0, "down": 0.0, "lowerlayerdown": 0.0, "dormant": 0.0, "notpresent": 0.0, "testing": 0.0}


class NetworkTraffic:
    name = "network"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/net/dev"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        return parse(self._path, read_text(self._path))


class NetworkLinks:
    """What seldom changes is read again every REREAD passes, and with every change of the link."""

    name = "network_links"

    def __init__(self, root: Root) -> None:
        self._folder = f"{root.sys}/class/net"
        self._known: dict[str, _Interface] = {}
        self._passes = 0

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        interfaces = [name for name in entries(self._folder) if name != "bonding_masters"]
        if not interfaces:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._folder}: no network interfaces")
        if self._passes % REREAD == 0:
            self._known = {}
        self._passes += 1
        for name in interfaces:
            known = self._known.get(name)
            if known is None or read_number(f"{known.folder}/carrier_changes") != known.changes:
                known = self._known[name] = _look(self._folder, name)
            # An interface that is administratively down answers EINVAL for carrier and speed.
            carrier = read_number(f"{known.folder}/carrier")
            yield Sample("network_carrier", carrier if not isinstance(carrier, Gap) else Gap.NOT_OFFERED, name)
            yield Sample("network_up", up(read_word(f"{known.folder}/operstate"), carrier), name)
            unhandled = read_number(f"{known.folder}/statistics/rx_nohandler")
            yield Sample("network_receive_no_handler_total", unhandled, name)
            yield from known.still


@dataclass(frozen=True, slots=True)
class _Interface:
    """``folder`` is where the link /sys/class/net/<name> leads: following it again costs more than the file.

    ``changes`` is how often the link came up or went down: while it stands, so do the two counters it is the sum of.
    """

    folder: str
    changes: float | Gap
    still: tuple[Sample, ...]


def _look(top: str, name: str) -> _Interface:
    folder = os.path.realpath(f"{top}/{name}")
    changes = read_number(f"{folder}/carrier_changes")  # before the rest: what moves meanwhile is seen the next time
    came, went = read_number(f"{folder}/carrier_up_count"), read_number(f"{folder}/carrier_down_count")
    # Kernels before 4.16 count both together only.
    unknown = isinstance(came, Gap) or isinstance(went, Gap)
    speed = read_number(f"{folder}/speed", BYTES_PER_MEGABIT)
    known = not isinstance(speed, Gap) and speed > 0  # -1 is "unknown"
    still = (
        Sample("network_speed_bytes_per_second", speed if known else Gap.NOT_OFFERED, name),
        Sample("network_carrier_changes_total", changes if unknown else came + went, name),
        Sample("network_carrier_up_changes_total", came, name),
        Sample("network_carrier_down_changes_total", went, name),
        *_still(folder, name),
    )
    return _Interface(folder, changes, still)


def _still(folder: str, interface: str) -> Iterator[Sample]:
    for file, metric, base in STILL:
        yield Sample(metric, read_number(f"{folder}/{file}", 1.0, base), interface)


def up(state: str | None, carrier: float | Gap) -> float | Gap:
    """RFC 2863 state as 1 or 0. Loopback and tunnels say "unknown" while they work: there the carrier decides."""
    if state is None:
        return Gap.NOT_OFFERED
    return UP.get(state, carrier)


def parse(path: str, text: str) -> Iterator[Sample]:
    """``  eth0: 487279315 19088 0 …`` → 16 counters an interface. Raises SourceFailed."""
    said: list[Sample] = []
    for line in whole_lines(path, text)[2:]:
        interface, colon, rest = line.rpartition(":")
        numbers = rest.split()
        try:
            if not colon or len(numbers) != len(COLUMNS):
                raise ValueError("not 16 columns")  # noqa: TRY301 - one place names file and line
            said += map(Sample, COLUMNS, map(float, counts_of(numbers)), repeat(interface.strip()))
        except ValueError as error:
            raise unreadable(path, line, error) from error
    if not said:
        raise unreadable(path, text, ValueError("no interface"))
    return iter(said)
