"""The topology: who is wired to whom, as the devices themselves tell; for everybody who may see pages."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from server.web.access import CentreDep, PagePersonDep
from server.web.pages.shared import BoardDep, GlanceDep
from server.web.templating import page
from server.web.topology.page import view

router = APIRouter()


@router.get("/collection/topology")
def topology(
    request: Request, caller: PagePersonDep, centre: CentreDep, board: BoardDep, glance: GlanceDep
) -> Response:
    shown = view(centre, board.everyone(glance.now_ms), glance.now_ms, glance.words)
    return page(request, "topology.html", glance.words, caller=caller, place="collection", view=shown)
