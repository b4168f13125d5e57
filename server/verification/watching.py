"""Verifications judged while they run: by turns, a small share of the time, and a row only where an outcome turns."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session, col, select

from checklists.verification.evidence import Evidence
from checklists.verification.judging import judge
from checklists.verification.outcome import Judgement, Outcome, Result
from checklists.verification.profile import Profile, from_json
from server.audit.chain import canonical
from server.devices.tables import Device
from server.history.history import History
from server.judge.tables import JudgedDevice
from server.live import Live
from server.records import Records
from server.verification.gathering import gather
from server.verification.minutes import course_of, in_little_room
from server.verification.remembering import Memory, memory_of, note, remembering
from server.verification.results import result_object, result_of
from server.verification.runs import id_of
from server.verification.tables import VerificationFinding, VerificationRun
from server.verification.windows import watched

EVERY_MS = 60_000
VOUCHING = "source_success"  # of every source, each pass: the log's is among them
NOTHING_NEW = Memory()
REST = 19  # after each judging so many times as long as it took: at most a twentieth of one core

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judged:
    """A run as it stood over the minutes start ≤ t < end."""

    start_ms: int
    end_ms: int
    at_ms: int
    judgement: Judgement
    course: dict[str, Any]  # the minutes as a page or a record draws them
    evidence: Evidence | None = None
    new: Memory = NOTHING_NEW  # what is to be noted with it


class Verifications:
    """``round`` is a duty of the rounds. ``newest`` keeps the last judgement of each running run, without evidence."""

    def __init__(
        self, records: Records, history: History, live: Live, now_ms: Callable[[], int], every_ms: int = EVERY_MS
    ) -> None:
        self._records, self._history, self._live = records, history, live
        self._now_ms, self._every_ms = now_ms, every_ms
        self._due: dict[int, int] = {}
        self._judging = threading.Lock()  # one week of readings in memory at a time
        self._asking = threading.Lock()
        self.newest: dict[int, Judged] = {}
        self.troubles: dict[int, str] = {}

    def round(self) -> None:
        """Judge the run that is most overdue, if one is. What goes wrong with it is logged and kept in ``troubles``."""
        with self._records.session() as session:
            running = session.exec(select(VerificationRun).where(col(VerificationRun.state) == "running")).all()
        ids = {id_of(run) for run in running}
        for kept in (self._due, self.newest, self.troubles):
            for gone in kept.keys() - ids:
                kept.pop(gone, None)
        now_ms = self._now_ms()
        due = [run for run in running if self._due.get(id_of(run), 0) <= now_ms]
        if due:
            self._turn(min(due, key=lambda run: (self._due.get(id_of(run), 0), id_of(run))), now_ms)

    def _turn(self, run: VerificationRun, now_ms: int) -> None:
        began = time.monotonic()
        try:
            judged = self._attempt(run, now_ms)
            if judged is not None:
                with self._records.writing() as session:
                    settle(session, id_of(run), judged)
        finally:  # whatever became of it, the next one has its turn
            took_ms = round((time.monotonic() - began) * 1000)
            self._due[id_of(run)] = now_ms + max(self._every_ms, REST * took_ms)

    def _attempt(self, run: VerificationRun, now_ms: int) -> Judged | None:
        """None when it cannot be judged; why is logged, once, and kept in ``troubles``."""
        try:
            judged = self.judge(run, now_ms)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            if self.troubles.get(id_of(run)) != said:
                log.warning("verification %s cannot be judged: %s", run.number, said, exc_info=True)
            self.troubles[id_of(run)] = said
            return None
        self.troubles.pop(id_of(run), None)
        return judged

    def newest_of(self, run: VerificationRun) -> Judged | None:
        """As judged last; a run nobody has judged yet is judged now. None when it cannot be."""
        with self._asking:  # many may look at once: one of them judges
            return self.newest.get(id_of(run)) or self._attempt(run, self._now_ms())

    def judge(self, run: VerificationRun, now_ms: int) -> Judged:
        """From the stores, up to the last whole minute; ``evidence`` is only in the answer."""
        profile = from_json(run.profile_json)
        start_ms, end_ms = watched(run.started_ms, now_ms)
        with self._records.session() as session:
            told_s = told_interval(session, run.device_no)
            proven, memory = proven_of(session, id_of(run)), memory_of(session, id_of(run))
        judged_to_ms = watched(run.started_ms, run.judged_ms or run.started_ms)[1]
        with self._judging:
            evidence = gather(
                self._history,
                self._records,
                run.device_no,
                (start_ms, end_ms),
                metrics=metrics_of(profile),
                run_id=id_of(run),
                interval_s=self._live.interval_of(run.device_no, told_s),
            )
            evidence, new = remembering(evidence, memory, judged_to_ms)
            judgement = judge(profile, evidence, run.window_s * 1000, proven)
            judged = Judged(start_ms, end_ms, now_ms, judgement, course_of(evidence, profile), evidence, new)
        self.newest[id_of(run)] = replace(judged, course=in_little_room(judged.course), evidence=None, new=NOTHING_NEW)
        return judged


def told_interval(session: Session, device_no: str) -> float:
    """Seconds between its ticks as the judge last learnt them, until then as the ledger says."""
    device, judged = session.get(Device, device_no), session.get(JudgedDevice, device_no)
    assert device is not None, f"device {device_no}: a key to it is a foreign one"
    return judged.interval_s if judged is not None else device.interval_s


def metrics_of(profile: Profile) -> set[str]:
    """What is judged by, and what vouches that nothing was missed between."""
    return {VOUCHING, profile.counter, *(metric for criterion in profile.criteria for metric in criterion.metrics)}


def settle(session: Session, run_id: int, judged: Judged) -> None:
    """Write what turned, and how the run stands. Nothing where the run is no longer running: people were faster."""
    run = session.get(VerificationRun, run_id)
    if run is None or run.state != "running":
        return
    write_turned(session, run_id, judged)
    run.judged_ms = judged.at_ms
    run.verdict = judged.judgement.verdict.value
    run.effective_s = judged.judgement.effective_ms / 1000
    session.add(run)


def write_turned(session: Session, run_id: int, judged: Judged) -> None:
    """A finding of each criterion whose outcome turned, and what is to be remembered of the readings."""
    note(session, run_id, judged.new)
    stood = {criterion: finding.outcome for criterion, finding in findings_of(session, run_id).items()}
    for result in judged.judgement.results:
        if stood.get(result.criterion) != result.outcome:
            kept = canonical(result_object(result))
            session.add(
                VerificationFinding(
                    run_id=run_id,
                    criterion=result.criterion,
                    outcome=result.outcome.value,
                    at_ms=judged.at_ms,
                    result_json=kept,
                )
            )


def findings_of(session: Session, run_id: int) -> dict[str, VerificationFinding]:
    """The newest of each criterion."""
    asked = select(VerificationFinding).where(col(VerificationFinding.run_id) == run_id)
    return {row.criterion: row for row in session.exec(asked.order_by(col(VerificationFinding.id)))}


def proven_of(session: Session, run_id: int) -> Mapping[str, Result]:
    """Every criterion that failed once in this run: a FAIL stands, whatever becomes of what it rested on."""
    asked = select(VerificationFinding).where(
        col(VerificationFinding.run_id) == run_id, col(VerificationFinding.outcome) == Outcome.FAIL.value
    )
    return {
        row.criterion: result_of(json.loads(row.result_json))
        for row in session.exec(asked.order_by(col(VerificationFinding.id)))
    }
