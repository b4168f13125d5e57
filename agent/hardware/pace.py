"""Asking less often than every pass: what was answered last is told again, with its age, until it is too old.

Every series must come with every pass: pages, judge and Prometheus take one that stays away for three intervals for
lost. So the last answer is repeated, ``source_answer_age_seconds`` says how old it is, and one that is older than its
pace and its time limit together is told no more: the source is a gap then, with the reason.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from readings.delivery.runner import Source
from readings.model import Event, Fact, Gap, Sample, SourceFailed

Told = TypeVar("Told")
A_MINUTE = 60.0
AGE = "source_answer_age_seconds"


class Repeated:
    """A source that is quick and seldom changes: read every ``pace_s`` in the pass itself, repeated in between.

    Events and facts go out once. What fails is tried again in its turn.
    """

    def __init__(
        self, source: Source, pace_s: float = A_MINUTE, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = source.name
        self._source = source
        self._pace_s = pace_s
        self._monotonic = monotonic
        self._read_at: float | None = None
        self._samples: list[Sample] = []
        self._failed: SourceFailed | None = None

    def read(self) -> Iterator[Sample | Event | Fact]:
        """Raises SourceFailed."""
        now = self._monotonic()
        once: list[Event | Fact] = []
        # Passes come at whole intervals, a hair early or late: half a second keeps the pace at whole ones.
        if self._read_at is None or now - self._read_at >= self._pace_s - 0.5:
            self._read_at = now
            once = self._look()
        return self._tell(once, now - self._read_at)

    def _look(self) -> list[Event | Fact]:
        self._samples, self._failed = [], None
        once: list[Event | Fact] = []
        try:
            for item in self._source.read():
                if isinstance(item, Sample):
                    self._samples.append(item)
                else:
                    once.append(item)
        except SourceFailed as failed:
            self._failed = failed
        except Exception as error:  # noqa: BLE001 - whatever a source raises is a gap of it, until it is read again
            self._failed = SourceFailed(Gap.UNREADABLE, f"{self.name}: {type(error).__name__}: {error}")
        return once

    def _tell(self, once: list[Event | Fact], age_s: float) -> Iterator[Sample | Event | Fact]:
        yield from once
        if self._failed is not None:
            raise SourceFailed(self._failed.gap, self._failed.detail)
        yield from self._samples
        if self._samples:
            yield Sample(AGE, age_s, self.name)


@dataclass(frozen=True, slots=True)
class Newest(Generic[Told]):
    """``number`` grows with every answer: whoever tells events looks at each one once."""

    answer: Told
    age_s: float
    number: int


class Asked(Generic[Told]):
    """Something slow, asked every ``pace_s`` in a thread of its own: whatever hangs there, the pass goes on.

    ``offered`` is asked in the pass and raises SourceFailed where there is nothing to ask. ``ask`` ends within
    ``limit_s`` by itself. ``wait_s``: how long the very first answer is waited for (``agent check`` has the time).
    """

    def __init__(
        self,
        name: str,
        ask: Callable[[], Told],
        *,
        pace_s: float,
        limit_s: float,
        offered: Callable[[], None] = lambda: None,
        wait_s: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._ask = ask
        self._pace_s = pace_s
        self._limit_s = limit_s
        self._offered = offered
        self._wait_s = wait_s
        self._monotonic = monotonic
        self._asking: threading.Thread | None = None
        self._asked_at: float | None = None
        self._answered: tuple[Told | SourceFailed, float] | None = None
        self._number = 0

    def newest(self) -> Newest[Told]:
        """Raises SourceFailed."""
        now = self._monotonic()
        busy = self._asking is not None and self._asking.is_alive()
        if not busy and (self._asked_at is None or now - self._asked_at >= self._pace_s - 0.5):
            self._asked_at = now
            self._start()
        if self._answered is None and self._asking is not None and self._wait_s:
            self._asking.join(self._wait_s)
        if self._answered is None:
            raise SourceFailed(
                Gap.TIMED_OUT, f"{self._name}: asked {now - (self._asked_at or now):.0f} s ago, no answer yet"
            )
        answer, asked_at = self._answered
        age_s = max(self._monotonic() - asked_at, 0.0)
        if isinstance(answer, SourceFailed):
            raise SourceFailed(answer.gap, answer.detail)
        if age_s > self._pace_s + self._limit_s:
            raise SourceFailed(Gap.TIMED_OUT, f"{self._name}: the last answer is {age_s:.0f} s old")
        return Newest(answer, age_s, self._number)

    def age(self, newest: Newest[Told]) -> Sample:
        return Sample(AGE, newest.age_s, self._name)

    def _start(self) -> None:
        try:
            self._offered()
        except SourceFailed as failed:
            self._answer(failed)
            return
        self._asking = threading.Thread(target=self._work, name=self._name, daemon=True)
        self._asking.start()

    def _work(self) -> None:
        try:
            answer: Told | SourceFailed = self._ask()
        except SourceFailed as failed:
            answer = failed
        except Exception as error:  # noqa: BLE001 - whatever asking raises is a gap of this source
            answer = SourceFailed(Gap.UNREADABLE, f"{self._name}: {type(error).__name__}: {error}")
        self._answer(answer)

    def _answer(self, answer: Told | SourceFailed) -> None:
        self._number += 1
        self._answered = (answer, self._asked_at or 0.0)
