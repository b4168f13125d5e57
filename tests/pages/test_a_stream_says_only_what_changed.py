"""A page's stream: a beat, the pieces that changed, at most one look a second, and an end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import anyio
import pytest

from server.web import stream
from server.web.problems import Problem
from server.web.stream import MOST_PER_PERSON, MOST_STREAMS, Part, Streams, events, message

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


class Desk:
    """A clock that jumps ``step`` seconds a look, and a page whose pieces a test sets."""

    def __init__(self, step: float = 1.0, ends_after: float = 60.0) -> None:
        self.at, self.step, self.ends_after = 0.0, step, ends_after
        self.pieces: dict[str, str] = {"head": "a", "row": "b"}
        self.version = 0
        self.looks = 0

    def clock(self) -> float:
        self.at += self.step
        return self.at

    def look(self, now_ms: int) -> Sequence[Part]:
        self.looks += 1
        return [Part(target, text) for target, text in self.pieces.items()]

    def over(self) -> bool:
        return self.at >= self.ends_after

    def stream(self) -> AsyncIterator[bytes]:
        return events(self.look, lambda: self.version, lambda: NOW, clock=self.clock, over=self.over)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LOOK_S", 0)


def heard(desk: Desk, changes: dict[int, dict[str, str]] | None = None) -> list[str]:
    """Every message of the stream; ``changes`` by the number of messages heard before them."""

    async def listen() -> list[str]:
        messages: list[str] = []
        async for piece in desk.stream():
            messages.append(piece.decode())
            if changes and len(messages) in changes:
                desk.pieces |= changes[len(messages)]
                desk.version += 1
        return messages

    return anyio.run(listen)


def test_it_begins_with_a_beat_and_the_whole(no_waiting: None) -> None:
    beat, whole, *_ = heard(Desk())
    assert beat == "event: beat\ndata: 2026-11-24T03:00:00.000Z\n\n"
    assert '<hx-partial hx-target="#head" hx-swap="innerMorph">a</hx-partial>' in whole
    assert 'hx-target="#row"' in whole


def test_then_only_what_changed_is_said() -> None:
    messages = heard(Desk(), {2: {"row": "c"}})
    changed = [text for text in messages if text.startswith("data:")]
    assert len(changed) == 2
    assert "#row" in changed[1]
    assert "#head" not in changed[1]


def test_nothing_new_is_silence_but_for_the_beat() -> None:
    messages = heard(Desk())
    assert sum(text.startswith("data:") for text in messages) == 1
    assert sum(text.startswith("event: beat") for text in messages) == 6


def test_it_looks_at_most_once_a_second_and_anyway_every_few() -> None:
    busy, quiet = Desk(step=0.1, ends_after=20), Desk(step=0.1, ends_after=20)
    busy_look = busy.look

    def growing(now_ms: int) -> Sequence[Part]:
        busy.version += 1
        return busy_look(now_ms)

    busy.look = growing  # type: ignore[method-assign]  # a page that changes with every look
    heard(busy)
    heard(quiet)
    assert 15 <= busy.looks <= 20
    assert 3 <= quiet.looks <= 5


def test_it_ends_by_itself_so_that_the_session_is_shown_again() -> None:
    desk = Desk(step=stream.LASTS_S / 10, ends_after=float("inf"))
    assert heard(desk)
    assert desk.at <= stream.LASTS_S + 2 * desk.step


def test_a_text_of_many_lines_stays_one_message() -> None:
    text = message([Part("head", "<p>\nzwei\n</p>")]).decode()
    assert text.endswith("\n\n")
    assert all(line.startswith("data: ") for line in text.rstrip("\n").split("\n"))


def test_streams_are_counted_and_bounded() -> None:
    streams = Streams()
    for _ in range(MOST_PER_PERSON):
        streams.admit("jia")
        streams.enter("jia")
    with pytest.raises(Problem, match="jia"):
        streams.admit("jia")
    streams.leave("jia")
    streams.admit("jia")
    for number in range(MOST_STREAMS - MOST_PER_PERSON + 1):
        streams.enter(f"person {number}")
    with pytest.raises(Problem) as refused:
        streams.admit("yi")
    assert refused.value.status == 503
