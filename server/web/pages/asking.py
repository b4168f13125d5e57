"""How a device is asked, set by an administrator from a page: taking one in, changing it, ending it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from readings.delivery.protocols import CollectionRefused
from server.collection.adding import Wanted, add_asked
from server.collection.force import in_force
from server.collection.roster import drop_device, put_device
from server.collection.tables import CollectedDevice
from server.device_secrets.keys import KeyRefused
from server.devices.card import CardRefused
from server.devices.ledger import DeviceRefused, NoSuchDevice
from server.devices.tables import Device
from server.people.acting import check_password_again
from server.people.queue import one_of_a_few
from server.web.access import Caller, CentreDep, NowDep, PageAdministratorDep
from server.web.collection import forms
from server.web.collection.forms import Refused
from server.web.collection.known import known, secrets_of
from server.web.pages.acts import done
from server.web.pages.shared import LedgerDep, WordsDep
from server.web.pages.typed import typed_in
from server.web.sight import Ledger
from server.web.templating import page, tell

router = APIRouter(prefix="/collection")
Password = Annotated[str, Form(max_length=1000)]
REFUSALS = (CollectionRefused, DeviceRefused, CardRefused, KeyRefused, ValueError)
DEVICE = "/devices/{device_no}"


@router.get("/add-device")
def new_device(request: Request, caller: PageAdministratorDep, centre: CentreDep, words: WordsDep) -> Response:
    return _adding(request, caller, centre, words, sent=forms.fresh(known(centre)))


@router.post("/add-device")
async def add_device(
    request: Request, caller: PageAdministratorDep, centre: CentreDep, now: NowDep, words: WordsDep
) -> Response:
    """The row of the ledger, how it is asked and with what, in one act."""
    sent = await typed_in(request)

    def act() -> str:
        device = Device(
            device_no=sent.get("device_no", ""),
            name=sent.get("name", ""),
            kind=sent.get("kind", "switch"),
            location=sent.get("location", "").strip(),
            created_ms=0,
        )
        secrets = {kind: told for kind in forms.needed(sent) if (told := forms.secret_words(kind, sent, f"{kind}."))}
        asked = forms.asked_as_typed("", sent)
        wanted = [Wanted(device, asked, secrets)]
        (added,) = add_asked(centre.records, centre.vault, wanted, actor=caller.actor, now=now, only_new=True)
        return added.device_no

    try:
        device_no = await run_in_threadpool(act)
    except REFUSALS as refusal:
        refused = Refused.of(refusal, words)
        return await run_in_threadpool(lambda: _adding(request, caller, centre, words, sent=sent, refused=refused))
    await run_in_threadpool(in_force, centre, now)
    response = RedirectResponse(f"/devices/{quote(device_no)}", 303)
    tell(response, words("%(device)s 已加入，采集器下一次取名册后开始采集。", device=device_no))
    return response


@router.get(DEVICE)
def how(
    request: Request, caller: PageAdministratorDep, centre: CentreDep, ledger: LedgerDep, words: WordsDep
) -> Response:
    row = _collected(centre, ledger.device_no)
    sent = forms.as_it_is(row) if row is not None else forms.fresh(known(centre))
    return _changing(request, caller, centre, words, ledger=ledger, sent=sent)


@router.post(DEVICE)
async def change(
    *,
    request: Request,
    caller: PageAdministratorDep,
    centre: CentreDep,
    ledger: LedgerDep,
    now: NowDep,
    words: WordsDep,
) -> Response:
    sent = await typed_in(request)

    def act() -> None:
        asked = forms.asked_as_typed(ledger.device_no, sent)
        put_device(
            centre.records,
            ledger.device_no,
            share=asked.share,
            address=asked.address,
            device_type=asked.device_type,
            interval_s=asked.interval_s,
            protocols=asked.protocols,
            actor=caller.actor,
            now=now,
        )
        in_force(centre, now)

    try:
        await run_in_threadpool(act)
    except (CollectionRefused, ValueError) as refusal:
        refused = Refused.of(refusal, words)
        return await run_in_threadpool(
            lambda: _changing(request, caller, centre, words, ledger=ledger, sent=sent, refused=refused)
        )
    response = RedirectResponse(f"/collection/devices/{quote(ledger.device_no)}", 303)
    tell(response, words("采集方式已保存，采集器下一次取名册后照此采集。"))
    return response


@router.post(f"{DEVICE}/stop")
async def stop(
    *,
    caller: PageAdministratorDep,
    centre: CentreDep,
    ledger: LedgerDep,
    now: NowDep,
    words: WordsDep,
    password: Password,
) -> Response:
    async def act() -> str:
        await one_of_a_few(check_password_again, centre.records, caller.someone, password, caller.address, now)
        await run_in_threadpool(lambda: _drop(centre, ledger.device_no, caller, now))
        return words("%(device)s 不再采集；读数与台账保留。", device=ledger.device_no)

    return await done(act, words, lambda: "/collection")


def _drop(centre: CentreDep, device_no: str, caller: Caller, now: NowDep) -> None:
    try:
        drop_device(centre.records, device_no, actor=caller.actor, now=now)
    except NoSuchDevice as error:
        raise CardRefused(str(error)) from error
    in_force(centre, now)


def _collected(centre: CentreDep, device_no: str) -> CollectedDevice | None:
    with centre.records.session() as session:
        return session.get(CollectedDevice, device_no)


def _adding(
    request: Request,
    caller: Caller,
    centre: CentreDep,
    words: WordsDep,
    *,
    sent: dict[str, str],
    refused: Refused | None = None,
) -> Response:
    refused = refused or Refused()
    secrets = [
        forms.SecretForm(kind, words(title), refused.at(f"secret.{kind}")) for kind, title in forms.SECRET_WORDS.items()
    ]
    kept = known(centre)
    form = forms.asking_form(sent, kept, words, refused, adding=True, secrets=secrets)
    return page(
        request,
        "collection_add.html",
        words,
        caller=caller,
        status=422 if refused.text else 200,
        place="collection",
        form=form,
        has_shares=bool(kept.shares),
        authentication=forms.AUTHENTICATION,
        privacy=forms.PRIVACY,
        suffers=forms.needed(sent) if refused.text else [],
    )


def _changing(
    request: Request,
    caller: Caller,
    centre: CentreDep,
    words: WordsDep,
    *,
    ledger: Ledger,
    sent: dict[str, str],
    refused: Refused | None = None,
) -> Response:
    refused = refused or Refused()
    there = {one.kind: one for one in secrets_of(centre.records, ledger.device_no)}
    wanted = list(dict.fromkeys([*forms.needed(sent), *there]))
    secrets = [
        forms.SecretForm(
            kind,
            words(forms.SECRET_WORDS[kind]),
            refused.at(f"secret.{kind}"),
            there[kind].since if kind in there else "",
            there[kind].by if kind in there else "",
        )
        for kind in wanted
        if kind in forms.SECRET_WORDS
    ]
    kept = known(centre)
    return page(
        request,
        "collection_device.html",
        words,
        caller=caller,
        status=422 if refused.text else 200,
        place="collection",
        ledger=ledger,
        form=forms.asking_form(sent, kept, words, refused, adding=False, secrets=secrets),
        collected=_collected(centre, ledger.device_no) is not None,
        has_shares=bool(kept.shares),
        authentication=forms.AUTHENTICATION,
        privacy=forms.PRIVACY,
    )
