"""The numbers of a device's charts, as the page's script draws them."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from server.web.access import PagePersonDep
from server.web.chart_answer import answer
from server.web.pages.shared import GlanceDep, LedgerDep
from server.web.panels import RANGES
from server.web.problems import Problem

router = APIRouter(prefix="/devices/{device_no}/charts")


@router.get("")
def charts(
    _caller: PagePersonDep,
    ledger: LedgerDep,
    glance: GlanceDep,
    range: str = "15m",  # noqa: A002 - the address says so
) -> Response:
    if range not in RANGES:
        raise Problem(422, "Not acceptable as sent", f"range {range!r} is none of {', '.join(RANGES)}")
    return JSONResponse(answer(glance, ledger, range))
