"""Duty checklists: the list, one run, and the acts of people on its lines."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from starlette.concurrency import run_in_threadpool

from server.duty import runs as stored
from server.duty.acts import Opinion, Word, confirm, review
from server.duty.closing import close_run
from server.duty.lines import Run
from server.duty.runs import NoSuchRun, read_run
from server.duty.starting import start_run
from server.people.queue import one_of_a_few
from server.times import from_ms
from server.web import runs as pages
from server.web import stream as streams
from server.web.access import ActingDep, CentreDep, NowDep, PagePersonDep
from server.web.i18n import Words
from server.web.pages.acts import done
from server.web.pages.shared import WordsDep
from server.web.problems import Problem, not_found
from server.web.stream import Part
from server.web.templating import anchor, fragment, page

router = APIRouter()
Text = Annotated[str, Form(max_length=2000)]
Password = Annotated[str, Form(max_length=1000)]
Version = Annotated[int, Form(ge=1, le=2**31 - 1)]
ONE = "/runs/{number}"
SHOWN = 100


def missing(number: str, words: Words) -> Problem:
    return not_found(words("没有编号为 %(number)s 的检查单。", number=number))


@router.get("/runs")
def every(request: Request, caller: PagePersonDep, centre: CentreDep, words: WordsDep) -> Response:
    rows = [pages.row_of(run, words) for run in stored.runs(centre.records, "", "", SHOWN)]
    rows.sort(key=lambda row: row.state != "open")
    return page(
        request,
        "runs.html",
        words,
        caller=caller,
        place="runs",
        rows=rows,
        answer=pages.answer_of(rows, words),
        templates=pages.template_choices(centre.templates, words),
    )


@router.post("/runs")
async def start(
    *,
    caller: ActingDep,
    centre: CentreDep,
    now: NowDep,
    words: WordsDep,
    template: Annotated[str, Form(max_length=100)],
) -> Response:
    to = "/runs"

    async def act() -> str:
        nonlocal to
        number = await run_in_threadpool(
            lambda: start_run(centre, template, None, person=caller.someone, actor=caller.actor, now=now)
        )
        to = f"/runs/{number}"
        return words("检查单 %(number)s 已开始，读数已自动填入。", number=number)

    return await done(act, words, lambda: to)


@router.get(ONE)
def one(
    *, request: Request, caller: PagePersonDep, centre: CentreDep, now: NowDep, words: WordsDep, number: str
) -> Response:
    try:
        run = read_run(centre, number, now)
    except NoSuchRun as error:
        raise missing(number, words) from error
    view = pages.view(run, caller.person, words)
    return page(request, "run.html", words, caller=caller, place="runs", view=view)


@router.get(f"/events{ONE}")
async def live(*, request: Request, caller: PagePersonDep, centre: CentreDep, words: WordsDep, number: str) -> Response:
    def look(now_ms: int) -> Sequence[Part]:
        try:
            run: Run = read_run(centre, number, from_ms(now_ms))
        except NoSuchRun:
            return []
        return list(parts_of(pages.view(run, caller.person, words), words, caller.csrf))

    body = streams.events(look, lambda: 0, centre.now, clock=time.monotonic, over=centre.stopping.is_set)
    return streams.response(body, request.app.state.streams, caller.name)


def parts_of(view: pages.RunView, words: Words, csrf: str) -> Sequence[Part]:
    """The head, and of every line its reading and its hand apart: what a person types into is left alone."""
    parts = [Part("part-run-head", fragment("_run_head.html", words, view=view))]
    for device in view.devices:
        for section in device.sections:
            for item in section.items:
                key = anchor(item.item)
                parts.append(Part(f"sign-{key}", fragment("_item_sign.html", words, item=item)))
                parts.append(Part(f"read-{key}", fragment("_item_read.html", words, item=item)))
                hand = fragment("_item_hand.html", words, item=item, view=view, csrf=csrf)
                parts.append(Part(f"hand-{key}", hand))
    return parts


@router.post(f"{ONE}/items/{{item}}/confirm")
async def confirmed(
    *,
    caller: ActingDep,
    centre: CentreDep,
    now: NowDep,
    words: WordsDep,
    number: str,
    item: str,
    version: Version,
    result: Annotated[Literal["", "normal", "abnormal", "no_data", "not_applicable"], Form()] = "",
    value: Annotated[str, Form(max_length=200)] = "",
    note: Text = "",
) -> Response:
    async def act() -> str:
        word = Word(version, result or None, value, note)
        try:
            await run_in_threadpool(
                lambda: confirm(centre.records, number, item, word, person=caller.someone, actor=caller.actor, now=now)
            )
        except NoSuchRun as error:
            raise missing(number, words) from error
        return words("已确认，等另一人复核。")

    return await done(act, words, lambda: place_of(number, item))


@router.post(f"{ONE}/items/{{item}}/review")
async def reviewed(
    *,
    caller: ActingDep,
    centre: CentreDep,
    now: NowDep,
    words: WordsDep,
    number: str,
    item: str,
    version: Version,
    agree: Annotated[Literal["yes", "no"], Form()],
    note: Text = "",
) -> Response:
    async def act() -> str:
        opinion = Opinion(version, agree == "yes", note)
        try:
            await run_in_threadpool(
                lambda: review(
                    centre.records, number, item, opinion, person=caller.someone, actor=caller.actor, now=now
                )
            )
        except NoSuchRun as error:
            raise missing(number, words) from error
        return words("已复核。") if agree == "yes" else words("已退回，等重新确认。")

    return await done(act, words, lambda: place_of(number, item))


@router.post(f"{ONE}/close")
async def closed(
    *,
    caller: ActingDep,
    centre: CentreDep,
    now: NowDep,
    words: WordsDep,
    number: str,
    password: Password,
    note: Text = "",
) -> Response:
    async def act() -> str:
        try:
            await one_of_a_few(
                close_run, centre.records, number, password, note, person=caller.someone, actor=caller.actor, now=now
            )
        except NoSuchRun as error:
            raise missing(number, words) from error
        return words("检查单已关闭，证据已冻结。")

    return await done(act, words, lambda: f"/runs/{number}")


def place_of(number: str, item: str) -> str:
    return f"/runs/{quote(number)}#item-{anchor(item)}"
