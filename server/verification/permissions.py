"""Who may do what in a verification (1.5-20, 1.5-21), as pure decisions: each raises ActRefused, or says nothing."""

from __future__ import annotations

from collections.abc import Collection

from server.people.acting import ActRefused, check_post
from server.people.posts import PostRefused, check_posts
from server.people.tables import Person
from server.verification.tables import VerificationRun

# The clause names the room's admin (1.5-20), its worked example the system's (1.5-21): either, but never the signer.
TESTERS = ("sysadmin", "room_admin")
WITHDRAWERS = (*TESTERS, "dept_head")
SIGNERS = ("security_admin",)
RESPONSIBLE, EXAMPLE, EVIDENCE = "1.5-20", "1.5-21", "1.5-19"


def check_state(run: VerificationRun, state: str, doing: str) -> None:
    """409 unless the run is in this state."""
    if run.state != state:
        raise ActRefused(f"verification {run.number} is {run.state}, to {doing} it must be {state}")


def check_starter(person: Person) -> None:
    check_post(person, TESTERS, "start a verification", clause=EXAMPLE)


def check_observer(person: Person, *, alarm: bool, note: str) -> None:
    check_post(person, TESTERS, "note what is seen at the rack", clause=EVIDENCE)
    if alarm and not note.strip():
        raise ActRefused("an alarm needs a note: which lamp or sound, where", clause=EVIDENCE, status=422)


def check_withdrawal(person: Person, run: VerificationRun, reason: str) -> None:
    if run.state not in ("running", "submitted"):
        raise ActRefused(f"verification {run.number} is {run.state}: only an open one can be withdrawn")
    if person.name != run.started_by:
        check_post(person, WITHDRAWERS, "withdraw a verification somebody else started", clause=RESPONSIBLE)
    if not reason.strip():
        raise ActRefused("a withdrawal needs its reason", clause=RESPONSIBLE, status=422)


def check_submitter(person: Person) -> None:
    check_post(person, TESTERS, "submit a verification", clause=RESPONSIBLE)


def check_signer(person: Person, run: VerificationRun, observers: Collection[str]) -> None:
    """1.5-20: 由安全管理岗审核; 1.1-4: who checks does not operate. Nobody reviews what they did themselves."""
    check_post(person, SIGNERS, "give the opinion on a verification", clause=RESPONSIBLE)
    try:
        check_posts(person.posts)
    except PostRefused as error:
        raise ActRefused(str(error).removeprefix("clause 1.1-4: "), clause="1.1-4", status=403) from error
    did = {
        "started": person.name == run.started_by,
        "submitted": person.name == run.submitted_by,
        "noted what was seen at the rack in": person.name in observers,
    }
    for act, own in did.items():
        if own:
            raise ActRefused(
                f"{person.name} {act} verification {run.number}: the opinion must be somebody else's",
                clause=RESPONSIBLE,
                status=403,
            )


def check_opinion(run: VerificationRun, opinion: str, text: str, record_sha256: str) -> None:
    """What can be said of this run at all, and of which record it is said."""
    if record_sha256 and record_sha256 != run.record_sha256:
        raise ActRefused(
            f"the opinion is on record {record_sha256}, verification {run.number} now has {run.record_sha256}: "
            "read that one",
            clause=RESPONSIBLE,
        )
    if opinion != "pass":
        if not text.strip():
            raise ActRefused(f"the opinion {opinion} needs its text", clause=RESPONSIBLE, status=422)
    elif run.trial:
        raise ActRefused(
            f"verification {run.number} is a trial, shorter than the profile asks: "
            "a trial can never be signed as a pass",
            clause="1.5-17",
        )
    elif run.verdict != "pass":
        raise ActRefused(
            f"verification {run.number} came to {run.verdict}: it cannot be signed as a pass", clause="1.5-18"
        )
