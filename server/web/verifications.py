"""One verification whole: the sentence, the strips, the criteria, what people saw and did, and what is open to whom."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from checklists.verdicts import Language
from server.centre import Centre
from server.devices.tables import Device
from server.people.posts import POSTS
from server.people.tables import Person
from server.times import rfc3339, to_ms
from server.verification.description import record_of, run_whole
from server.verification.permissions import Doing, doing_of
from server.verification.strip_svg import strip_svg
from server.verification.strips import strips
from server.verification.tables import VerificationRun
from server.web.i18n import Words
from server.web.verification_words import (
    ACT_WORDS,
    COVERAGES,
    OPINION_WORDS,
    OUTCOME_SIGNS,
    OUTCOME_WORDS,
    STATE_SIGNS,
    STATE_WORDS,
    percent,
    span,
)


@dataclass(frozen=True, slots=True)
class Bar:
    title: str
    text: str
    share: float
    good: bool


@dataclass(frozen=True, slots=True)
class Criterion:
    id: str
    title: str
    blocker: bool
    required: str
    measured: str
    sentence: str
    share: float | None
    outcome: str
    sign: str
    text: str
    marginal: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class RunView:
    run: Mapping[str, Any]
    device: Device
    profile: str
    answer: str
    answer_sign: str
    facts: Sequence[str]
    bars: Sequence[Bar]
    criteria: Sequence[Criterion]
    counts: Mapping[str, int]
    charts: Sequence[tuple[str, Markup]]
    observations: Sequence[Mapping[str, Any]]
    acts: Sequence[tuple[str, str, str, str]]
    doing: Doing
    state_text: str
    state_sign: str
    now: str
    record: Mapping[str, Any] = field(default_factory=dict)


def view(centre: Centre, run: VerificationRun, device: Device, person: Person | None, words: Words) -> RunView:
    whole = run_whole(centre, run)
    state = whole["state"]
    running = state == "running"
    criteria = [_criterion(result, running, words) for result in whole["results"]]
    counts = Counter(result["outcome"] for result in whole["results"])
    answer, sign = _answer(whole, criteria, words)
    record, course = _course(centre, run, whole)
    language: Language = "zh" if words.language == "zh" else "en"
    return RunView(
        run=whole,
        device=device,
        profile=f"{words.of(whole['profile'])} v{whole['profile']['version']}",
        answer=answer,
        answer_sign=sign,
        facts=[
            text
            for text in (
                " ".join(part for part in (device.vendor, device.model) if part),
                f"SN {device.serial}" if device.serial else "",
                device.location,
                words("用途 %(what)s", what=whole["purpose"]) if whole["purpose"] else "",
            )
            if text
        ],
        bars=_bars(whole["coverage"], words),
        criteria=criteria,
        counts={key: counts.get(key, 0) for key in OUTCOME_SIGNS},
        charts=[
            (words.of({"zh": strip.title.zh, "en": strip.title.en}), strip_svg(strip, language, f"strip{place}"))
            for place, strip in enumerate(strips(course) if course else [])
        ],
        observations=whole["observations"],
        acts=[
            (act["at"], words(ACT_WORDS.get(act["act"], act["act"])), act["by"]["display_name"], _act_note(act, words))
            for act in whole["acts"]
        ],
        doing=doing_of(person, run, {seen["observer"]["name"] for seen in whole["observations"]}),
        state_text=words(STATE_WORDS[state]),
        state_sign=STATE_SIGNS[state],
        now=rfc3339(to_ms(centre.now())),
        record=record,
    )


def _course(
    centre: Centre, run: VerificationRun, whole: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """(the frozen record, the minutes to draw): of a running one what was judged last."""
    if whole["record_sha256"] is not None:
        with centre.records.session() as session:
            content = json.loads(record_of(session, run).content)
        return content, content["minutes"]
    if whole["state"] == "running":
        newest = centre.verifications.newest_of(run)
        return {}, newest.course if newest is not None else None
    return {}, None


def _answer(whole: Mapping[str, Any], criteria: Sequence[Criterion], words: Words) -> tuple[str, str]:
    """The page's first sentence, and the sign of what it says."""
    failed = [criterion.title for criterion in criteria if criterion.outcome == "FAIL" and criterion.blocker]
    state, passed = whole["state"], whole["verdict"] == "pass"
    if state in {"signed", "withdrawn"}:
        return _ended(whole, words)
    if failed:
        what = words("、").join(failed)
        return words("%(n)s 项不通过：%(what)s。", n=len(failed), what=what), "fault"
    left = whole["needed_hours"] - whole["effective_hours"]
    if state == "running" and left > 0:
        return words("至今无失败项，还需 %(hours)s。", hours=span(left, up=True)), "maintenance"
    good, open_ = (
        (words("判据全部通过，待安全管理岗审核。"), words("证据不足，待安全管理岗审核。"))
        if state == "submitted"
        else (words("时长已满，判据全部通过，可以提交。"), words("时长已满，仍有判据证据不足。"))
    )
    return (good, "normal") if passed else (open_, "unknown")


def _ended(whole: Mapping[str, Any], words: Words) -> tuple[str, str]:
    if whole["state"] == "withdrawn":
        return words("已撤回，没有结论。"), "unknown"
    who = whole["signed_by"]["display_name"]
    if whole["opinion"] == "pass":
        return words("合格，由 %(who)s 签署。", who=who), "normal"
    return words("不合格，由 %(who)s 签署。", who=who), "fault"


def _bars(coverage: Mapping[str, Any] | None, words: Words) -> list[Bar]:
    if coverage is None:
        return []
    found: list[Bar] = []
    for key, title, wanted in COVERAGES:
        share = coverage[key]
        text = words("无数据") if share is None else f"{percent(share)} %"
        found.append(Bar(words(title), text, share or 0.0, share is not None and share >= wanted))
    return found


def _criterion(result: Mapping[str, Any], running: bool, words: Words) -> Criterion:
    outcome, sign = result["outcome"], OUTCOME_SIGNS[result["outcome"]]
    text = words.of(OUTCOME_WORDS[outcome])
    if running and outcome == "INCONCLUSIVE" and result["criterion"] == "S1":
        text, sign = words("进行中"), "maintenance"
    return Criterion(
        id=result["criterion"],
        title=words.of(result),
        blocker=result["blocker"],
        required=words.of(result["required"]),
        measured=words.of(result["measured"]),
        sentence=words.of(result["sentence"]),
        share=None if result["margin"] is None else max(0.0, min(1.0, result["margin"])),
        outcome=outcome,
        sign=sign,
        text=text,
        marginal=result["marginal"],
        evidence=json.dumps(result["evidence"], ensure_ascii=False, indent=1),
    )


def _act_note(act: Mapping[str, Any], words: Words) -> str:
    what = act["what"]
    said = [what.get(key) for key in ("note", "text", "reason", "purpose") if what.get(key)]
    opinion = OPINION_WORDS.get(what.get("opinion", ""))
    if opinion is not None:
        said.insert(0, words(opinion))
    if what.get("alarm") is True:
        said.insert(0, words("有报警"))
    return " · ".join(str(text) for text in said)


def posts_said(posts: Sequence[str], words: Words) -> str:
    return " · ".join(words.of({"zh": POSTS[key].zh, "en": POSTS[key].en}) for key in posts if key in POSTS)
