"""The pages of verifications: which there are, one whole with its strips, and the report that is signed."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from checklists.verdicts import ROWS, TABLE, Language, Verdict
from server.centre import Centre
from server.devices.tables import Device
from server.people.posts import POSTS
from server.people.tables import Person
from server.times import rfc3339
from server.verification.description import record_of, run_whole, runs_object
from server.verification.runs import runs_of
from server.verification.strip_svg import strip_svg
from server.verification.strips import strips
from server.verification.tables import VerificationRun
from server.web.i18n import N_, Words

OUTCOME_SIGNS = {"PASS": "normal", "FAIL": "fault", "INCONCLUSIVE": "unknown", "NOT_APPLICABLE": "maintenance"}
OUTCOME_WORDS = {row.criterion.key: {"zh": row.criterion.zh, "en": row.criterion.en} for row in TABLE}
VERDICT_SIGNS = {"pass": "normal", "fail": "fault", "inconclusive": "unknown"}
VERDICT_TEXTS = {
    "pass": ROWS[Verdict.MET].criterion,
    "fail": ROWS[Verdict.NOT_MET].criterion,
    "inconclusive": ROWS[Verdict.UNKNOWN].criterion,
}
OPINION_WORDS: dict[str, str] = {"pass": N_("合格"), "fail": N_("不合格")}
STATE_WORDS: dict[str, str] = {
    "submitted": N_("待审核"),
    "running": N_("进行中"),
    "signed": N_("已签署"),
    "withdrawn": N_("已撤回"),
}
STATE_SIGNS = {"submitted": "warning", "running": "maintenance", "signed": "normal", "withdrawn": "unknown"}
ACT_WORDS: dict[str, str] = {
    "started": N_("启动"),
    "observed": N_("机房观察"),
    "withdrawn": N_("撤回"),
    "submitted": N_("提交"),
    "signed": N_("签署"),
    "extended": N_("延长"),
}
COVERAGES: tuple[tuple[str, str, float], ...] = (
    ("sample", N_("采样覆盖"), 0.99),
    ("event", N_("事件覆盖"), 1.0),
    ("counter", N_("计数连续"), 1.0),
)
# What a pass does not prove (VERIFICATION 6.5), by the key the record keeps.
LIMIT_WORDS: dict[str, str] = {
    "silent_data_corruption": N_("不留日志的静默数据错误：看日志永远发现不了。"),
    "long_run_reliability": N_("长期可靠性：一周零故障只能说明平均无故障时间大于 56 小时（95 % 置信下限）。"),
    "other_loads_and_temperatures": N_("在别的负载与温度下才出现的故障。"),
    "slots_without_data": N_("标为无数据的时段里发生的任何事。"),
    "only_the_checks_listed": N_("结论只对列出的判据有效。"),
}
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
class Doing:
    """Which acts are open to whoever looks, and why the others are not."""

    observe: bool = False
    submit: bool = False
    sign: bool = False
    withdraw: bool = False


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
    record: Mapping[str, Any] = field(default_factory=dict)


def rows(centre: Centre, words: Words, devices: Mapping[str, Device]) -> list[Row]:
    """What waits for somebody first, then what runs, then what is over; the newest first in each."""
    order = ("submitted", "running", "signed", "withdrawn")
    told = runs_object(centre, runs_of(centre.records, limit=SHOWN))["verifications"]
    return [row_of(run, words, devices) for run in sorted(told, key=lambda run: order.index(run["state"]))]


def answer_of(rows: Sequence[Row], words: Words) -> str:
    waiting = sum(row.state == "submitted" for row in rows)
    running = sum(row.state == "running" for row in rows)
    if not rows:
        return words("没有上线验证。")
    if waiting:
        return words("%(n)s 项待审核，%(m)s 项进行中。", n=waiting, m=running)
    return words("%(m)s 项进行中，没有待审核的。", m=running) if running else words("没有进行中的上线验证。")


def row_of(run: Mapping[str, Any], words: Words, devices: Mapping[str, Device]) -> Row:
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
    )


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
        doing=_doing(whole, person),
        state_text=words(STATE_WORDS[state]),
        state_sign=STATE_SIGNS[state],
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


def _doing(whole: Mapping[str, Any], person: Person | None) -> Doing:
    if person is None or person.scope == "read":
        return Doing()
    held, running = set(person.posts), whole["state"] == "running"
    tester = bool(held & {"sysadmin", "room_admin"})
    return Doing(
        observe=running and tester,
        submit=running and tester,
        sign=whole["state"] == "submitted" and "security_admin" in held,
        withdraw=whole["state"] in {"running", "submitted"}
        and (tester or "dept_head" in held or person.name == whole["started_by"]["name"]),
    )


def posts_said(posts: Sequence[str], words: Words) -> str:
    return " · ".join(words.of({"zh": POSTS[key].zh, "en": POSTS[key].en}) for key in posts if key in POSTS)


def span(hours: float, *, up: bool = False) -> str:
    """ "168 h", "55.6 h"; of less than an hour in minutes. Rounded down, so that nothing reads as reached that is not;
    ``up``: what is left, rounded up.
    """
    return f"{_number(hours, hours, up=up)} {'h' if hours >= 1 else 'min'}"


def amount(hours: float, needed: float) -> str:
    """As much of ``needed``, in its unit."""
    return _number(hours, needed)


def _number(hours: float, unit_of: float, *, up: bool = False) -> str:
    value = hours * 10 if unit_of >= 1 else hours * 60
    whole = math.ceil(value - 1e-6) if up else math.floor(value + 1e-6)
    return f"{whole / 10:.1f}".removesuffix(".0") if unit_of >= 1 else str(whole)


def percent(share: float) -> str:
    """Two digits, rounded down: 99.996 % must not read as whole."""
    return "100" if share >= 1 else f"{int(share * 10_000 + 1e-9) / 100:.2f}"


def moment(ms: int | None) -> str:
    return "" if ms is None else rfc3339(ms)
