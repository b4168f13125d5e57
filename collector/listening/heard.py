"""What a listener hands over, and what it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from selectors import BaseSelector
from typing import Protocol

from readings.delivery.collection import ListedDevice
from readings.model import Event


@dataclass(slots=True)
class Heard:
    """``events``: (device, event). ``counts``: since the listener began, by what became of what came."""

    events: list[tuple[str, Event]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class Listener(Protocol):
    """Traps or syslog. ``start`` registers its sockets, each with what to call when it can be read; ``work`` does some
    of what waits and says whether there is more.
    """

    def start(self, selector: BaseSelector) -> None: ...

    def use(self, devices: Sequence[ListedDevice]) -> None: ...

    def work(self, budget_s: float) -> bool: ...

    def take(self) -> Heard:
        """What was heard since this was asked last."""
        ...

    def close(self) -> None: ...
