"""The duty desk, the first page after signing in."""

from __future__ import annotations

import time
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from server.times import to_ms
from server.web import desk
from server.web import stream as streams
from server.web.access import CentreDep, NowDep, PagePersonDep
from server.web.pages.shared import BoardDep, WordsDep
from server.web.stream import Part
from server.web.templating import fragment, page

router = APIRouter()
PARTS = ("answer", "needs", "runs", "verifications")


@router.get("/")
def home(
    *, request: Request, caller: PagePersonDep, board: BoardDep, centre: CentreDep, now: NowDep, words: WordsDep
) -> Response:
    view = desk.view(centre, board.everyone(to_ms(now)), caller.person, words)
    return page(request, "desk.html", words, caller=caller, place="desk", view=view)


@router.get("/events/desk")
async def live(
    *, request: Request, caller: PagePersonDep, board: BoardDep, centre: CentreDep, words: WordsDep
) -> Response:
    def look(now_ms: int) -> Sequence[Part]:
        view = desk.view(centre, board.everyone(now_ms), caller.person, words)
        return [Part(f"part-desk-{part}", fragment(f"_desk_{part}.html", words, view=view)) for part in PARTS]

    body = streams.events(look, lambda: 0, centre.now, clock=time.monotonic, over=centre.stopping.is_set)
    return streams.response(body, request.app.state.streams, caller.name)
