"""The agent at work: a pass over the host every interval, on disk before it counts, and a thread that sends."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Sequence

from agent.oslog.telling import LogSource
from readings.delivery.runner import Runner, Source
from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from readings.model import Clocks

log = logging.getLogger(__name__)

STOP_WITHIN_S = 5.0
FIRST_PASS_AFTER_S = 1.0  # a share of CPU time over a few milliseconds says nothing


class Passes:
    """Takes ticks from sources and logs into the spool."""

    def __init__(
        self, sources: Sequence[Source], logs: Sequence[LogSource], spool: Spool, clocks: Callable[[], Clocks]
    ) -> None:
        self._runner = Runner([*sources, *logs], clocks)
        self._logs = logs
        self._spool = spool
        self._clocks = clocks
        self.interval_s = 15.0

    def follow(self, interval_s: float) -> None:
        """Seconds between passes, from the next one on; may be called by another thread."""
        self.interval_s = interval_s
        self._spool.interval_s = interval_s

    def take(self) -> None:
        """One pass. The logs' places go to disk with the tick that tells what came before them."""
        taken = self._runner.tick()
        marks = {source.name: source.mark for source in self._logs if source.mark}
        self._spool.append(taken, marks)
        for source in self._logs:
            source.commit()

    def run(self, stop: threading.Event) -> None:
        """A pass almost at once, then at every whole interval of boottime."""
        if stop.wait(FIRST_PASS_AFTER_S):
            return
        while True:
            try:
                self.take()
            except Exception:
                log.exception("a pass failed; the next one is tried in its turn")
            if stop.wait(seconds_to_next(self._clocks().boottime_ns, self.interval_s)):
                return


def settle() -> None:
    """What stands now stays: the collector need not look at it again, and a pass leaves no cycles behind."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def seconds_to_next(boottime_ns: int, interval_s: float) -> float:
    """Until the next whole interval: never 0, so that no pass is taken twice."""
    interval_ns = int(interval_s * 1e9)
    return (interval_ns - boottime_ns % interval_ns) / 1e9


def work(passes: Passes, uplink: Uplink | None, stop: threading.Event) -> None:
    """Until ``stop``: passes in this thread, sending in another one."""
    settle()
    sending = None
    if uplink is not None:
        sending = threading.Thread(target=uplink.run, args=(stop,), name="uplink", daemon=True)
        sending.start()
    try:
        passes.run(stop)
    finally:
        stop.set()
        if sending is not None:
            sending.join(STOP_WITHIN_S)
