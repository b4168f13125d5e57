"""One device, whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from server.alarms.closing import close_alarms, open_by_events
from server.devices.acts import change_device, move_device
from server.devices.card import FIELDS, CardRefused
from server.devices.ledger import find_device
from server.people.queue import one_of_a_few
from server.people.scopes import allows
from server.times import HOUSE
from server.web import device
from server.web import ledger as ledger_side
from server.web.access import ActingDep, CentreDep, NowDep, PagePersonDep
from server.web.alarms import alarms_of
from server.web.pages.acts import done
from server.web.pages.device_parts import context
from server.web.pages.shared import GlanceDep, LedgerDep, WordsDep
from server.web.panels import RANGE_WORDS
from server.web.templating import fragment, page

router = APIRouter(prefix="/devices/{device_no}")


@router.get("")
def whole(
    *, request: Request, caller: PagePersonDep, ledger: LedgerDep, glance: GlanceDep, centre: CentreDep, now: NowDep
) -> Response:
    row = find_device(centre.records, ledger.device_no)
    return page(
        request,
        "device.html",
        glance.words,
        caller=caller,
        place="devices",
        **context(centre, glance, ledger, caller),
        alarms=alarms_of(open_by_events(centre.records, ledger.device_no), glance.words),
        may_act=allows(caller.scope, "write"),
        device_no=ledger.device_no,
        ledger=ledger_side.view(centre, row, caller.person, glance.words, now.astimezone(HOUSE).date()),
        range_words=RANGE_WORDS,
    )


@router.post("/life")
async def live_on(
    *,
    caller: ActingDep,
    ledger: LedgerDep,
    centre: CentreDep,
    now: NowDep,
    words: WordsDep,
    to: Annotated[str, Form(max_length=50)],
    password: Annotated[str, Form(max_length=1000)],
    note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    async def act() -> str:
        moved = await one_of_a_few(
            move_device,
            centre.records,
            ledger.device_no,
            to,
            caller.someone,
            password,
            actor=caller.actor,
            now=now,
            note=note,
        )
        return words("%(device)s 已转为“%(life)s”。", device=moved.device_no, life=ledger_side.life_word(moved, words))

    return await done(act, words, lambda: f"/devices/{ledger.device_no}#ledger")


@router.post("/alarms/close")
async def close_event_alarms(
    *,
    caller: ActingDep,
    ledger: LedgerDep,
    centre: CentreDep,
    now: NowDep,
    words: WordsDep,
    up_to: Annotated[int, Form(ge=0, le=2**63 - 1)],
    reason: Annotated[str, Form(max_length=2000, pattern=r"^[^\x00]*$")] = "",
) -> Response:
    async def act() -> str:
        closed = await run_in_threadpool(
            lambda: close_alarms(centre.records, ledger.device_no, up_to, reason, actor=caller.actor, now=now)
        )
        return words.many("已关闭 %(n)s 条事件告警，记入审计链。", closed)

    return await done(act, words, lambda: f"/devices/{ledger.device_no}#alarms")


@router.post("/card")
async def change_card(
    *, request: Request, caller: ActingDep, ledger: LedgerDep, centre: CentreDep, now: NowDep, words: WordsDep
) -> Response:
    """Only the fields that were sent; a number of years may be left out."""
    form = await request.form()
    sent: dict[str, str | int | None] = {
        field: value.strip()[:2000] for field in FIELDS if isinstance(value := form.get(field), str)
    }

    async def act() -> str:
        years = sent.get("service_life_years")
        if years is not None:
            sent["service_life_years"] = _years(str(years))
        await run_in_threadpool(
            lambda: change_device(centre.records, ledger.device_no, sent, actor=caller.actor, now=now)
        )
        return words("卡片已保存。")

    return await done(act, words, lambda: f"/devices/{ledger.device_no}#ledger")


def _years(text: str) -> int | None:
    """Raises CardRefused."""
    if not text:
        return None
    if not text.isdecimal() or len(text) > 3:
        raise CardRefused(f"service_life_years: {text!r} is not a number of years")
    return int(text)


@router.get("/all-readings")
def all_readings(_caller: PagePersonDep, ledger: LedgerDep, glance: GlanceDep) -> Response:
    """Every series of the device as a table, fetched when somebody opens it."""
    latest = glance.sight.latest(ledger.device_no, glance.now_ms)
    readings = device.all_readings(latest, glance.words)
    return HTMLResponse(fragment("_all_readings.html", glance.words, readings=readings))
