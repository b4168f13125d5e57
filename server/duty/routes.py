"""Checklists and their runs over HTTP: everybody reads; only people start, confirm, review and close."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, SecretStr

from server.duty import runs as stored
from server.duty.acts import Opinion, Word, confirm, review
from server.duty.answers import Object, head_object, line_object, run_object, template_object
from server.duty.closing import close_run, record
from server.duty.lines import Run
from server.duty.runs import NoSuchRun, read_run, whole_run
from server.duty.starting import start_run
from server.people.queue import one_of_a_few
from server.web.access import ActingDep, CentreDep, NowDep, ReaderDep
from server.web.problems import Problem, not_found

router = APIRouter(prefix="/api/v1", tags=["duty"])

Short = Annotated[str, Field(max_length=200)]
Long = Annotated[str, Field(max_length=2000)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class NewRun(BaseModel):
    template: Short
    devices: Annotated[list[Short], Field(max_length=2000)] | None = None


class Confirmation(BaseModel):
    version: Version
    result: Literal["normal", "abnormal", "no_data", "not_applicable"] | None = None
    value: Short | None = None
    note: Long = ""


class Review(BaseModel):
    version: Version
    agree: bool
    note: Long = ""


class Closing(BaseModel):
    password: Annotated[SecretStr, Field(max_length=1000)]
    note: Long = ""


def no_such(error: NoSuchRun) -> Problem:
    return not_found(str(error))


@router.get("/templates")
def templates(_caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    return {"templates": [template_object(template) for template in centre.templates.values()]}


@router.get("/runs")
def runs(
    _caller: ReaderDep,
    centre: CentreDep,
    state: Literal["open", "closed"] | None = None,
    template: Short = "",
    limit: Annotated[int, Query(ge=1, le=stored.MOST_RUNS)] = 50,
) -> dict[str, Any]:
    """The newest first, without their lines."""
    return {"runs": [head_object(run) for run in stored.runs(centre.records, state or "", template, limit)]}


@router.post("/runs", status_code=201)
def new_run(wanted: NewRun, caller: ActingDep, centre: CentreDep, now: NowDep) -> Object:
    """Of every device the checklist is for, or of those named."""
    number = start_run(centre, wanted.template, wanted.devices, person=caller.someone, actor=caller.actor, now=now)
    return run_object(whole_run(centre.records, number))


@router.get("/runs/{run}")
def run(run: str, _caller: ReaderDep, centre: CentreDep, now: NowDep) -> Object:
    """By id or number, with every line; open lines as the newest readings fill them."""
    try:
        return run_object(read_run(centre, run, now))
    except NoSuchRun as error:
        raise no_such(error) from error


@router.post("/runs/{run}/items/{item}/confirm")
def confirmed(  # noqa: PLR0917 - the framework fills them by name
    run: str, item: str, said: Confirmation, caller: ActingDep, centre: CentreDep, now: NowDep
) -> Object:
    """``version`` is the line's as the person saw it; without ``result`` they say what the reading says."""
    word = Word(said.version, said.result, said.value or "", said.note)
    try:
        confirm(centre.records, run, item, word, person=caller.someone, actor=caller.actor, now=now)
    except NoSuchRun as error:
        raise no_such(error) from error
    return _line(whole_run(centre.records, run), item)


@router.post("/runs/{run}/items/{item}/review")
def reviewed(  # noqa: PLR0917 - the framework fills them by name
    run: str, item: str, said: Review, caller: ActingDep, centre: CentreDep, now: NowDep
) -> Object:
    """By somebody else than who confirmed. Without ``agree`` the line is open again."""
    try:
        opinion = Opinion(said.version, said.agree, said.note)
        review(centre.records, run, item, opinion, person=caller.someone, actor=caller.actor, now=now)
    except NoSuchRun as error:
        raise no_such(error) from error
    return _line(whole_run(centre.records, run), item)


@router.post("/runs/{run}/close")
async def closed(run: str, said: Closing, caller: ActingDep, centre: CentreDep, now: NowDep) -> Object:
    """With the password once more; every line must have been reviewed."""
    password = said.password.get_secret_value()
    try:
        await one_of_a_few(
            close_run,
            centre.records,
            run,
            password,
            said.note,
            person=caller.someone,
            actor=caller.actor,
            now=now,
        )
    except NoSuchRun as error:
        raise no_such(error) from error
    return run_object(whole_run(centre.records, run))


@router.get("/runs/{run}/record")
def frozen(run: str, _caller: ReaderDep, centre: CentreDep) -> Response:
    """The record of a closed run, byte for byte what gives ``record_sha256``."""
    try:
        row = record(centre.records, run)
    except NoSuchRun as error:
        raise no_such(error) from error
    return Response(row.content, media_type="application/json", headers={"ETag": f'"{row.sha256}"'})


def _line(run: Run, item: str) -> Object:
    """One line, and how the run stands with it."""
    line = next(line for line in run.lines if line.item == item)
    return {"item": line_object(run, line), "counts": dict(run.counts)}
