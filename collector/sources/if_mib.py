"""Interfaces by IF-MIB (RFC 2863): state, speed, counters.

Series follow the interface's name, because ifIndex may be given anew at every boot. 64-bit counters are preferred.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from collector.source import SnmpSource, Unmapped
from collector.sources.parts import names
from collector.walk import Value, Walk, address_of, number_of, text_of
from readings.model import Fact, Gap, Sample

IF = "1.3.6.1.2.1.2.2.1"
IFX = "1.3.6.1.2.1.31.1.1.1"
DESCRIPTION, SPEED, ADDRESS, ADMIN, OPER = f"{IF}.2", f"{IF}.5", f"{IF}.6", f"{IF}.7", f"{IF}.8"
NAME, HIGH_SPEED, ALIAS, DISCONTINUITY = f"{IFX}.1", f"{IFX}.15", f"{IFX}.18", f"{IFX}.19"
UPTIME = "1.3.6.1.2.1.1.3.0"
OPER_STATES = range(1, 8)  # up, down, testing, unknown, dormant, not present, lower layer down
ADMIN_STATES = range(1, 4)  # up, down, testing
SPEED_BEYOND = 2**32 - 1  # ifSpeed of what is faster than it can say
# metric: (64-bit column, 32-bit column it replaces)
COUNTERS = {
    "network_receive_bytes_total": (f"{IFX}.6", f"{IF}.10"),
    "network_transmit_bytes_total": (f"{IFX}.10", f"{IF}.16"),
    "interface_receive_unicast_packets_total": (f"{IFX}.7", f"{IF}.11"),
    "interface_transmit_unicast_packets_total": (f"{IFX}.11", f"{IF}.17"),
    "interface_receive_multicast_packets_total": (f"{IFX}.8", f"{IFX}.2"),
    "interface_transmit_multicast_packets_total": (f"{IFX}.12", f"{IFX}.4"),
    "interface_receive_broadcast_packets_total": (f"{IFX}.9", f"{IFX}.3"),
    "interface_transmit_broadcast_packets_total": (f"{IFX}.13", f"{IFX}.5"),
    "network_receive_drops_total": ("", f"{IF}.13"),
    "network_receive_errors_total": ("", f"{IF}.14"),
    "network_transmit_drops_total": ("", f"{IF}.19"),
    "network_transmit_errors_total": ("", f"{IF}.20"),
}
ROOTS = (
    OPER, DESCRIPTION, NAME, ADMIN, ALIAS, SPEED, HIGH_SPEED, ADDRESS, DISCONTINUITY,
    *(column for columns in COUNTERS.values() for column in columns if column),
)  # fmt: skip


def read(walk: Walk) -> Iterator[Sample | Fact | Unmapped]:
    columns = {root: walk.column(root) for root in ROOTS}
    parts = interface_names(walk, columns)
    uptime = walk.number(UPTIME)
    for index, part in parts.items():
        yield from _state(walk, "interface_state", f"{OPER}.{index}", part, OPER_STATES)
        yield from _state(walk, "interface_admin_state", f"{ADMIN}.{index}", part, ADMIN_STATES)
        yield Sample("network_speed_bytes_per_second", _speed(columns, index), part)
        disturbed = columns[DISCONTINUITY].get(index)
        if disturbed is not None:
            yield Sample("interface_counters_since_seconds", _counted(uptime, number_of(disturbed)), part)
        alias, address = columns[ALIAS].get(index), columns[ADDRESS].get(index)
        told = [text for text in (_text(alias), address_of(address) if address is not None else "") if text]
        if told:
            yield Fact(f"interface.{part}", "; ".join(told))
    for metric, (wide, narrow) in COUNTERS.items():
        longer, shorter = columns.get(wide, {}), columns[narrow]
        if not longer and not shorter:
            continue  # no interface of this device counts it
        for index, part in parts.items():
            count = longer.get(index)
            # Nearly all of what is read of a switch passes here: a counter that counts needs no second look.
            yield Sample(
                metric,
                float(count) if type(count) is int and 0 < count < 2**64 else _count(count, shorter.get(index)),
                part,
            )


def interface_names(walk: Walk, columns: Mapping[str, Mapping[str, Value]] | None = None) -> Mapping[str, str]:
    """ifIndex → name: ifName, else ifDescr, else the index itself; doubles are told apart by their index."""
    named, described, states = (
        walk.column(root) if columns is None else columns[root] for root in (NAME, DESCRIPTION, OPER)
    )
    known = {**described, **states}
    return names((index, _text(named.get(index)) or _text(described.get(index))) for index in known)


def _text(value: Value | None) -> str:
    return "" if value is None or isinstance(value, Gap) else text_of(value)


def _state(walk: Walk, metric: str, oid: str, part: str, known: range) -> Iterator[Sample | Unmapped]:
    number = walk.number(oid)
    if isinstance(number, Gap) or number in known:
        yield Sample(metric, number, part)
    else:
        yield Sample(metric, Gap.UNREADABLE, part)
        yield Unmapped(metric, oid, f"{number:g}")


def _speed(columns: Mapping[str, Mapping[str, Value]], index: str) -> float | Gap:
    """Neither a port without link nor a loopback has a speed: what says 0 has none."""
    high, low = (number_of(columns[root].get(index, Gap.NOT_OFFERED)) for root in (HIGH_SPEED, SPEED))
    if not isinstance(high, Gap) and high > 0:
        return high * 125_000.0
    if not isinstance(low, Gap) and 0 < low < SPEED_BEYOND:
        return low / 8
    return low if isinstance(low, Gap) else Gap.NOT_OFFERED


def _counted(uptime: float | Gap, disturbed: float | Gap) -> float | Gap:
    """How long the counters have been counting: since boot, or since the moment they were disturbed."""
    if isinstance(uptime, Gap) or isinstance(disturbed, Gap):
        return uptime if isinstance(uptime, Gap) else disturbed
    # After sysUpTime wrapped the mark lies ahead of it: when that was cannot be known.
    return (uptime - disturbed) / 100 if disturbed <= uptime else Gap.UNREADABLE


def _count(wide: Value | None, narrow: Value | None) -> float | Gap:
    """The 64-bit counter, unless the agent has one that only ever says 0 beside a 32-bit one that counts."""
    longer, shorter = (Gap.NOT_OFFERED if value is None else number_of(value) for value in (wide, narrow))
    if isinstance(longer, Gap):
        return shorter
    return shorter if longer == 0 and not isinstance(shorter, Gap) and shorter > 0 else longer


SOURCE = SnmpSource("if_mib", ROOTS, read)
