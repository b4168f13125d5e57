"""The live side of the fleet and of a device: the same templates as the pages, piece by piece."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from server.web import fleet, stream
from server.web.access import CentreDep, PagePersonDep
from server.web.pages.device_parts import context, has_many_ports, pieces
from server.web.pages.fleet import question_of
from server.web.pages.shared import BoardDep, LedgerDep, WordsDep
from server.web.stream import Part
from server.web.templating import anchor, fragment

router = APIRouter(prefix="/events")
MANY_PORTS_KEPT_MS = 20_000


@router.get("/devices")
async def fleet_stream(
    *,
    request: Request,
    caller: PagePersonDep,
    board: BoardDep,
    words: WordsDep,
    centre: CentreDep,
    q: str = "",
    health: str = "",
    kind: str = "",
    page_no: Annotated[int, Query(alias="page", ge=1, le=10**6)] = 1,
) -> Response:
    question = question_of(q, health, page_no, kind)
    order: list[tuple[str, str]] = []

    def look(now_ms: int) -> Sequence[Part]:
        view = fleet.view(board.glance(words, now_ms), board.everyone(now_ms), question)
        standing = [(group.health, row.device_no) for group in view.groups for row in group.rows]
        parts = [
            Part("fleet-answer", fragment("_fleet_answer.html", words, view=view)),
            Part("fleet-chips", fragment("_fleet_chips.html", words, view=view)),
        ]
        if standing != order:  # rows came, went or moved: the list as a whole
            order[:] = standing
            context = {"data_folder": str(centre.settings.data), "centre_url": str(request.base_url).rstrip("/")}
            return [*parts, Part("fleet-list", fragment("_fleet_list.html", words, view=view, **context))]
        return parts + [
            Part(f"row-{anchor(row.device_no)}", fragment("_device_row.html", words, row=row), "outerMorph")
            for group in view.groups
            for row in group.rows
        ]

    body = stream.events(
        look, lambda: board.sight.version(None), centre.now, clock=time.monotonic, over=centre.stopping.is_set
    )
    return stream.response(body, request.app.state.streams, caller.name)


@router.get("/devices/{device_no}")
async def device_stream(
    *,
    request: Request,
    caller: PagePersonDep,
    ledger: LedgerDep,
    board: BoardDep,
    words: WordsDep,
    centre: CentreDep,
) -> Response:
    told: list[Part] = []
    told_of = (-1, 0)  # version, moment

    def look(now_ms: int) -> Sequence[Part]:
        nonlocal told_of
        version = board.sight.version(ledger.device_no)
        # Hundreds of ports are not drawn again every few seconds while nothing of the device came.
        if told and version == told_of[0] and 0 <= now_ms - told_of[1] < MANY_PORTS_KEPT_MS:
            return told
        given = context(centre, board.glance(words, now_ms), ledger, caller)
        parts = [Part(target, fragment(template, words, **given)) for target, template in pieces(given).items()]
        told[:], told_of = (parts, (version, now_ms)) if has_many_ports(given) else ([], told_of)
        return parts

    body = stream.events(
        look,
        lambda: board.sight.version(ledger.device_no),
        centre.now,
        clock=time.monotonic,
        over=centre.stopping.is_set,
    )
    return stream.response(body, request.app.state.streams, caller.name)
