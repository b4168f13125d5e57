"""A finding as a sentence in Chinese and English, with the value, the limit and units as people see them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from checklists.criteria import Unknown
from checklists.presence import Absent, Heard
from checklists.rule import Rule
from checklists.verdicts import Language, Verdict
from checklists.windows import IncreaseAtMost, ShareOfTime
from readings.units import show

GAPS: dict[str, tuple[str, str]] = {
    "unreachable": ("不可达", "unreachable"),
    "refused": ("被拒绝", "refused"),
    "timed_out": ("超时", "timed out"),
    "not_offered": ("设备不提供", "not offered"),
    "unreadable": ("读不出有效值", "unreadable"),
    "blind": ("监控自身不在线", "the watcher itself was cut off"),
    "dropped": ("缓存已满被丢弃", "dropped, the spool was full"),
    "lost": ("丢失", "lost"),
    Unknown.STALE: ("没有新读数", "no new reading"),
    Unknown.NEVER: ("还没有读数", "no reading yet"),
    Unknown.GATHERING: ("观察时间不足", "not watched for long enough yet"),
    Unknown.GONE: ("数据源不再报告此项", "its source does not report it any more"),
}


@dataclass(frozen=True, slots=True)
class Text:
    """The same in both languages."""

    zh: str
    en: str


def shown(value: float, unit: str, language: Language) -> str:
    """A number with its unit: "90.0 %", "3 d 4 h"."""
    number, symbol = show(value, unit, language)
    return f"{number} {symbol}".strip()


def sentence(rule: Rule, part: str, verdict: Verdict, value: float | None, reason: str = "") -> Text:
    """What the rule says of the part, and why. ``value`` is the judged number, ``reason`` why there is no verdict."""
    spoken = rule, part, verdict, value, reason
    return Text(_said("zh", *spoken), _said("en", *spoken))


def limit_text(rule: Rule, language: Language) -> str:
    """What would be met: "上限 90.0 %", "at most 90.0 %"; "" where the rule has no limit."""
    criterion, chinese = rule.criterion, language == "zh"
    if isinstance(criterion, Absent | Heard):
        return ""
    if isinstance(criterion, IncreaseAtMost):
        limit, over = shown(criterion.limit, rule.unit, language), shown(criterion.over_ms / 1000, "seconds", language)
        return f"{over}内最多增加 {limit}" if chinese else f"at most {limit} more in {over}"
    if isinstance(criterion, ShareOfTime):
        share, over = shown(criterion.limit, "ratio", language), shown(criterion.over_ms / 1000, "seconds", language)
        outside = _band(criterion.low, criterion.high, rule.unit, language)
        return f"{over}内超出“{outside}”的时间最多 {share}" if chinese else f"outside “{outside}” ≤ {share} of {over}"
    return _band(*criterion.band(False), rule.unit, language)


def _band(low: float, high: float, unit: str, language: Language) -> str:
    chinese = language == "zh"
    if low == high:
        return f"应为 {shown(low, unit, language)}" if chinese else f"should be {shown(low, unit, language)}"
    if math.isinf(low):
        return f"上限 {shown(high, unit, language)}" if chinese else f"at most {shown(high, unit, language)}"
    if math.isinf(high):
        return f"下限 {shown(low, unit, language)}" if chinese else f"at least {shown(low, unit, language)}"
    both = f"{shown(low, unit, language)} – {shown(high, unit, language)}"
    return f"应在 {both}" if chinese else f"between {both}"


def _said(language: Language, rule: Rule, part: str, verdict: Verdict, value: float | None, reason: str) -> str:  # noqa: PLR0917 - the words of one sentence
    chinese = language == "zh"
    subject = (rule.zh if chinese else rule.en) + (f" {part}" if part else "")
    colon, comma = ("：", "，") if chinese else (": ", ", ")
    limit = limit_text(rule, language)
    if isinstance(rule.criterion, Heard):
        why = f"{comma}{GAPS[reason][0 if chinese else 1]}" if reason == "blind" else ""
        return f"{subject}{colon}{_heard(verdict, value, language)}{why}"
    if verdict is Verdict.UNKNOWN:
        zh, en = GAPS.get(reason, (reason, reason))
        return f"{subject}{colon}{zh if chinese else en}" + (f"{comma}{limit}" if limit else "")
    if isinstance(rule.criterion, Absent):
        there = ("存在，不应有", "there, and should not be") if verdict is Verdict.NOT_MET else ("没有", "none")
        return f"{subject}{colon}{there[0 if chinese else 1]}"
    unit = "ratio" if isinstance(rule.criterion, ShareOfTime) else rule.unit
    number = "–" if value is None else shown(value, unit, language)
    lasting = ""
    if verdict is Verdict.NOT_MET and rule.for_ms:
        span = shown(rule.for_ms / 1000, "seconds", language)
        lasting = f"{comma}已持续 {span}以上" if chinese else f"{comma}for {span} or longer"
    return f"{subject}{colon}{number}{comma}{limit}{lasting}"


def _heard(verdict: Verdict, age_s: float | None, language: Language) -> str:
    chinese = language == "zh"
    if verdict is Verdict.MET:
        return "按时上报" if chinese else "reports on time"
    if age_s is None:
        return "从未上报" if chinese else "has never reported"
    age = shown(round(age_s), "seconds", language)
    return f"已 {age}没有上报" if chinese else f"nothing for {age}"


def band_text(low: float, high: float, unit: str) -> Text:
    """The two limits of a value as people read them; an infinite one is none."""
    return Text(_band(low, high, unit, "zh"), _band(low, high, unit, "en"))
