"""An event loop whose clock stands until a test moves it, with real sockets: what happened when is exact.

Nothing a test waits for is measured in seconds of the machine it runs on; ``PATIENCE_S`` only ends one that hangs.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from readings.model import Clocks

PATIENCE_S = 120.0
BOOT_WALL_NS = 1_800_000_000_000_000_000

T = TypeVar("T")


class HandLoop(asyncio.SelectorEventLoop):
    """``now_s`` is its clock. ``changed`` is called by whoever did what a test may be waiting for, in any thread."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self._changed = asyncio.Event()
        self._ends_s = time.monotonic() + PATIENCE_S

    def time(self) -> float:
        return self.now_s

    def clocks(self) -> Clocks:
        ns = round(self.now_s * 1e9)
        return Clocks("boot", ns, BOOT_WALL_NS + ns)

    def changed(self) -> None:
        with contextlib.suppress(RuntimeError):  # it has ended meanwhile
            self.call_soon_threadsafe(self._changed.set)

    async def until(self, true: Callable[[], bool], what: Callable[[], object]) -> None:
        """The clock stands still meanwhile. ``what`` says what is missing, if it never comes."""
        for _ in range(10):  # timers that are due begin their tasks
            await asyncio.sleep(0)
        while not true():
            self._changed.clear()
            await self._changed.wait()
            assert time.monotonic() < self._ends_s, what()


def by_hand(work: Callable[[HandLoop], Coroutine[Any, Any, T]]) -> T:
    """Run ``work`` in a loop of its own."""
    loop = HandLoop()
    watch = threading.Timer(PATIENCE_S + 1, loop.changed)
    watch.start()
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(work(loop))
    finally:
        watch.cancel()
