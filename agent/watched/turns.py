"""What takes its time is asked in threads of its own, each thing at its own pace, and never holds a pass.

A pass tells what the last answer was; one that is overdue is a gap ``timed_out``. A question that hangs keeps its
thread and is not put again until it came back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Answer = TypeVar("Answer")
Thing = TypeVar("Thing", bound=Hashable)

MOST_AT_ONCE = 16
PATIENCE_S = 0.2  # a pass waits this long, for all its questions together


@dataclass(frozen=True, slots=True)
class Answered(Generic[Answer]):
    """``at_s`` is when the question was put."""

    at_s: float
    answer: Answer


class Turns(Generic[Thing, Answer]):
    """``ask`` runs in a thread; it answers, and raises nothing it can name."""

    def __init__(
        self,
        ask: Callable[[Thing], Answer],
        *,
        patience_s: float = PATIENCE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._patience_s = patience_s
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._asked: dict[Thing, float] = {}  # under way, since when
        self._answers: dict[Thing, Answered[Answer]] = {}

    def now(self) -> float:
        """The clock of ``Answered.at_s``."""
        return self._monotonic()

    def take(self, paces: dict[Thing, float]) -> dict[Thing, Answered[Answer] | None]:
        """The newest answer of every thing, None where there is none yet; those whose pace is up are asked again."""
        now = self._monotonic()
        with self._changed:
            for gone in self._answers.keys() - paces.keys():
                del self._answers[gone]
            due = [thing for thing, pace in paces.items() if self._is_due(thing, pace, now)]
            due.sort(key=lambda thing: self._answers[thing].at_s if thing in self._answers else 0.0)
            started = due[: max(MOST_AT_ONCE - len(self._asked), 0)]
            self._asked.update(dict.fromkeys(started, now))
        for thing in started:
            threading.Thread(target=self._work, args=(thing, now), name="watched", daemon=True).start()
        with self._changed:
            self._changed.wait_for(lambda: not self._asked.keys() & set(started), self._patience_s)
            return {thing: self._answers.get(thing) for thing in paces}

    def _is_due(self, thing: Thing, pace: float, now: float) -> bool:
        if thing in self._asked:
            return False
        last = self._answers.get(thing)
        # A pass comes a little early at times: half a second is not worth a whole interval.
        return last is None or now - last.at_s >= pace - 0.5

    def _work(self, thing: Thing, at_s: float) -> None:
        answered = None
        try:
            answered = Answered(at_s, self._ask(thing))
        finally:
            with self._changed:
                self._asked.pop(thing, None)
                if answered is not None:
                    self._answers[thing] = answered
                self._changed.notify_all()
