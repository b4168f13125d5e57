"""Why something could not be read, in the reader's language.

Collectors and agents say it in English: what was tried on what, and what came back, piece by piece ("a: b; c"). Every
piece whose words are known (``locale/gaps.toml``) is said in Chinese; what a device itself said stays as it said it.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

from server.happenings.tongues import tongues
from server.web.i18n import Words

LOCALE = Path(__file__).parent / "locale"
HOLE = re.compile(r"\{(\d*)\}")
JOINTS = (("; ", "；"), (": ", "："))
DEEPEST = 12  # joints of one sentence; what a device said may hold any number of them
REMEMBERED = 4096
# Kinds of events that are a collector's own sentence, not a device's.
TOLD_OF_ITSELF = frozenset({"log_begins", "bmc_log_erased", "walk_incomplete", "sql_number_unknown"})


@cache
def phrases() -> list[tuple[re.Pattern[str], str]]:
    """(English, Chinese), those with the most words of their own first."""
    sections = [*_told("gaps").values(), _told("events")["own"]]
    pairs = [pair for section in sections for pair in section.items()]
    pairs.sort(key=lambda pair: -len(HOLE.sub("", pair[0])))
    return [(re.compile("(.+?)".join(map(re.escape, english.split("{}"))), re.DOTALL), zh) for english, zh in pairs]


def gap_words(detail: str, words: Words) -> str:
    """``detail`` as the reader of ``words`` reads it.

    >>> from server.web.i18n import words_of
    >>> gap_words("CLI 192.0.2.7 port 22 as backup: no prompt in 5 s", words_of("zh"))
    'CLI 192.0.2.7 端口 22 用户 backup：5 秒内没有出现提示符'
    """
    return detail if words.language == "en" else in_chinese(detail)


@lru_cache(REMEMBERED)
def in_chinese(sentence: str, depth: int = 0) -> str:
    for english, chinese in phrases():
        if found := english.fullmatch(sentence):
            said = [in_chinese(text, depth + 1) if depth < DEEPEST else text for text in found.groups()]
            return _filled(chinese, said)
    for joint, mark in JOINTS if depth < DEEPEST else ():
        first, joined, rest = sentence.partition(joint)
        if joined:
            said = [in_chinese(part, depth + 1) for part in (first, rest)]
            return mark.join(said) if said != [first, rest] else sentence
    return sentence


def event_words(text: str, source: str, kind: str, words: Words) -> str:
    """What happened, as the reader reads it: told in both languages, by a collector of itself, or in words of IPMI.

    >>> from server.web.i18n import words_of
    >>> event_words("Fan 1, Lower Critical going low, Asserted", "ipmi", "bmc_event", words_of("zh"))
    'Fan 1，降过下限（严重），出现'
    """
    zh, en = tongues(text)
    if words.language == "en":
        return en
    if kind == "bmc_event" and source == "ipmi":
        known = _told("events")["ipmi"]
        said = [known.get(word.lower(), word) for word in text.split(", ")]
        return "，".join(said) if said != text.split(", ") else text
    return in_chinese(zh) if kind in TOLD_OF_ITSELF else zh


@cache
def _told(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((LOCALE / f"{name}.toml").read_text("utf-8"))


def _filled(chinese: str, said: list[str]) -> str:
    counted = iter(range(len(said)))
    return HOLE.sub(lambda hole: said[int(hole[1]) if hole[1] else next(counted)], chinese)
