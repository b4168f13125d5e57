"""Who may do what in a verification (1.5-20, 1.5-21), as pure decisions: each raises ActRefused, or says nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from server.people.acting import ActRefused, check_post
from server.people.posts import PostRefused, check_posts
from server.people.tables import Person
from server.verification.tables import VerificationRun

# The clause names the room's admin (1.5-20), its worked example the system's (1.5-21): either, but never the signer.
TESTERS = ("sysadmin", "room_admin")
WITHDRAWERS = (*TESTERS, "dept_head")
SIGNERS = ("security_admin",)
RESPONSIBLE, EXAMPLE, EVIDENCE = "1.5-20", "1.5-21", "1.5-19"


@dataclass(frozen=True, slots=True)
class Doing:
    """Which acts on a verification are open to somebody."""

    observe: bool = False
    plan: bool = False
    submit: bool = False
    sign: bool = False
    withdraw: bool = False


def doing_of(person: Person | None, run: VerificationRun, observers: Collection[str]) -> Doing:
    """What the checks below let this person do now: a page offers that, and nothing else."""
    if person is None or person.scope == "read":
        return Doing()
    running = run.state == "running"
    return Doing(
        observe=running and _let(lambda: check_observer(person, alarm=False, note="")),
        plan=running and _let(lambda: check_planner(person)),
        submit=running and _let(lambda: check_submitter(person)),
        sign=run.state == "submitted" and _let(lambda: check_signer(person, run, observers)),
        withdraw=_let(lambda: check_withdrawal(person, run, "any")),
    )


def _let(check: Callable[[], None]) -> bool:
    try:
        check()
    except ActRefused:
        return False
    return True


def check_state(run: VerificationRun, state: str, doing: str) -> None:
    """409 unless the run is in this state."""
    if run.state != state:
        raise ActRefused(
            f"verification {run.number} is {run.state}, to {doing} it must be {state}",
            zh=f"上线验证 {run.number} 的状态已变，现在不能这样做",
        )


def check_starter(person: Person) -> None:
    check_post(person, TESTERS, "start a verification", clause=EXAMPLE, zh="启动上线验证")


def check_observer(person: Person, *, alarm: bool, note: str) -> None:
    check_post(person, TESTERS, "note what is seen at the rack", clause=EVIDENCE, zh="记录机房观察")
    if alarm and not note.strip():
        raise ActRefused(
            "an alarm needs a note: which lamp or sound, where",
            zh="有报警时要写明：哪个灯或什么声音，在哪里",
            clause=EVIDENCE,
            status=422,
        )


def check_planner(person: Person) -> None:
    check_post(person, TESTERS, "plan work into a verification", clause=EXAMPLE, zh="登记计划维护")


def check_withdrawal(person: Person, run: VerificationRun, reason: str) -> None:
    if run.state not in ("running", "submitted"):
        raise ActRefused(
            f"verification {run.number} is {run.state}: only an open one can be withdrawn",
            zh=f"上线验证 {run.number} 已结束，不能撤回",
        )
    if person.name != run.started_by:
        check_post(
            person,
            WITHDRAWERS,
            "withdraw a verification somebody else started",
            clause=RESPONSIBLE,
            zh="撤回别人的验证",
        )
    if not reason.strip():
        raise ActRefused("a withdrawal needs its reason", zh="撤回要写原因", clause=RESPONSIBLE, status=422)


def check_submitter(person: Person) -> None:
    check_post(person, TESTERS, "submit a verification", clause=RESPONSIBLE, zh="提交上线验证")


def check_signer(person: Person, run: VerificationRun, observers: Collection[str]) -> None:
    """1.5-20: 由安全管理岗审核; 1.1-4: who checks does not operate. Nobody reviews what they did themselves."""
    check_post(person, SIGNERS, "give the opinion on a verification", clause=RESPONSIBLE, zh="签署审核意见")
    try:
        check_posts(person.posts)
    except PostRefused as error:
        zh = f"{person.display_name}兼任系统、应用、网络或数据库管理岗，不能审核"
        raise ActRefused(str(error).removeprefix("clause 1.1-4: "), zh=zh, clause="1.1-4", status=403) from error
    did = {
        ("started", "启动"): person.name == run.started_by,
        ("submitted", "提交"): person.name == run.submitted_by,
        ("noted what was seen at the rack in", "做机房观察"): person.name in observers,
    }
    for (act, zh), own in did.items():
        if own:
            raise ActRefused(
                f"{person.name} {act} verification {run.number}: the opinion must be somebody else's",
                zh=f"{run.number} 由 {person.display_name} {zh}，审核意见须由他人给出",
                clause=RESPONSIBLE,
                status=403,
            )


def check_opinion(run: VerificationRun, opinion: str, text: str, record_sha256: str) -> None:
    """What can be said of this run at all, and of which record it is said."""
    if record_sha256 and record_sha256 != run.record_sha256:
        raise ActRefused(
            f"the opinion is on record {record_sha256}, verification {run.number} now has {run.record_sha256}: "
            "read that one",
            zh="记录在你打开之后又变了，请重新看过再签",
            clause=RESPONSIBLE,
        )
    if opinion != "pass":
        if not text.strip():
            raise ActRefused(
                f"the opinion {opinion} needs its text",
                zh="不合格或延长要写明意见",
                clause=RESPONSIBLE,
                status=422,
            )
    elif run.trial:
        raise ActRefused(
            f"verification {run.number} is a trial, shorter than the profile asks: "
            "a trial can never be signed as a pass",
            zh=f"{run.number} 是试运行，短于模板要求，不能签为合格",
            clause="1.5-17",
        )
    elif run.verdict != "pass":
        raise ActRefused(
            f"verification {run.number} came to {run.verdict}: it cannot be signed as a pass",
            zh=f"{run.number} 的判据没有全部通过，不能签为合格",
            clause="1.5-18",
        )
