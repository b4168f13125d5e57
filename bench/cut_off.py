"""A host whose centre is away for days: its passes by a clock that is told how fast to go, into a real spool."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from agent.https import client
from agent.transport import Transport
from bench.stand import Stand, standing_centre
from readings.delivery.runner import TakenTick
from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from readings.model import Clocks, Event, Severity
from readings.wire import pack_series

SECOND_NS = 10**9
DAY_S = 86_400
SERIAL = ("cut_off_serial", "")  # of each tick its own, from 1: what is lost or doubled shows in it
BUSY = ("cpu_busy_ratio", "total")
FAILED = ("md_disks_failed_count", "md0")
BUSY_S, FAILED_S = 1_800, 3_600  # of every day: above the rules' limits, and well again long before the next


@dataclass
class WatchedHost:
    """``series``: what is read beside the three above. A day has half an hour of load, an hour of a broken mirror,
    and one error of the kernel; ``wall_ns`` is the time at the first tick."""

    wall_ns: int
    interval_s: int
    series: Sequence[tuple[str, str]]
    boot_id: str = "the-only-boot"
    taken: int = 0
    _packed: bytes = field(init=False)

    def __post_init__(self) -> None:
        self._packed = pack_series([SERIAL, BUSY, FAILED, *self.series])

    def clocks(self) -> Clocks:
        """At the tick that comes next."""
        passed_ns = self.taken * self.interval_s * SECOND_NS
        return Clocks(self.boot_id, 3_600 * SECOND_NS + passed_ns, self.wall_ns + passed_ns)

    def tick(self) -> TakenTick:
        """One more. Counters grow at paces of their own, levels move: it packs as readings of a host do."""
        now, at_s = self.clocks(), self.taken * self.interval_s
        self.taken += 1
        of_day = at_s % DAY_S
        # Nothing happens in the first hour of a day: the week begins and ends with a host that is well.
        busy = 0.99 if 3_600 <= of_day < 3_600 + BUSY_S else 0.2
        failed = 1.0 if 7_200 <= of_day < 7_200 + FAILED_S else 0.0
        values = array("d", [self.taken, busy, failed])
        values.extend(
            float(at_s * (column % 97)) if column % 3 else (at_s * 7919 + column * 104_729) % 1000 / 1000
            for column in range(len(self.series))
        )
        tick = TakenTick(now, blocks=[("", "host", self._packed, values.tobytes())])
        if of_day // self.interval_s == 3 * 3_600 // self.interval_s:
            text = f"EXT4-fs error on day {at_s // DAY_S}"
            event = Event("kernel_log", "kernel_log", Severity.ERROR, text, now.boottime_ns, now.wall_ns, f"{at_s}")
            tick.events.append(("", event))
        return tick


def read_on(host: WatchedHost, spool: Spool, ticks: int, every: Callable[[], None] = lambda: None) -> None:
    """That many ticks into ``spool``; ``every`` is called once an hour of the host. Raises OSError: not on disk."""
    for _ in range(ticks):
        if not spool.append(host.tick()).durable:
            raise OSError(f"tick {host.taken} is not on disk")
        if host.taken * host.interval_s % 3_600 == 0:
            every()


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """``newest_seconds``: until the newest tick was shown; ``seconds``: until the spool was empty."""

    ticks: int
    series: int
    spool_mb: float
    newest_seconds: float
    seconds: float


def catch_up(days: int, interval_s: int, series: int) -> CaughtUp:
    """A host that was cut off so long meets a real centre again over HTTP. Raises RuntimeError: not all arrived."""
    names = [("cut_off_filler", f"{column:04}") for column in range(series - 3)]
    with standing_centre(1) as stand, TemporaryDirectory() as folder:
        spool = Spool(Path(folder) / "spool.db", interval_s=interval_s)
        host = WatchedHost(time.time_ns() - days * DAY_S * SECOND_NS, interval_s, names)
        read_on(host, spool, days * DAY_S // interval_s)
        held_mb = sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6
        last = host.clocks()

        def clocks() -> Clocks:
            now_ns = time.time_ns()
            return Clocks(last.boot_id, last.boottime_ns + now_ns - last.wall_ns, now_ns)

        transport = Transport(client(stand.url, None), stand.senders[0].credential)
        uplink = Uplink(spool, transport.post, clocks, jitter=lambda: 0.0)
        began = time.perf_counter()
        newest_seconds = 0.0
        while not uplink.idle:
            wait_s = uplink.step()
            time.sleep(0.0 if uplink.idle else min(wait_s, 1.0))
            if not newest_seconds and uplink.state.receipt is not None:
                newest_seconds = time.perf_counter() - began
        seconds = time.perf_counter() - began
        spool.close()
        _all_there(stand, host)
    return CaughtUp(host.taken, series, held_mb, newest_seconds, seconds)


def _all_there(stand: Stand, host: WatchedHost) -> None:
    """Every minute of it, once the centre has put it away. Raises RuntimeError."""
    span = {"start": str(host.wall_ns / 1e9), "end": str((host.clocks().wall_ns - 60 * SECOND_NS) / 1e9)}
    url = f"{stand.url}/api/v1/devices/{stand.senders[0].device_no}/coverage"
    for _ in range(60):
        found = httpx.get(url, params=span, headers={"Authorization": f"Bearer {stand.token}"}, timeout=60).json()
        if found["ratio"] == 1:
            return
        time.sleep(0.5)
    raise RuntimeError(f"{found['filled']} of {found['slots']} minutes arrived: {found['gaps'][:3]}")
