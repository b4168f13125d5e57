"""A listener in a process of its own: however busy polling is, what comes in is taken off its socket.

The device list with its secrets goes to that process through a pipe, never as an argument. When it dies it is begun
anew; until then its source is a gap.
"""

from __future__ import annotations

import logging
import multiprocessing
import selectors
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection

from collector.listening.heard import Heard, Listener
from readings.delivery.collection import ListedDevice

log = logging.getLogger(__name__)

BUDGET_S = 0.05
IDLE_S = 0.25
HAND_OVER_S = 0.2
COUNTS_EVERY_S = 1.0
MOST_HELD = 20_000
BEGIN_AGAIN_S = 5.0
LONGEST_AGAIN_S = 60.0  # where it cannot begin: a port that another program has may come free
STOP_WITHIN_S = 5.0

Make = Callable[[], Listener]  # of a module's own name: it is made in the other process. Raises OSError


class Apart:
    """``start`` begins it, ``use`` gives it the devices, ``take`` says what was heard. ``trouble``: why nothing is."""

    def __init__(self, name: str, make: Make, *, begin_again_s: float = BEGIN_AGAIN_S) -> None:
        self.name = name
        self._make = make
        self._begin_again_s = begin_again_s
        self._devices: list[ListedDevice] = []
        self._held = Heard()
        self._before: Counter[str] = Counter()  # of the processes that died
        self._changed = threading.Lock()
        self._saying = threading.Lock()
        self._stopping = threading.Event()
        self._pipe: Connection | None = None
        self._keeping = threading.Thread(target=self._keep, name=f"{name} listener", daemon=True)
        self.trouble = "not begun"
        self.pid: int | None = None

    def start(self) -> None:
        self._keeping.start()

    def use(self, devices: Sequence[ListedDevice]) -> None:
        self._devices = list(devices)
        self._say(self._devices)

    def take(self) -> Heard:
        with self._changed:
            held = self._held
            self._held = Heard(counts=held.counts)
            return Heard(held.events, self._before + held.counts)

    def stop(self) -> None:
        self._stopping.set()
        self._say(None)
        if self._keeping.is_alive():
            self._keeping.join(STOP_WITHIN_S)

    def _say(self, devices: list[ListedDevice] | None) -> None:
        """To the process there is. Not under the lock of what was heard: while this waits for a process that itself
        waits to hand something over, that must go on being taken.
        """
        with self._saying:
            if self._pipe is not None:
                with suppress(OSError):  # it died: the next one is given them at its beginning
                    self._pipe.send(devices)

    def _keep(self) -> None:
        context = multiprocessing.get_context("spawn")
        wait_s, said = self._begin_again_s, ""
        while not self._stopping.is_set():
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs, self._make), name=self.name, daemon=True)
            process.start()
            theirs.close()
            with self._saying, suppress(OSError):
                self._pipe, self.pid = ours, process.pid
                ours.send(self._devices)
            heard = self._follow(ours)
            with self._saying:
                self._pipe, self.pid = None, None
            with self._changed:
                self._before += self._held.counts
                self._held.counts = Counter()
            ours.close()
            process.join(STOP_WITHIN_S)
            if process.is_alive():
                process.kill()
            if self._stopping.is_set():
                return
            if heard or self.trouble != said:  # else it was said already: who has the port may have it for days
                log.warning("%s: nothing is heard: %s; tried again", self.name, self.trouble)
                wait_s, said = self._begin_again_s, self.trouble
            else:
                wait_s = min(wait_s * 2, LONGEST_AGAIN_S)
            self._stopping.wait(wait_s)

    def _follow(self, pipe: Connection) -> bool:
        """Take what it says until it is gone; whether it listened at all."""
        listened = False
        while True:
            try:
                said = pipe.recv()
            except (EOFError, OSError):
                self.trouble = self.trouble or "its process ended"
                return listened
            if isinstance(said, str):
                self.trouble = said
                continue
            listened = True
            with self._changed:
                self.trouble = ""
                room = MOST_HELD - len(self._held.events)
                self._held.events += said.events[:room]
                self._held.counts = said.counts
                self._before["not_held"] += len(said.events[room:])


def serve(pipe: Connection, make: Make) -> None:
    """The other process: listen until told to stop, or until whoever began it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the pipe says when to stop
    try:
        listener = make()
    except OSError as error:
        pipe.send(f"cannot listen: {error}")
        return
    with suppress(EOFError, OSError), selectors.DefaultSelector() as selector:
        listener.start(selector)
        selector.register(pipe, selectors.EVENT_READ, None)
        _serve(pipe, listener, selector)
    listener.close()


def _serve(pipe: Connection, listener: Listener, selector: selectors.BaseSelector) -> None:
    more, handed_s, counted_s = False, 0.0, 0.0
    while True:
        for key, _ in selector.select(0 if more else IDLE_S):
            if key.fileobj is not pipe:
                key.data()
                continue
            devices: list[ListedDevice] | None = pipe.recv()
            if devices is None:
                return
            listener.use(devices)
        more = listener.work(BUDGET_S)
        now_s = time.monotonic()
        if now_s - handed_s < HAND_OVER_S:
            continue
        handed_s = now_s
        heard = listener.take()
        if heard.events or now_s - counted_s >= COUNTS_EVERY_S:
            counted_s = now_s
            pipe.send(heard)
