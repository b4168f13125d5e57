"""The ways a device is asked, each with what came of it last, and what that makes of the device as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readings.model import Gap
from server.live import DeviceNow
from server.times import rfc3339
from server.web.gap_words import gap_words
from server.web.i18n import N_, Words

WAY_WORDS: dict[str, str] = {
    "snmp": N_("SNMP"),
    "icmp": N_("Ping"),
    "tcp": N_("TCP 端口"),
    "http": N_("网页"),
    "cli": N_("SSH 命令行"),
    "redfish": N_("Redfish"),
    "ipmi": N_("IPMI"),
    "modbus": N_("Modbus"),
    "nut": N_("NUT"),
    "sql": N_("数据库"),
    "trap": N_("Trap"),
    "syslog": N_("Syslog"),
}
HEARD = frozenset({"trap", "syslog"})  # nobody asks: they come by themselves
# Gap → (sign, word): of a device that is asked, not of a host that reads itself.
GAPS: dict[str, tuple[str, str]] = {
    Gap.UNREACHABLE.word: ("unreachable", N_("不可达")),
    Gap.TIMED_OUT.word: ("unreachable", N_("没有应答")),
    Gap.REFUSED.word: ("fault", N_("被拒绝")),
    Gap.NOT_OFFERED.word: ("warning", N_("采不了")),
    Gap.UNREADABLE.word: ("warning", N_("读不懂")),
    Gap.BLIND.word: ("unknown", N_("采集器看不到")),
    Gap.DROPPED.word: ("unknown", N_("缓存已满，丢弃")),
    Gap.LOST.word: ("unknown", N_("丢失")),
}
STALE_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class Way:
    """``detail``: what was tried and what came back, in the reader's language."""

    name: str
    title: str
    how: str
    sign: str
    word: str
    detail: str
    at: str


@dataclass(frozen=True, slots=True)
class Answering:
    """How a device answers as a whole; ``key`` is answered, partly, silent, refused, cannot, blind, late or never."""

    key: str
    sign: str
    word: str


ANSWERING: dict[str, tuple[str, str]] = {
    "answered": ("normal", N_("有应答")),
    "partly": ("warning", N_("部分有应答")),
    "silent": ("unreachable", N_("没有应答")),
    "refused": ("fault", N_("被拒绝")),
    "cannot": ("warning", N_("采不了")),
    "blind": ("unknown", N_("采集器看不到")),
    "late": ("unknown", N_("久未采集")),
    "never": ("unknown", N_("尚未采集")),
}


def ways(protocols: Mapping[str, Any], live: DeviceNow | None, heard: Mapping[str, int], words: Words) -> list[Way]:
    """In the order of the words above. ``heard``: source → ms of its newest event."""
    found = []
    for name in (*(name for name in WAY_WORDS if name in protocols), *sorted(protocols.keys() - WAY_WORDS.keys())):
        title = words(WAY_WORDS[name]) if name in WAY_WORDS else name
        how = _how(name, protocols[name] or {}, words)
        if name in HEARD:
            at_ms = heard.get(name)
            word = words("听到过") if at_ms else words("还没有听到")
            found.append(Way(name, title, how, "normal" if at_ms else "off", word, "", rfc3339(at_ms) if at_ms else ""))
        else:
            found.append(_asked(name, title, how, live, words))
    return found


def _asked(name: str, title: str, how: str, live: DeviceNow | None, words: Words) -> Way:
    told = _sources(name, live)
    if not told:
        return Way(name, title, how, "off", words("尚未采集"), "", "")
    source = next((one for one in told if one.gap is not None), told[0])
    if source.gap is None:
        return Way(name, title, how, "normal", words("有应答"), "", rfc3339(max(one.at_ms for one in told)))
    sign, word = GAPS[source.gap.word]
    return Way(name, title, how, sign, words(word), gap_words(source.detail, words), rfc3339(source.at_ms))


def _sources(name: str, live: DeviceNow | None) -> list[Any]:
    if live is None:
        return []
    return [source for key, source in live.sources.items() if key == name or key.startswith(f"{name}_")]


def answering(protocols: Mapping[str, Any], live: DeviceNow | None, now_ms: int, interval_s: float) -> str:
    """A key of ANSWERING."""
    told = [source for name in protocols if name not in HEARD for source in _sources(name, live)]
    told += _sources("poll", live)
    if not told:
        return "never"
    if now_ms - max(source.at_ms for source in told) > STALE_INTERVALS * interval_s * 1000:
        return "late"
    gaps = [source.gap for source in told if source.gap is not None]
    if len(gaps) < len(told):
        return "partly" if gaps else "answered"
    for gap, key in ((Gap.BLIND, "blind"), (Gap.REFUSED, "refused")):
        if gap in gaps:
            return key
    return "cannot" if set(gaps) <= {Gap.NOT_OFFERED, Gap.UNREADABLE} else "silent"


def in_words(key: str, words: Words) -> Answering:
    sign, word = ANSWERING[key]
    return Answering(key, sign, words(word))


def _how(name: str, said: Mapping[str, Any], words: Words) -> str:
    """What of the settings tells one way from another."""
    told: list[str] = []
    if name == "snmp":
        told.append(f"v{said.get('version', '2c')}")
    if name == "tcp":
        told.append(_listed(said.get("ports", ())))
    if name == "http":
        told.append(f"{said.get('scheme', 'https')} {said.get('path', '/')}")
    if name == "cli":
        told += [str(said.get("platform", "")), *([words("每天备份配置")] if said.get("backup") else [])]
    told += [str(said[field]) for field in ("engine", "map", "name", "database") if said.get(field)]
    if "port" in said:
        told.append(words("端口 %(n)s", n=said["port"]))
    if name == "syslog" and "worst" in said:
        told.append(words("级别 %(n)s 及以上", n=said["worst"]))
    if name == "trap" and said.get("sources"):
        told.append(_listed(said["sources"]))
    return " · ".join(text for text in told if text)


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(str(value) for value in values)
