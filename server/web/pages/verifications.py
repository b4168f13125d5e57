"""Verifications: the list, one while it runs and after, the report, and the acts of people on it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.concurrency import run_in_threadpool

from server.devices.ledger import all_devices, find_device
from server.people.queue import one_of_a_few
from server.times import HOUSE
from server.verification import planning, runs
from server.verification.runs import NoSuchRun
from server.verification.signing import Said, give_opinion, submit
from server.verification.tables import VerificationRun
from server.web import report
from server.web import stream as streams
from server.web import verification_rows as listing
from server.web import verifications as pages
from server.web.access import ActingDep, CentreDep, NowDep, PagePersonDep
from server.web.pages.acts import done
from server.web.pages.shared import LedgerDep, WordsDep
from server.web.problems import Problem, not_found
from server.web.stream import Part
from server.web.templating import fragment, page
from server.web.verification_words import span

router = APIRouter()
Note = Annotated[str, Form(max_length=4000)]
Password = Annotated[str, Form(max_length=1000)]
ONE = "/verifications/{number}"
LIVE_PARTS = ("head", "criteria")


def known_run(number: str, centre: CentreDep, words: WordsDep) -> VerificationRun:
    """Raises Problem 404."""
    try:
        with centre.records.session() as session:
            return runs.find_run(session, number)
    except NoSuchRun as error:
        raise not_found(words("没有编号为 %(number)s 的上线验证。", number=number)) from error


RunDep = Annotated[VerificationRun, Depends(known_run)]


@router.get("/verifications")
def every(request: Request, caller: PagePersonDep, centre: CentreDep, words: WordsDep) -> Response:
    devices = {device.device_no: device for device in all_devices(centre.records)}
    rows = listing.rows(centre, words, devices, caller.person)
    return page(
        request,
        "verifications.html",
        words,
        caller=caller,
        place="verifications",
        rows=rows,
        answer=listing.answer_of(rows, words),
    )


@router.get(ONE)
def one(*, request: Request, caller: PagePersonDep, centre: CentreDep, words: WordsDep, run: RunDep) -> Response:
    view = pages.view(centre, run, find_device(centre.records, run.device_no), caller.person, words)
    needed = span(view.run["needed_hours"])
    return page(request, "verification.html", words, caller=caller, place="verifications", view=view, needed=needed)


@router.get(f"{ONE}/report")
def paper(*, request: Request, caller: PagePersonDep, centre: CentreDep, words: WordsDep, run: RunDep) -> Response:
    """What is frozen, as it goes on paper; there is none before it was submitted."""
    if run.record_sha256 is None:
        raise Problem(404, "Not found", words("%(number)s 还没有提交，没有报告。", number=run.number))
    view = pages.view(centre, run, find_device(centre.records, run.device_no), caller.person, words)
    return page(request, "verification_report.html", words, caller=caller, **report.context(view, words))


@router.get(f"/events{ONE}")
async def live(*, request: Request, caller: PagePersonDep, centre: CentreDep, words: WordsDep, run: RunDep) -> Response:
    device = find_device(centre.records, run.device_no)

    def look(_now_ms: int) -> Sequence[Part]:
        with centre.records.session() as session:
            now_run = runs.find_run(session, run.number)
        view = pages.view(centre, now_run, device, caller.person, words)
        needed = span(view.run["needed_hours"])
        return [
            Part(f"part-verification-{part}", fragment(f"_verification_{part}.html", words, view=view, needed=needed))
            for part in LIVE_PARTS
        ]

    body = streams.events(look, lambda: 0, centre.now, clock=time.monotonic, over=centre.stopping.is_set)
    return streams.response(body, request.app.state.streams, caller.name)


@router.post("/devices/{device_no}/verifications")
async def start(
    *,
    caller: ActingDep,
    ledger: LedgerDep,
    centre: CentreDep,
    now: NowDep,
    words: WordsDep,
    window: Annotated[str, Form(max_length=50)] = "",
    purpose: Note = "",
) -> Response:
    to = f"/devices/{ledger.device_no}#ledger"

    async def act() -> str:
        nonlocal to
        run = await run_in_threadpool(
            lambda: runs.start(
                centre.records,
                ledger.device_no,
                caller.someone,
                centre.profiles,
                window=window,
                purpose=purpose,
                actor=caller.actor,
                now=now,
            )
        )
        to = f"/verifications/{run.number}"
        return words("上线验证 %(number)s 已启动。", number=run.number)

    return await done(act, words, lambda: to)


@router.post(f"{ONE}/observations")
async def observe(
    *,
    caller: ActingDep,
    centre: CentreDep,
    now: NowDep,
    words: WordsDep,
    run: RunDep,
    alarm: Annotated[Literal["yes", "no"], Form()],
    note: Note = "",
) -> Response:
    async def act() -> str:
        await run_in_threadpool(
            lambda: runs.observe(
                centre.records,
                run.number,
                caller.someone,
                alarm=alarm == "yes",
                note=note,
                actor=caller.actor,
                now=now,
            )
        )
        return words("观察已记录。")

    return await done(act, words, lambda: f"/verifications/{run.number}#seen-title")


@router.post(f"{ONE}/work")
async def work(
    *,
    caller: ActingDep,
    centre: CentreDep,
    now: NowDep,
    words: WordsDep,
    run: RunDep,
    begin: Annotated[datetime, Form()],
    end: Annotated[datetime, Form()],
    reason: Note = "",
) -> Response:
    """The times as a browser's field gives them: without a zone, and so the house's."""
    begins, ends = (moment.replace(tzinfo=moment.tzinfo or HOUSE) for moment in (begin, end))

    async def act() -> str:
        await run_in_threadpool(
            lambda: planning.plan(
                centre.records, run.number, caller.someone, (begins, ends), reason, actor=caller.actor, now=now
            )
        )
        return words("计划维护已登记。")

    return await done(act, words, lambda: f"/verifications/{run.number}#work-title")


@router.post(f"{ONE}/work/{{work_id}}/cancel")
async def work_cancelled(
    *, caller: ActingDep, centre: CentreDep, now: NowDep, words: WordsDep, run: RunDep, work_id: int
) -> Response:
    async def act() -> str:
        await run_in_threadpool(
            lambda: planning.cancel(centre.records, run.number, work_id, caller.someone, actor=caller.actor, now=now)
        )
        return words("计划维护已取消。")

    return await done(act, words, lambda: f"/verifications/{run.number}#work-title")


@router.post(f"{ONE}/submit")
async def submitted(
    *,
    caller: ActingDep,
    centre: CentreDep,
    now: NowDep,
    words: WordsDep,
    run: RunDep,
    password: Password,
    note: Note = "",
) -> Response:
    async def act() -> str:
        await one_of_a_few(submit, centre, run.number, caller.someone, password, note=note, actor=caller.actor, now=now)
        return words("记录已冻结，待安全管理岗审核。")

    return await done(act, words, lambda: f"/verifications/{run.number}#signing")


@router.post(f"{ONE}/opinion")
async def opinion(
    *,
    caller: ActingDep,
    centre: CentreDep,
    now: NowDep,
    words: WordsDep,
    run: RunDep,
    opinion: Annotated[Literal["pass", "fail", "extend"], Form()],
    password: Password,
    record_sha256: Annotated[str, Form(max_length=100)] = "",
    text: Note = "",
) -> Response:
    async def act() -> str:
        said = Said(opinion, text, record_sha256)
        await one_of_a_few(
            give_opinion, centre, run.number, caller.someone, password, said, actor=caller.actor, now=now
        )
        return words("监控继续，之后重新提交。") if opinion == "extend" else words("审核意见已签署。")

    return await done(act, words, lambda: f"/verifications/{run.number}#signing")


@router.post(f"{ONE}/withdraw")
async def withdraw(
    *, caller: ActingDep, centre: CentreDep, now: NowDep, words: WordsDep, run: RunDep, reason: Note
) -> Response:
    async def act() -> str:
        await run_in_threadpool(
            lambda: runs.withdraw(centre.records, run.number, caller.someone, reason, actor=caller.actor, now=now)
        )
        return words("上线验证 %(number)s 已撤回。", number=run.number)

    return await done(act, words, lambda: f"/verifications/{run.number}")
