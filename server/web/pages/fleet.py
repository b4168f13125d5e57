"""The fleet: every device, worst first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from server.web import fleet
from server.web.access import CentreDep, PagePersonDep
from server.web.health import WORST_FIRST
from server.web.kinds import FAMILIES
from server.web.pages.shared import BoardDep, GlanceDep
from server.web.templating import page

router = APIRouter()


def question_of(q: str = "", health: str = "", page: int = 1, kind: str = "") -> fleet.Question:
    """What the address asks for; a health or a family of kinds nobody knows is no filter."""
    known = health if health in WORST_FIRST else ""
    return fleet.Question(q.strip()[:100], known, max(1, page), kind if kind in FAMILIES else "")


@router.get("/devices")
def devices(
    *,
    request: Request,
    caller: PagePersonDep,
    board: BoardDep,
    glance: GlanceDep,
    centre: CentreDep,
    q: str = "",
    health: str = "",
    kind: str = "",
    page_no: Annotated[int, Query(alias="page", ge=1, le=10**6)] = 1,
) -> Response:
    view = fleet.view(glance, board.everyone(glance.now_ms), question_of(q, health, page_no, kind))
    return page(
        request,
        "fleet.html",
        glance.words,
        caller=caller,
        place="devices",
        view=view,
        data_folder=str(centre.settings.data),
        centre_url=str(request.base_url).rstrip("/"),
    )
