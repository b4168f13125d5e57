"""The tables of a device page: what the rules find, what happened, what was read from where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from readings.units import show
from server.times import rfc3339
from server.web.equipment.configuration import change_of, sentence
from server.web.gap_words import event_words, gap_words
from server.web.health import GAP_REASONS, SEVERITY_SIGNS, SEVERITY_WORDS, VERDICT_SIGNS
from server.web.i18n import N_, Words
from server.web.sight import EventRow, FindingRow, SourceRow


@dataclass(frozen=True, slots=True)
class Judged:
    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    key: str
    rule: str
    part: str
    verdict: str
    sign: str
    sentence: str
    value: str
    limit: str
    at: str
    since: str


@dataclass(frozen=True, slots=True)
class Happening:
    at: str
    source: str
    sign: str
    word: str
    text: str
    count: int
    inferred: bool
    href: str = ""


@dataclass(frozen=True, slots=True)
class SourceLine:
    name: str
    sign: str
    word: str
    duration: str
    at: str
    detail: str


@dataclass(frozen=True, slots=True)
class SourceGroup:
    """Sources of one state: those that failed stand open, the others behind their count."""

    sign: str
    title: str
    lines: Sequence[SourceLine]


def judged(findings: Sequence[FindingRow], words: Words) -> Judged:
    wrong = sum(1 for finding in findings if finding.verdict == "not_met")
    unknown = sum(1 for finding in findings if finding.verdict == "unknown")
    if not findings:
        return Judged("unknown", words("还没有判定"))
    if wrong:
        severe = any(finding.verdict == "not_met" and finding.severity == "fault" for finding in findings)
        return Judged("fault" if severe else "warning", words.many("%(n)s 项异常", wrong))
    if unknown:
        return Judged("unknown", words.many("%(n)s 项无数据", unknown))
    return Judged("normal", words.many("%(n)s 项全部正常", len(findings)))


def finding_order(finding: FindingRow) -> tuple[int, int, str, str]:
    verdicts = ("not_met", "unknown", "met")
    place = verdicts.index(finding.verdict) if finding.verdict in verdicts else 1
    return place, finding.severity != "fault", finding.rule, finding.part


def finding_line(row: FindingRow, words: Words) -> Finding:
    value = " ".join(show(row.value, row.unit, words.language)).strip() if row.value is not None else ""
    severe = row.verdict == "not_met" and row.severity == "fault"
    return Finding(
        key=f"{row.rule}.{row.part}",
        rule=row.rule,
        part=row.part,
        verdict=row.verdict,
        sign="fault" if severe else VERDICT_SIGNS.get(row.verdict, "unknown"),
        sentence=words.of(row.sentence),
        value=value,
        limit=words.of(row.limit),
        at=rfc3339(row.at_ms) if row.at_ms is not None else "",
        since=rfc3339(row.since_ms) if row.since_ms is not None else "",
    )


PROGRAM, SYSLOG = N_("程序"), N_("Syslog")
SOURCE_WORDS = {
    "kernel_log": N_("内核"),
    "kernel": N_("内核"),
    "centre": N_("中心"),
    "host": N_("主机"),
    "icmp": N_("Ping"),
    "cli": N_("SSH 命令行"),
    "http": N_("网页"),
    "modbus": N_("Modbus"),
    "nut": N_("NUT"),
    "journal": N_("系统日志"),
    "syslog": N_("系统日志"),
    "clock": N_("时钟"),
    "spool": N_("待发队列"),
    "runner": N_("采集"),
    "collection": N_("采集"),
    "trap": N_("Trap"),
    "configuration": N_("配置"),
    "snmp": N_("SNMP"),
    "redfish": N_("Redfish"),
    "ipmi": N_("IPMI"),
    "sql": N_("数据库"),
}
DEVICE_LOG = "device_log"  # a line the device sent itself, not one of a host's own journal


def happening(row: EventRow, words: Words) -> Happening:
    """What a program wrote says so, and is no more than a warning: it is that program's word, not the system's.

    What was told in two languages is shown in the reader's; a changed configuration by how many lines.
    """
    program = row.kind == "user_log"
    severity = min(max(row.severity, 0), len(SEVERITY_WORDS) - 1)
    change = change_of(row, words)
    return Happening(
        at=rfc3339(row.at_ms),
        source=words(PROGRAM if program else SYSLOG)
        if program or row.kind == DEVICE_LOG
        else source_word(row.source, words),
        sign="warn" if program and SEVERITY_SIGNS[severity] == "fault" else SEVERITY_SIGNS[severity],
        word=SEVERITY_WORDS[severity],
        text=sentence(change, words) if change else event_words(row.text, row.source, row.kind, words),
        href="#configuration" if change else "",
        count=row.count,
        inferred=row.inferred,
    )


def source_word(source: str, words: Words) -> str:
    return words(SOURCE_WORDS[source]) if source in SOURCE_WORDS else source


def source_groups(rows: Sequence[SourceRow], words: Words) -> list[SourceGroup]:
    lines = [_source(row, words) for row in rows]
    titles = {
        "unknown": N_("%(n)s 个来源没有读到"),
        "normal": N_("%(n)s 个来源读到"),
        "maintenance": N_("%(n)s 个来源不提供"),
    }
    groups = []
    for sign, title in titles.items():
        found = [line for line in lines if line.sign == sign]
        if found:
            groups.append(SourceGroup(sign, words(title, n=len(found)), found))
    return groups


def _source(row: SourceRow, words: Words) -> SourceLine:
    reason = words(GAP_REASONS[row.gap]) if row.gap in GAP_REASONS else row.gap or ""
    # What a host does not have is not a fault of the reading.
    sign = "normal" if row.gap is None else ("maintenance" if row.gap == "not_offered" else "unknown")
    duration = " ".join(show(row.duration_s, "seconds", words.language)) if row.duration_s is not None else ""
    return SourceLine(
        source_word(row.name, words),
        sign,
        reason or words("读到"),
        duration,
        rfc3339(row.at_ms),
        gap_words(row.detail, words),
    )
