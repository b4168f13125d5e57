"""One device, whole."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from server.web import device
from server.web.access import PagePersonDep
from server.web.pages.shared import GlanceDep, LedgerDep
from server.web.panels import RANGE_WORDS
from server.web.templating import fragment, page

router = APIRouter(prefix="/devices/{device_no}")


@router.get("")
def whole(request: Request, caller: PagePersonDep, ledger: LedgerDep, glance: GlanceDep) -> Response:
    view = device.view(glance, ledger)
    return page(
        request, "device.html", glance.words, caller=caller, place="devices", view=view, range_words=RANGE_WORDS
    )


@router.get("/all-readings")
def all_readings(_caller: PagePersonDep, ledger: LedgerDep, glance: GlanceDep) -> Response:
    """Every series of the device as a table, fetched when somebody opens it."""
    latest = glance.sight.latest(ledger.device_no, glance.now_ms)
    readings = device.all_readings(latest, glance.words)
    return HTMLResponse(fragment("_all_readings.html", glance.words, readings=readings))
