"""Shares of the collection and secrets of devices, set by an administrator from a page."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from readings.delivery.protocols import CollectionRefused
from server.collection.force import in_force
from server.collection.roster import put_share
from server.collection.tables import CollectionShare
from server.device_secrets.keeping import drop_secret, set_secret
from server.device_secrets.keys import KeyRefused
from server.devices.card import CardRefused
from server.devices.ledger import NoSuchDevice
from server.people.acting import check_password_again
from server.people.queue import one_of_a_few
from server.times import to_ms
from server.web.access import Caller, CentreDep, NowDep, PageAdministratorDep
from server.web.collection import forms
from server.web.collection.forms import Refused
from server.web.collection.known import known
from server.web.collection.shares import share_state
from server.web.i18n import Words
from server.web.pages.acts import done
from server.web.pages.shared import LedgerDep, WordsDep
from server.web.pages.typed import typed_in
from server.web.problems import not_found
from server.web.templating import page, tell

router = APIRouter(prefix="/collection")
Password = Annotated[str, Form(max_length=1000)]


@router.get("/add-share")
def new_share(
    request: Request, caller: PageAdministratorDep, centre: CentreDep, now: NowDep, words: WordsDep
) -> Response:
    return _form(request, caller, centre, now, words, sent={"interval_s": "60"})


@router.post("/add-share")
async def add_share(
    request: Request, caller: PageAdministratorDep, centre: CentreDep, now: NowDep, words: WordsDep
) -> Response:
    sent = await typed_in(request)
    name = sent.get("share", "").strip()
    return await _put(request, caller, centre, now, words, name=name, sent=sent, adding=True)


@router.get("/shares/{name}")
def share(
    *, request: Request, name: str, caller: PageAdministratorDep, centre: CentreDep, now: NowDep, words: WordsDep
) -> Response:
    row = _share(centre, name, words)
    return _form(request, caller, centre, now, words, sent=forms.share_as_it_is(row), row=row)


@router.post("/shares/{name}")
async def change_share(
    *, request: Request, name: str, caller: PageAdministratorDep, centre: CentreDep, now: NowDep, words: WordsDep
) -> Response:
    await run_in_threadpool(_share, centre, name, words)
    return await _put(request, caller, centre, now, words, name=name, sent=await typed_in(request), adding=False)


async def _put(
    request: Request,
    caller: Caller,
    centre: CentreDep,
    now: NowDep,
    words: Words,
    *,
    name: str,
    sent: dict[str, str],
    adding: bool,
) -> Response:
    def act() -> None:
        if adding and any(one.name == name for one in known(centre).shares):
            raise CollectionRefused(f"share: {name[:60]!r} is there already")
        put_share(
            centre.records,
            name,
            active=sent.get("active_id", ""),
            standby=sent.get("standby_id", ""),
            interval_s=forms.number(sent.get("interval_s", "")),
            actor=caller.actor,
            now=now,
        )
        in_force(centre, now)

    try:
        await run_in_threadpool(act)
    except (CollectionRefused, ValueError) as refusal:
        refused = Refused.of(refusal, words)
        row = None if adding else await run_in_threadpool(_share, centre, name, words)
        return await run_in_threadpool(
            lambda: _form(request, caller, centre, now, words, sent=sent, refused=refused, row=row)
        )
    response = RedirectResponse(f"/collection#share-{quote(name)}", 303)
    tell(response, words("分组 %(name)s 已保存。", name=name))
    return response


def _share(centre: CentreDep, name: str, words: Words) -> CollectionShare:
    """Raises Problem 404."""
    with centre.records.session() as session:
        row = session.get(CollectionShare, name)
    if row is None:
        raise not_found(words("没有名为 %(name)s 的采集分组。", name=name))
    return row


def _form(
    request: Request,
    caller: Caller,
    centre: CentreDep,
    now: NowDep,
    words: Words,
    *,
    sent: dict[str, str],
    refused: Refused | None = None,
    row: CollectionShare | None = None,
) -> Response:
    refused = refused or Refused()
    kept = known(centre)
    return page(
        request,
        "collection_share.html",
        words,
        caller=caller,
        status=422 if refused.text else 200,
        place="collection",
        fields=forms.share_fields(sent, kept, words, refused, adding=row is None),
        refused=refused,
        name=row.name if row is not None else "",
        state=share_state(row, kept, centre.live, to_ms(now), words) if row is not None else None,
        has_collectors=bool(kept.agents),
    )


@router.post("/devices/{device_no}/secrets/{kind}")
async def write_secret(
    *,
    request: Request,
    kind: str,
    caller: PageAdministratorDep,
    centre: CentreDep,
    ledger: LedgerDep,
    now: NowDep,
    words: WordsDep,
) -> Response:
    """What was typed is never shown again, neither here nor in what is said of it."""
    sent = await typed_in(request)

    async def act() -> str:
        told = forms.secret_words(kind, sent)
        try:
            await run_in_threadpool(
                lambda: set_secret(
                    centre.records, centre.vault, ledger.device_no, kind, told, actor=caller.actor, now=now
                )
            )
        except (CollectionRefused, KeyRefused) as refusal:
            raise CardRefused(Refused.of(refusal, words).text) from None
        await run_in_threadpool(in_force, centre, now)
        return words("凭据 %(kind)s 已写入，从此只能更换或删除，不能再看。", kind=kind)

    return await done(act, words, lambda: f"/collection/devices/{quote(ledger.device_no)}#secrets")


@router.post("/devices/{device_no}/secrets/{kind}/remove")
async def remove_secret(
    *,
    kind: str,
    caller: PageAdministratorDep,
    centre: CentreDep,
    ledger: LedgerDep,
    now: NowDep,
    words: WordsDep,
    password: Password,
) -> Response:
    async def act() -> str:
        await one_of_a_few(check_password_again, centre.records, caller.someone, password, caller.address, now)
        try:
            await run_in_threadpool(
                lambda: drop_secret(centre.records, ledger.device_no, kind, actor=caller.actor, now=now)
            )
        except NoSuchDevice as error:
            raise CardRefused(str(error)) from error
        await run_in_threadpool(in_force, centre, now)
        return words("凭据 %(kind)s 已删除。", kind=kind)

    return await done(act, words, lambda: f"/collection/devices/{quote(ledger.device_no)}#secrets")
