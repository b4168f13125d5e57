"""The report of a verification: everything from the frozen record, nothing asked of the stores again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.times import HOUSE, from_ms, rfc3339
from server.web.device_tables import source_word
from server.web.equipment.identity import facts_in_words
from server.web.health import GAP_REASONS, SEVERITY_WORDS
from server.web.i18n import Words
from server.web.verification_words import LIMIT_WORDS, OPINION_WORDS, VERDICT_SIGNS, VERDICT_TEXTS, amount, span
from server.web.verifications import RunView, posts_said

MOST_ROWS = 200


def context(view: RunView, words: Words) -> dict[str, Any]:
    """What the paper's template is given."""
    run, record = view.run, view.record
    sign, text = VERDICT_SIGNS[run["verdict"]], VERDICT_TEXTS[run["verdict"]].said(_language(words))
    if run["opinion"]:
        opinion = run["opinion"]
        text, sign = words(OPINION_WORDS[opinion]), "normal" if opinion == "pass" else "fault"
    return {
        "view": view,
        "record": record,
        "needed": span(run["needed_hours"]),
        "effective": amount(run["effective_hours"], run["needed_hours"]),
        "verdict_text": text,
        "verdict_sign": sign,
        "facts": _facts(record, words),
        "tightest": _tightest(view),
        "exceptions": _exceptions(view, record, words),
        "submitted": _signer(run["submitted_by"], record, words),
        # Whoever signed held this post: nobody else can (1.5-20). The record was frozen before and does not name them.
        "signed": {**_signer(run["signed_by"], record, words), "posts": posts_said(["security_admin"], words)},
        "events": [
            {
                **line,
                "at": rfc3339(line["at_ms"]),
                "severity": words(grade),
                "source": source_word(line["source"], words),
            }
            for line in record["events"]["lines"][:MOST_ROWS]
            for grade in [SEVERITY_WORDS[line["severity"]]]
        ],
        "gaps": [
            {
                "start": rfc3339(hole["start_ms"]),
                "end": rfc3339(hole["end_ms"]),
                "minutes": (hole["end_ms"] - hole["start_ms"]) // 60_000,
                "reason": words(reason),
            }
            for hole in record["gaps"]["holes"][:MOST_ROWS]
            for reason in [GAP_REASONS.get(hole["reason"], hole["reason"])]
        ],
        "identity": _identity([(fact["key"], fact["value"]) for fact in record["facts"]], words),
        "limits": [words(LIMIT_WORDS[key]) for key in record["limits"] if key in LIMIT_WORDS],
    }


def _facts(record: Mapping[str, Any], words: Words) -> Sequence[tuple[str, str]]:
    device, run = record["device"], record["run"]
    window = f"{_minute(run['watched_from_ms'])} – {_minute(run['watched_to_ms'])} UTC+8"
    asked = (
        (words("设备编号"), device["device_no"]),
        (words("型号"), " ".join(part for part in (device["vendor"], device["model"]) if part)),
        (words("序列号"), device["serial"]),
        (words("用途"), run["purpose"]),
        (words("位置"), device["location"]),
        (words("责任部门"), device["owner_dept"]),
        (words("责任人"), device["owner"]),
        (words("监测时段"), window),
    )
    return [(title, value) for title, value in asked if value]


def _minute(ms: int) -> str:
    return from_ms(ms).astimezone(HOUSE).strftime("%Y-%m-%d %H:%M")


def _tightest(view: RunView) -> str:
    """The criterion that came nearest to its limit without passing over it."""
    near = [each for each in view.criteria if each.share is not None and each.outcome == "PASS" and each.marginal]
    return f"{near[0].title} {near[0].measured}" if near else ""


def _exceptions(view: RunView, record: Mapping[str, Any], words: Words) -> list[str]:
    said = [f"{each.id} {each.title}：{each.sentence}" for each in view.criteria if each.outcome == "FAIL"]
    if len(record["boots"]) > 1:
        said.append(words("窗口内重启 %(n)s 次", n=len(record["boots"]) - 1))
    for work in record.get("planned_work", ()):  # older records have none
        if work["cancelled"] is None:
            when = f"{_minute(work['from_ms'])} – {_minute(work['to_ms'])} UTC+8"
            said.append(words("计划维护 %(when)s：%(why)s", when=when, why=work["reason"]))
    if record["gaps"]["count"]:
        gaps = record["gaps"]
        said.append(words("%(n)s 段缺口，共 %(m)s 分钟", n=gaps["count"], m=gaps["minutes"]))
    if record["run"]["note"]:
        said.append(record["run"]["note"])
    return said


def _signer(who: Mapping[str, str] | None, record: Mapping[str, Any], words: Words) -> dict[str, str]:
    if who is None:
        return {"who": "", "posts": ""}
    posts: list[str] = next((person["posts"] for person in record["people"] if person["name"] == who["name"]), [])
    return {"who": who["display_name"], "posts": posts_said(posts, words)}


def _language(words: Words) -> Any:
    return "zh" if words.language == "zh" else "en"


def _identity(facts: Sequence[tuple[str, str]], words: Words) -> list[tuple[str, str]]:
    """What goes on paper: all but the packages one by one, whose number and hash stand there; the record has each."""
    told = facts_in_words(facts, words)
    return [*told.named, *(fact for fact in told.others if not fact[0].startswith("packages.list."))]
