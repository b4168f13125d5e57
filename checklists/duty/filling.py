"""From what was read to the line of a checklist: normal, abnormal, or no data with its reason. Never a guess."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from checklists.criteria import Judgement, Reading, Unknown
from checklists.duty.seen import DeviceSeen, LogSeen, PartSeen
from checklists.duty.template import Check
from checklists.sentences import GAPS, Text, shown
from checklists.verdicts import Verdict
from readings.model import GAP_WORDS, Gap

SILENT = "silent"  # the device does not report: whatever it said last is not what is now
LINES, ALARMS, OUTSIDE = "lines", "alarms", "outside"
NOTHING = Text("", "")
LONGEST_MARK = 200
LONGEST_LINE = 200


class ItemVerdict(StrEnum):
    """What readings make of a line; ``checklists.verdicts`` has the words."""

    NORMAL = "normal"
    ABNORMAL = "abnormal"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Filled:
    """A line as it was filled, with the reading it rests on (value in base units; None: there is none).

    ``age_ms`` is how old the reading was then; one that is too old stays here, and decides nothing. ``why`` is the word
    of a gap or ours, ``reason`` the same as people read it. ``mark`` tells two findings with the same verdict, reason
    and part apart: which parts, which line.
    """

    verdict: ItemVerdict
    fresh_ms: int
    value: float | None = None
    unit: str = ""
    shown: Text = NOTHING
    at_ms: int | None = None
    age_ms: int | None = None
    source: str = ""
    metric: str = ""
    part: str = ""
    limit: Text = NOTHING
    why: str = ""
    reason: Text = NOTHING
    mark: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """While this stays the same, whoever saw the line before has seen what it says now."""
        return (self.verdict.value, self.why, self.part, self.mark)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def filled_from(frozen: dict[str, Any]) -> Filled:
    """The inverse of ``as_json``."""
    texts = {name: Text(**frozen[name]) for name in ("shown", "limit", "reason")}
    return Filled(**{**frozen, **texts, "verdict": ItemVerdict(frozen["verdict"])})


def judge_item(check: Check, seen: DeviceSeen, now_ms: int) -> Filled:
    """What the newest readings make of the line at ``now_ms``."""
    if check.rule == "heard":
        return _heard(check, seen, now_ms)
    if check.rule == "no_events":
        return _no_events(check, seen, now_ms)
    if check.rule == "no_alarms":
        return _no_alarms(check, seen, now_ms)
    parts = [part for part in seen.readings.get(check.metric, ()) if check.parts.holds(part.part)]
    if check.offered_only:
        offered = [part for part in parts if part.gap != Gap.NOT_OFFERED.word]
        parts = offered or parts
    if not parts:
        why = _silence(seen, now_ms) or Unknown.NEVER
        return _no_data(check, why, seen, now_ms)
    return _worst(check, [(part, _judged(check, part, seen, now_ms)) for part in parts], now_ms)


def _judged(check: Check, part: PartSeen, seen: DeviceSeen, now_ms: int) -> Judgement:
    value = GAP_WORDS.get(part.gap, Gap.UNREADABLE) if part.value is None else part.value
    judged = check.band.judge([Reading(part.at_ms, value)], now_ms, check.fresh_ms)
    silent = _silence(seen, now_ms)
    return Judgement(Verdict.UNKNOWN, reason=silent) if silent else judged


def _worst(check: Check, judged: Sequence[tuple[PartSeen, Judgement]], now_ms: int) -> Filled:
    """One part out of bounds decides; without one, a part nobody knows of; else the one nearest to its limit."""
    outside = [(part, found) for part, found in judged if found.verdict is Verdict.NOT_MET]
    unknown = [(part, found) for part, found in judged if found.verdict is Verdict.UNKNOWN]
    if not outside and unknown:
        part, found = min(unknown, key=lambda each: each[0].part)
        mark = _mark(part.part for part, _ in unknown)
        return _of_part(check, part, now_ms, ItemVerdict.NO_DATA, found.reason, _said(found.reason), mark)
    part, _ = min(outside or judged, key=lambda each: (_slack(check, each[0]), each[0].part))
    if not outside:
        return _of_part(check, part, now_ms, ItemVerdict.NORMAL, "", NOTHING, "")
    return _of_part(
        check,
        part,
        now_ms,
        ItemVerdict.ABNORMAL,
        OUTSIDE,
        _outside([part for part, _ in outside], len(judged), len(unknown)),
        _mark(part.part for part, _ in outside),
    )


def _outside(parts: Sequence[PartSeen], of: int, unknown: int) -> Text:
    if of == 1:
        return Text("超出范围", "out of bounds")
    named = ", ".join(sorted(part.part for part in parts)[:5]) + (", …" if len(parts) > 5 else "")
    zh, en = f"{of} 个中 {len(parts)} 个超出范围：{named}", f"{len(parts)} of {of} out of bounds: {named}"
    return Text(f"{zh}；另有 {unknown} 个无数据", f"{en}; {unknown} more without data") if unknown else Text(zh, en)


def _of_part(  # noqa: PLR0917 - one line of the table it fills
    check: Check, part: PartSeen, now_ms: int, verdict: ItemVerdict, why: str, reason: Text, mark: str
) -> Filled:
    value = part.value
    return Filled(
        verdict,
        check.fresh_ms,
        value,
        check.unit,
        NOTHING if value is None else Text(shown(value, check.unit, "zh"), shown(value, check.unit, "en")),
        part.at_ms,
        now_ms - part.at_ms,
        part.source,
        check.metric,
        part.part,
        check.limit,
        why,
        reason,
        mark,
    )


def _slack(check: Check, part: PartSeen) -> float:
    """How far the value is inside its limits; below zero: outside."""
    assert part.value is not None
    low, high = check.band.band(False)
    return min(part.value - low, high - part.value)


def _heard(check: Check, seen: DeviceSeen, now_ms: int) -> Filled:
    """The newest tick is young enough. A silent device may be well, nobody can see it: no data, not abnormal."""
    if seen.heard_ms is None:
        return _no_data(check, Unknown.NEVER, seen, now_ms)
    age_ms = now_ms - seen.heard_ms
    if age_ms > min(check.fresh_ms, round(check.intervals * seen.interval_s * 1000)):
        return _no_data(check, SILENT, seen, now_ms)
    return _whole(check, ItemVerdict.NORMAL, seen.heard_ms, now_ms, max(age_ms, 0) / 1000, "seconds")


def _no_events(check: Check, seen: DeviceSeen, now_ms: int) -> Filled:
    log = seen.logs.get((check.source, check.severity, check.over_ms), LogSeen(None))
    if log.count:  # an error that was read is an error, whatever became of the source since
        said = log.newest[:LONGEST_LINE]
        zh, en = f"{log.count} 条，最近：{said}", f"{log.count}, the newest: {said}"
        at_ms = log.newest_ms if log.read_ms is None else log.read_ms
        assert at_ms is not None
        return _whole(
            check,
            ItemVerdict.ABNORMAL,
            at_ms,
            now_ms,
            float(log.count),
            "",
            LINES,
            Text(zh, en),
            f"{log.count} {log.newest_id}",
        )
    why = _silence(seen, now_ms)
    if not why and log.read_ms is not None:
        why = log.gap or (Unknown.STALE if now_ms - log.read_ms > check.fresh_ms else log.missing)
    if why or log.read_ms is None:
        return _no_data(check, why or Unknown.NEVER, seen, now_ms, log.read_ms)
    return _whole(check, ItemVerdict.NORMAL, log.read_ms, now_ms, 0.0, "")


def _no_alarms(check: Check, seen: DeviceSeen, now_ms: int) -> Filled:
    if seen.alarms:
        first, count = seen.alarms[0], len(seen.alarms)
        reason = Text(f"{count} 条，最近：{first.zh}", f"{count}, the newest: {first.en}")
        mark = _mark(str(alarm.id) for alarm in seen.alarms)
        return _whole(check, ItemVerdict.ABNORMAL, now_ms, now_ms, float(count), "", ALARMS, reason, mark)
    silent = _silence(seen, now_ms)
    if silent:  # what nobody sees raises no alarm
        return _no_data(check, silent, seen, now_ms)
    assert seen.heard_ms is not None
    return _whole(check, ItemVerdict.NORMAL, seen.heard_ms, now_ms, 0.0, "")


def _whole(  # noqa: PLR0917 - one line of the table it fills
    check: Check,
    verdict: ItemVerdict,
    at_ms: int,
    now_ms: int,
    value: float,
    unit: str,
    why: str = "",
    reason: Text = NOTHING,
    mark: str = "",
) -> Filled:
    """A line about the device as a whole. ``value``: how old its newest tick is, or how many there are."""
    return Filled(
        verdict,
        check.fresh_ms,
        value,
        unit,
        Text(shown(value, unit, "zh"), shown(value, unit, "en")),
        at_ms,
        now_ms - at_ms,
        check.source or "centre",
        limit=check.limit,
        why=why,
        reason=reason,
        mark=mark,
    )


def _no_data(check: Check, why: str, seen: DeviceSeen, now_ms: int, at_ms: int | None = None) -> Filled:
    """``at_ms``: of what was had last, by default the device's newest tick."""
    at_ms = seen.heard_ms if at_ms is None else at_ms
    return Filled(
        ItemVerdict.NO_DATA,
        check.fresh_ms,
        unit=check.unit,
        at_ms=at_ms,
        age_ms=None if at_ms is None else now_ms - at_ms,
        source=check.source,
        metric=check.metric,
        limit=check.limit,
        why=why,
        reason=_said(why),
    )


def _silence(seen: DeviceSeen, now_ms: int) -> str:
    """Why nothing this device ever said counts now; "" when it reports."""
    if seen.heard_ms is None:
        return Unknown.NEVER
    return SILENT if now_ms - seen.heard_ms > seen.silent_ms else ""


def _said(why: str) -> Text:
    return Text("设备没有上报", "the device does not report") if why == SILENT else Text(*GAPS.get(why, (why, why)))


def _mark(words: Iterable[str]) -> str:
    text = " ".join(sorted(words))
    return text if len(text) <= LONGEST_MARK else hashlib.sha256(text.encode()).hexdigest()
