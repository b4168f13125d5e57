"""The list of verifications: what waits for somebody first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.centre import Centre
from server.devices.tables import Device
from server.people.tables import Person
from server.verification.description import runs_object
from server.verification.gathering import observers_of, seen_in
from server.verification.permissions import Doing, doing_of
from server.verification.runs import id_of, runs_of
from server.web.i18n import Words
from server.web.verification_words import (
    OPINION_WORDS,
    STATE_SIGNS,
    STATE_WORDS,
    VERDICT_SIGNS,
    VERDICT_TEXTS,
    amount,
    span,
)

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Row:
    number: str
    device_no: str
    device_name: str
    state: str
    state_text: str
    sign: str
    trial: bool
    effective: str
    needed: str
    share: float
    verdict: str
    verdict_sign: str
    started: str
    by: str
    doing: Doing


def rows(centre: Centre, words: Words, devices: Mapping[str, Device], person: Person | None) -> list[Row]:
    """What waits for somebody first, then what runs, then what is over; the newest first in each."""
    order = ("submitted", "running", "signed", "withdrawn")
    runs = sorted(runs_of(centre.records, limit=SHOWN), key=lambda run: order.index(run.state))
    with centre.records.session() as session:
        observers = {run.number: observers_of(seen_in(session, id_of(run))) for run in runs if run.state == "submitted"}
    told = runs_object(centre, runs)["verifications"]
    return [
        row_of(each, words, devices, doing_of(person, run, observers.get(run.number, ())))
        for run, each in zip(runs, told, strict=True)
    ]


def answer_of(rows: Sequence[Row], words: Words) -> str:
    waiting = sum(row.state == "submitted" for row in rows)
    running = sum(row.state == "running" for row in rows)
    if not rows:
        return words("没有上线验证。")
    if waiting:
        return words("%(n)s 项待审核，%(m)s 项进行中。", n=waiting, m=running)
    return words("%(m)s 项进行中，没有待审核的。", m=running) if running else words("没有进行中的上线验证。")


def row_of(run: Mapping[str, Any], words: Words, devices: Mapping[str, Device], doing: Doing) -> Row:
    device = devices.get(run["device_no"])
    state, opinion = run["state"], run["opinion"]
    text, sign = words(STATE_WORDS[state]), STATE_SIGNS[state]
    if opinion:
        text, sign = words(OPINION_WORDS[opinion]), "normal" if opinion == "pass" else "fault"
    return Row(
        number=run["number"],
        device_no=run["device_no"],
        device_name=device.name if device else run["device_no"],
        state=state,
        state_text=text,
        sign=sign,
        trial=run["trial"],
        effective=amount(run["effective_hours"], run["needed_hours"]),
        needed=span(run["needed_hours"]),
        share=min(1.0, run["effective_hours"] / run["needed_hours"]) if run["needed_hours"] else 0.0,
        verdict=VERDICT_TEXTS[run["verdict"]].said("zh" if words.language == "zh" else "en"),
        verdict_sign=VERDICT_SIGNS[run["verdict"]],
        started=run["started_at"],
        by=run["started_by"]["display_name"],
        doing=doing,
    )
