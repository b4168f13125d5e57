"""The collection: what is asked by whom, live; for everybody who may see pages."""

from __future__ import annotations

import time
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from server.times import to_ms
from server.web import stream as streams
from server.web.access import CentreDep, NowDep, PagePersonDep
from server.web.collection import page as pages
from server.web.pages.shared import WordsDep
from server.web.stream import Part
from server.web.templating import fragment, page

router = APIRouter()
PARTS = ("answer", "needs", "shares", "collectors")


@router.get("/collection")
def collection(request: Request, caller: PagePersonDep, centre: CentreDep, now: NowDep, words: WordsDep) -> Response:
    view = pages.view(centre, to_ms(now), words)
    return page(
        request,
        "collection.html",
        words,
        caller=caller,
        place="collection",
        view=view,
        administers=caller.scope == "admin",
        data_folder=str(centre.settings.data),
        centre_url=str(request.base_url).rstrip("/"),
    )


@router.get("/events/collection")
async def live(request: Request, caller: PagePersonDep, centre: CentreDep, words: WordsDep) -> Response:
    def look(now_ms: int) -> Sequence[Part]:
        given = {"view": pages.view(centre, now_ms, words), "administers": caller.scope == "admin"}
        return [Part(f"part-collection-{part}", fragment(f"_collection_{part}.html", words, **given)) for part in PARTS]

    body = streams.events(look, lambda: 0, centre.now, clock=time.monotonic, over=centre.stopping.is_set)
    return streams.response(body, request.app.state.streams, caller.name)
