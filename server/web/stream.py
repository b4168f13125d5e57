"""Pages that stay true without a reload: server-sent events that carry only the pieces that changed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from server.times import rfc3339, to_ms
from server.web.problems import Problem

BEAT_S = 10.0
LOOK_S = 0.25
LEAST_BETWEEN_S = 1.0
# A value goes stale and a device falls silent without anything new arriving: look at least this often.
LOOK_ANYWAY_S = 5.0
# A stream ends after a while; the browser comes back and shows its session again.
LASTS_S = 600.0
MOST_STREAMS = 500
MOST_PER_PERSON = 24


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a page: the id of the element, how it is swapped in, and its text."""

    target: str
    text: str
    swap: str = "innerMorph"


@dataclass
class Streams:
    """How many streams are open, in all and by person; what is beyond the bounds is refused."""

    open: Counter[str] = field(default_factory=Counter)

    def admit(self, who: str) -> None:
        """Raises Problem 503 when one more would be too many."""
        if self.open.total() >= MOST_STREAMS or self.open[who] >= MOST_PER_PERSON:
            raise Problem(503, "Too many live pages", f"{self.open[who]} of {who}", headers={"Retry-After": "30"})

    def enter(self, who: str) -> None:
        self.open[who] += 1

    def leave(self, who: str) -> None:
        self.open[who] -= 1
        if self.open[who] <= 0:
            del self.open[who]


Look = Callable[[int], Sequence[Part]]


async def events(
    look: Look,
    version: Callable[[], int],
    now: Callable[[], datetime],
    *,
    clock: Callable[[], float],
    over: Callable[[], bool],
) -> AsyncIterator[bytes]:
    """The bytes of one stream. ``look(now_ms)`` runs in a thread and gives every part; only changed ones are sent.

    What the page was rendered with is unknown here, so the first look is sent whole. ``over``: the centre stops.
    """
    sent: dict[str, str] = {}
    began = clock()
    looked, beaten, seen = float("-inf"), float("-inf"), -1
    while (moment := clock()) - began < LASTS_S and not over():
        if moment - beaten >= BEAT_S:
            beaten = moment
            yield f"event: beat\ndata: {rfc3339(to_ms(now()))}\n\n".encode()
        newest = version()
        since = moment - looked
        if since >= LEAST_BETWEEN_S and (newest != seen or since >= LOOK_ANYWAY_S):
            seen, looked = newest, moment
            parts = await run_in_threadpool(look, to_ms(now()))
            changed = [part for part in parts if sent.get(part.target) != part.text]
            sent = {part.target: part.text for part in parts}
            if changed:
                yield message(changed)
        await asyncio.sleep(LOOK_S)


def message(parts: Sequence[Part]) -> bytes:
    """One unnamed message of htmx partials."""
    text = "".join(
        f'<hx-partial hx-target="#{part.target}" hx-swap="{part.swap}">{part.text}</hx-partial>' for part in parts
    )
    return "".join(f"data: {line}\n" for line in text.splitlines()).encode() + b"\n"


def response(body: AsyncIterator[bytes], streams: Streams, who: str) -> StreamingResponse:
    """Counted in ``streams`` for as long as the body runs. Raises Problem 503."""
    streams.admit(who)

    async def counted() -> AsyncIterator[bytes]:
        streams.enter(who)  # here, so that a client gone before the first byte is never counted for ever
        try:
            async for piece in body:
                yield piece
        finally:
            streams.leave(who)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(counted(), media_type="text/event-stream", headers=headers)
