"""What is done every second beside the pump: silence noticed, changes of other processes taken over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

EVERY_S = 1.0


class Rounds(threading.Thread):
    """Does each duty by turns; one that fails is said once, tried again on every round, and does not stop the rest."""

    def __init__(self, duties: Mapping[str, Callable[[], object]], every_s: float = EVERY_S) -> None:
        super().__init__(name="rounds", daemon=True)
        self._duties = dict(duties)
        self._every_s = every_s
        self._stopping = threading.Event()
        self.failing: dict[str, str] = {}

    def run(self) -> None:
        while not self._stopping.wait(self._every_s):
            self.once()

    def once(self) -> None:
        for name, duty in self._duties.items():
            try:
                duty()
            except Exception as error:
                said = f"{name}: {type(error).__name__}: {error}"
                if self.failing.get(name) != said:
                    log.warning("%s; again in %g s", said, self._every_s, exc_info=True)
                self.failing[name] = said
            else:
                self.failing.pop(name, None)

    def healthy(self) -> str | None:
        """Which duty fails, None when none does."""
        if self.ident is not None and not self.is_alive() and not self._stopping.is_set():
            return "rounds: not running"
        return next(iter(self.failing.values()), None)

    def stop(self) -> None:
        """After the duty in hand."""
        self._stopping.set()
        if self.is_alive():
            self.join()
