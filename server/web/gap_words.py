"""Why something could not be read, in the reader's language.

Collectors and agents say it in English: what was tried on what, and what came back, piece by piece ("a: b; c"). Every
piece whose words are known (``locale/gaps.toml``) is said in Chinese; what a device itself said stays as it said it.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

from server.web.i18n import Words

PHRASES = Path(__file__).parent / "locale" / "gaps.toml"
HOLE = re.compile(r"\{(\d*)\}")
JOINTS = (("; ", "；"), (": ", "："))
DEEPEST = 12  # joints of one sentence; what a device said may hold any number of them
REMEMBERED = 4096


@cache
def phrases() -> list[tuple[re.Pattern[str], str]]:
    """(English, Chinese), those with the most words of their own first."""
    pairs = [pair for section in tomllib.loads(PHRASES.read_text("utf-8")).values() for pair in section.items()]
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


def _filled(chinese: str, said: list[str]) -> str:
    counted = iter(range(len(said)))
    return HOLE.sub(lambda hole: said[int(hole[1]) if hole[1] else next(counted)], chinese)
