"""Asking things that may hang without hanging: the asker waits a little, the question waits in a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Answer = TypeVar("Answer")
MAX_STUCK = 16


class Patience(Generic[Answer]):
    """``ask`` puts questions to one worker thread and waits ``seconds`` for all of them together.

    A worker that hangs is left behind with its question, which is a TimeoutError at once until that worker comes
    back; a new worker takes the others. At most MAX_STUCK workers are left behind.
    """

    def __init__(self, answer: Callable[[str], Answer], seconds: float) -> None:
        self._answer = answer
        self._seconds = seconds
        self._stuck: dict[str, threading.Event] = {}
        self._worker: _Worker[Answer] | None = None

    def ask(self, questions: Sequence[str]) -> list[Answer | OSError]:
        """One answer a question, in order; an OSError stands for what could not be answered."""
        self._stuck = {question: back for question, back in self._stuck.items() if not back.is_set()}
        answers: dict[str, Answer | OSError] = {}
        waiting = [question for question in questions if question not in self._stuck]
        while waiting and len(self._stuck) < MAX_STUCK:
            if self._worker is None:
                self._worker = _Worker(self._answer)
            answers |= self._worker.ask(waiting, self._seconds)
            if len(answers) == len(questions) - len(self._stuck):
                break
            hung = next(question for question in waiting if question not in answers)
            self._stuck[hung] = self._worker.abandon()
            self._worker = None
            waiting = waiting[waiting.index(hung) + 1 :]
        late = TimeoutError(110, f"no answer in {self._seconds:g} s")
        return [answers.get(question, late) for question in questions]


class _Worker(Generic[Answer]):
    def __init__(self, answer: Callable[[str], Answer]) -> None:
        self._answer = answer
        self._asked: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()
        self._answered: queue.SimpleQueue[tuple[str, Answer | OSError] | None] = queue.SimpleQueue()
        self._back = threading.Event()
        self._abandoned = False
        threading.Thread(target=self._work, name="patience", daemon=True).start()

    def ask(self, questions: list[str], seconds: float) -> dict[str, Answer | OSError]:
        """Answers up to the first question that took longer than ``seconds``."""
        self._asked.put(questions)
        answers: dict[str, Answer | OSError] = {}
        while True:
            try:
                answered = self._answered.get(timeout=seconds)
            except queue.Empty:
                return answers
            if answered is None:
                return answers
            answers[answered[0]] = answered[1]

    def abandon(self) -> threading.Event:
        """Leave this worker behind; the event is set when its question came back."""
        self._abandoned = True
        self._asked.put(None)
        return self._back

    def _work(self) -> None:
        while (questions := self._asked.get()) is not None:
            for question in questions:
                if self._abandoned:
                    break
                try:
                    answer: Answer | OSError = self._answer(question)
                except OSError as error:
                    answer = error
                except (ValueError, UnicodeError) as error:
                    answer = OSError(22, str(error))
                self._answered.put((question, answer))
            self._answered.put(None)
        self._back.set()
