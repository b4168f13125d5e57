"""What collectors and agents tell in English, told in Chinese: what was tried, what came back, what happened to them.

They say it piece by piece ("a: b; c"). Every piece whose words are known (``words/*.toml``) is said in Chinese; what a
device itself said stays as it said it.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

WORDS = Path(__file__).parent / "words"
HOLE = re.compile(r"\{(\d*)\}")
JOINTS = (("; ", "；"), (": ", "："))
DEEPEST = 12  # joints of one sentence; what a device said may hold any number of them
REMEMBERED = 4096
# Kinds of events that are a collector's or an agent's own sentence, not a device's.
OWN = frozenset(
    {
        *("log_begins", "log_lost", "log_held_back", "bmc_log_erased", "walk_incomplete", "sql_number_unknown"),
        *("restart", "clock_step", "kernel_taint", "remounted_read_only", "counters_reset", "crash_record"),
        *("unit_failed", "unit_recovered", "unit_restarted", "service_stopped", "service_recovered"),
        *("service_restarted", "series_ignored", "spool_damaged", "epoch_changed"),
        *("watched_process_ended", "watched_process_started", "watched_port_opened", "watched_port_closed"),
        *("watched_refused", "watched_changed", "watched_command_failed", "watched_certificate_unknown"),
    }
)


@cache
def phrases() -> list[tuple[re.Pattern[str], str]]:
    """(English, Chinese), those with the most words of their own first."""
    sections = [*known_words("gaps").values(), known_words("events")["own"]]
    pairs = [pair for section in sections for pair in section.items()]
    pairs.sort(key=lambda pair: -len(HOLE.sub("", pair[0])))
    return [(re.compile("(.+?)".join(map(re.escape, english.split("{}"))), re.DOTALL), zh) for english, zh in pairs]


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


@cache
def known_words(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((WORDS / f"{name}.toml").read_text("utf-8"))


def _filled(chinese: str, said: list[str]) -> str:
    counted = iter(range(len(said)))
    return HOLE.sub(lambda hole: said[int(hole[1]) if hole[1] else next(counted)], chinese)
