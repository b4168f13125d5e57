"""Verifications over HTTP: start, look, observe, submit, give the opinion, withdraw, take the record."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, Field, SecretStr

from server.centre import Centre
from server.devices.known import known_device
from server.people.queue import one_of_a_few
from server.verification import planning, runs
from server.verification.description import record_of, run_whole, runs_object
from server.verification.runs import NoSuchRun
from server.verification.signing import Opinion, Said, give_opinion, submit
from server.verification.tables import VerificationRun
from server.web.access import ActingDep, CentreDep, NowDep, ReaderDep
from server.web.problems import not_found

router = APIRouter(prefix="/api/v1", tags=["verifications"])

Short = Annotated[str, Field(max_length=200)]
Long = Annotated[str, Field(max_length=2000)]
Secret = Annotated[SecretStr, Field(max_length=1000)]
State = Literal["running", "submitted", "signed", "withdrawn"]
OF_DEVICE = "/devices/{device_no}/verifications"
ONE = "/verifications/{key}"


class NewRun(BaseModel):
    """``profile`` may be left out where only one is for this kind of device; ``window`` ("168 h") is the profile's."""

    profile: Short = ""
    window: Short = ""
    purpose: Short = ""


class NewObservation(BaseModel):
    alarm: bool
    note: Long = ""


class NewWork(BaseModel):
    """``begin`` and ``end`` are RFC 3339 times with a zone, widened to whole minutes."""

    model_config = {"extra": "forbid"}

    begin: AwareDatetime
    end: AwareDatetime
    reason: Long


class Withdrawal(BaseModel):
    reason: Long


class Submission(BaseModel):
    password: Secret
    note: Long = ""


class NewOpinion(BaseModel):
    """``record_sha256``: of which record it is the opinion; refused when it is not the run's."""

    opinion: Opinion
    text: Long = ""
    password: Secret
    record_sha256: Short = ""


def known_run(key: str, centre: CentreDep) -> VerificationRun:
    """Raises Problem 404."""
    try:
        with centre.records.session() as session:
            return runs.find_run(session, key)
    except NoSuchRun as error:
        raise not_found(str(error)) from error


@router.post(OF_DEVICE, status_code=201)
def new_run(device_no: str, wanted: NewRun, caller: ActingDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    device = known_device(centre, device_no)
    run = runs.start(
        centre.records,
        device.device_no,
        caller.someone,
        centre.profiles,
        **wanted.model_dump(),
        actor=caller.actor,
        now=now,
    )
    return run_whole(centre, run)


@router.get(OF_DEVICE)
def runs_of_device(device_no: str, _caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    """The newest first."""
    device = known_device(centre, device_no)
    return runs_object(centre, runs.runs_of(centre.records, device_no=device.device_no))


@router.get("/verifications")
def all_runs(_caller: ReaderDep, centre: CentreDep, state: State | None = None) -> dict[str, Any]:
    """The newest first, 200 at most."""
    return runs_object(centre, runs.runs_of(centre.records, state=state))


@router.get(ONE)
def one_run(key: str, _caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    return run_whole(centre, known_run(key, centre))


@router.post(f"{ONE}/observations", status_code=201)
def new_observation(
    key: str, seen: NewObservation, caller: ActingDep, centre: CentreDep, now: NowDep
) -> dict[str, Any]:
    run = known_run(key, centre)
    runs.observe(
        centre.records, run.number, caller.someone, alarm=seen.alarm, note=seen.note, actor=caller.actor, now=now
    )
    return run_whole(centre, run)


@router.post(f"{ONE}/work", status_code=201)
def new_work(key: str, wanted: NewWork, caller: ActingDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    """Work on the device, entered before it begins: its minutes do not count, a restart in it is no unplanned one."""
    run, span = known_run(key, centre), (wanted.begin, wanted.end)
    planning.plan(centre.records, run.number, caller.someone, span, wanted.reason, actor=caller.actor, now=now)
    return run_whole(centre, run)


@router.post(f"{ONE}/work/{{work_id}}/cancel")
def cancelled_work(key: str, work_id: int, caller: ActingDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    """While it has not begun."""
    run = known_run(key, centre)
    planning.cancel(centre.records, run.number, work_id, caller.someone, actor=caller.actor, now=now)
    return run_whole(centre, run)


@router.post(f"{ONE}/withdraw")
def withdrawn_run(
    key: str, withdrawal: Withdrawal, caller: ActingDep, centre: CentreDep, now: NowDep
) -> dict[str, Any]:
    run = known_run(key, centre)
    return run_whole(
        centre,
        runs.withdraw(centre.records, run.number, caller.someone, withdrawal.reason, actor=caller.actor, now=now),
    )


@router.post(f"{ONE}/submit")
async def submitted_run(
    key: str, submission: Submission, caller: ActingDep, centre: CentreDep, now: NowDep
) -> dict[str, Any]:
    """Freezes the record. Before the window is over it is allowed, and reads inconclusive."""

    def work() -> dict[str, Any]:
        run = known_run(key, centre)
        password = submission.password.get_secret_value()
        return run_whole(
            centre,
            submit(
                centre,
                run.number,
                caller.someone,
                password,
                note=submission.note,
                actor=caller.actor,
                now=now,
            ),
        )

    return await one_of_a_few(work)


@router.post(f"{ONE}/opinion")
async def opinion_on_run(
    key: str, wanted: NewOpinion, caller: ActingDep, centre: CentreDep, now: NowDep
) -> dict[str, Any]:
    """pass: the device is verified; fail: it is not; extend: the watching goes on and is submitted anew."""

    def work() -> dict[str, Any]:
        run = known_run(key, centre)
        said = Said(wanted.opinion, wanted.text, wanted.record_sha256)
        password = wanted.password.get_secret_value()
        signed = give_opinion(centre, run.number, caller.someone, password, said, actor=caller.actor, now=now)
        return run_whole(centre, signed)

    return await one_of_a_few(work)


@router.get(f"{ONE}/record")
def record(key: str, request: Request, _caller: ReaderDep, centre: CentreDep) -> Response:
    """The frozen bytes, which give the hash that is signed. ETag: this hash."""
    run = known_run(key, centre)
    if run.record_sha256 is None:
        raise not_found(f"verification {run.number} is {run.state}: it has no record", number=run.number)
    etag = f'"{run.record_sha256}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(record_bytes(centre, run), media_type="application/json", headers={"ETag": etag})


def record_bytes(centre: Centre, run: VerificationRun) -> bytes:
    with centre.records.session() as session:
        return record_of(session, run).content.encode()
