"""The pages of duty checklists: which runs there are, and one run with every line ready for the hand it waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from checklists.duty.template import Template
from checklists.verdicts import TABLE
from server.duty.lines import Line, Run
from server.duty.views import by_device, may_confirm, may_review, progress
from server.people.posts import POSTS
from server.people.tables import Person
from server.times import rfc3339
from server.web.device_tables import source_word
from server.web.equipment.parts import part_word
from server.web.i18n import N_, Words

RESULT_SIGNS = {"normal": "normal", "abnormal": "fault", "no_data": "unknown", "not_applicable": "maintenance", "": ""}
RESULT_WORDS: dict[str, dict[str, str]] = {row.item.key: {"zh": row.item.zh, "en": row.item.en} for row in TABLE}
STATE_WORDS: dict[str, str] = {"open": N_("待确认"), "confirmed": N_("待复核"), "reviewed": N_("已复核")}


@dataclass(frozen=True, slots=True)
class RunRow:
    number: str
    title: str
    state: str
    started: str
    by: str
    total: int
    done: int
    waiting: int
    abnormal: int
    no_data: int
    share: float
    closed: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """``may``: what whoever looks may do now: "confirm", "review", "" (then ``why`` says why not)."""

    item: str
    title: str
    why_limit: str
    sign: str
    word: str
    number: str
    part: str
    limit: str
    at: str
    source: str
    reason: str
    by_hand: str
    note_required: bool
    state: str
    may: str
    why: str
    differs: bool
    result_word: str
    value: str
    note: str
    confirmed_by: str
    confirmed_at: str
    reviewed_by: str
    reviewed_at: str
    version: int
    choices: Sequence[tuple[str, str]] = ()
    device_no: str = ""
    metric: str = ""


@dataclass(frozen=True, slots=True)
class SectionView:
    title: str
    items: Sequence[ItemView]


@dataclass(frozen=True, slots=True)
class DeviceView:
    device_no: str
    name: str
    done: int
    total: int
    sections: Sequence[SectionView]


@dataclass(frozen=True, slots=True)
class RunView:
    number: str
    title: str
    version: int
    hash: str
    day: str
    state: str
    answer: str
    answer_sign: str
    total: int
    open: int
    waiting: int
    done: int
    abnormal: int
    no_data: int
    share: float
    devices: Sequence[DeviceView]
    started: str
    started_by: str
    closed: str
    closed_by: str
    record_sha256: str
    may_close: bool
    for_me: int
    more: Mapping[str, str] = field(default_factory=dict)


def row_of(run: Run, words: Words) -> RunRow:
    counts = run.counts
    total = counts["open"] + counts["confirmed"] + counts["reviewed"]
    return RunRow(
        number=run.number,
        title=words.of({"zh": run.template.text.zh, "en": run.template.text.en}),
        state=run.state,
        started=rfc3339(run.started.at_ms),
        by=run.started.display_name,
        total=total,
        done=counts["reviewed"],
        waiting=counts["confirmed"],
        abnormal=counts["abnormal"],
        no_data=counts["no_data"],
        share=counts["reviewed"] / total if total else 0.0,
        closed=rfc3339(run.closed.at_ms) if run.closed else "",
    )


def answer_of(rows: Sequence[RunRow], words: Words) -> str:
    going = [row for row in rows if row.state == "open"]
    if not going:
        return words("没有进行中的检查单。")
    left = sum(row.total - row.done for row in going)
    return words("%(n)s 张检查单进行中，还有 %(m)s 项未复核。", n=len(going), m=left)


def template_choices(templates: Mapping[str, Template], words: Words) -> list[tuple[str, str]]:
    return [(key, words.of({"zh": template.text.zh, "en": template.text.en})) for key, template in templates.items()]


def view(run: Run, person: Person | None, words: Words) -> RunView:
    count = progress(run.lines)
    devices = [
        DeviceView(
            group.device_no,
            group.name,
            group.progress.done,
            group.progress.total,
            [
                SectionView(
                    words.of({"zh": section.text.zh, "en": section.text.en}),
                    [item_of(run, line, person, words) for line in section.lines],
                )
                for section in group.sections
            ],
        )
        for group in by_device(run)
    ]
    answer, sign = _answer(run, words)
    mine = [each.may for device in devices for section in device.sections for each in section.items]
    return RunView(
        number=run.number,
        title=words.of({"zh": run.template.text.zh, "en": run.template.text.en}),
        version=run.template.version,
        hash=run.template_hash[:8],
        day=run.calendar_date,
        state=run.state,
        answer=answer,
        answer_sign=sign,
        total=count.total,
        open=count.open,
        waiting=count.waiting,
        done=count.done,
        abnormal=run.counts["abnormal"],
        no_data=run.counts["no_data"],
        share=count.done / count.total if count.total else 0.0,
        devices=devices,
        started=rfc3339(run.started.at_ms),
        started_by=run.started.display_name,
        closed=rfc3339(run.closed.at_ms) if run.closed else "",
        closed_by=run.closed.display_name if run.closed else "",
        record_sha256=run.record_sha256 or "",
        may_close=may_close(run, person),
        for_me=sum(bool(may) for may in mine),
    )


def _answer(run: Run, words: Words) -> tuple[str, str]:
    counts = run.counts
    total = counts["open"] + counts["confirmed"] + counts["reviewed"]
    trouble = [
        text
        for number, text in (
            (counts["abnormal"], words("%(n)s 项判为异常", n=counts["abnormal"])),
            (counts["no_data"], words("%(n)s 项没有数据", n=counts["no_data"])),
        )
        if number
    ]
    sign = "fault" if counts["abnormal"] else "unknown" if counts["no_data"] else "normal"
    rest = words("，").join(trouble) if trouble else words("没有异常")
    if run.state == "closed":
        return words("%(n)s 项全部复核并关闭，%(rest)s。", n=total, rest=rest), sign
    if counts["reviewed"] == total:
        return words("%(n)s 项全部复核，可以关闭，%(rest)s。", n=total, rest=rest), sign
    return words("%(done)s/%(n)s 项已复核，%(rest)s。", done=counts["reviewed"], n=total, rest=rest), sign


def item_of(run: Run, line: Line, person: Person | None, words: Words) -> ItemView:
    filled, spec = line.filled, line.spec
    may, why = _may(run, line, person, words)
    says = line.result or line.verdict
    hand = spec.by_hand
    return ItemView(
        item=line.item,
        title=words.of({"zh": spec.text.zh, "en": spec.text.en}),
        why_limit=spec.why,
        sign=RESULT_SIGNS.get(says, "unknown"),
        word=words.of(RESULT_WORDS[says]) if says in RESULT_WORDS else words("待查看"),
        number=words.of({"zh": filled.shown.zh, "en": filled.shown.en}) if filled else "",
        part=part_word(filled.part, words) if filled else "",
        limit=words.of({"zh": filled.limit.zh, "en": filled.limit.en}) if filled else "",
        at=rfc3339(filled.at_ms) if filled and filled.at_ms is not None else "",
        source=source_word(filled.source, words) if filled else "",
        reason=words.of({"zh": filled.reason.zh, "en": filled.reason.en}) if filled else "",
        by_hand=words.of({"zh": hand.text.zh, "en": hand.text.en}) if hand else "",
        note_required=bool(hand and hand.note_required),
        state=line.state,
        may=may,
        why=why,
        differs=line.override,
        result_word=words.of(RESULT_WORDS[line.result]) if line.result in RESULT_WORDS else "",
        value=line.value,
        note=line.note,
        confirmed_by=line.confirmed.display_name if line.confirmed else "",
        confirmed_at=rfc3339(line.confirmed.at_ms) if line.confirmed else "",
        reviewed_by=line.reviewed.display_name if line.reviewed else "",
        reviewed_at=rfc3339(line.reviewed.at_ms) if line.reviewed else "",
        version=line.version,
        choices=[(key, words.of(said)) for key, said in RESULT_WORDS.items()],
        device_no=line.device_no,
        metric=filled.metric if filled else "",
    )


def _may(run: Run, line: Line, person: Person | None, words: Words) -> tuple[str, str]:
    """What this person may do with the line, or why nothing. The acts themselves decide again."""
    if run.state == "closed" or line.state == "reviewed" or person is None:
        return "", ""
    if person.scope == "read":
        return "", words("只读账号")
    if may_confirm(line, person.posts):
        return "confirm", ""
    if may_review(line, person.name, person.posts):
        return "review", ""
    if line.confirmed is not None and line.confirmed.by == person.name:
        return "", words("等另一人复核")
    posts = line.spec.operator if line.state == "open" else line.spec.reviewer
    names = " / ".join(words.of({"zh": POSTS[key].zh, "en": POSTS[key].en}) for key in posts if key in POSTS)
    return "", words("由%(posts)s进行", posts=names)


def may_close(run: Run, person: Person | None) -> bool:
    """Whether it waits for this person's closing."""
    return run.state == "open" and progress(run.lines).complete and person is not None and person.scope != "read"
