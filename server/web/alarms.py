"""The open alarms of a device that events opened, as its page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.alarms.closing import OpenByEvents
from server.times import rfc3339
from server.web.health import HEALTH_WORDS
from server.web.i18n import Words


@dataclass(frozen=True, slots=True)
class AlarmLine:
    sign: str
    word: str
    text: str
    at: str


@dataclass(frozen=True, slots=True)
class AlarmsView:
    """``more``: how many older ones are not shown; ``up_to``: what closing them all means."""

    count: int
    newest: Sequence[AlarmLine]
    more: int
    up_to: int


def alarms_of(found: OpenByEvents, words: Words) -> AlarmsView:
    lines = [
        AlarmLine(
            sign=alarm.severity,
            word=words(HEALTH_WORDS.get(alarm.severity, alarm.severity)),
            text=alarm.en if words.language == "en" else alarm.zh,
            at=rfc3339(alarm.opened_ms),
        )
        for alarm in found.newest
    ]
    return AlarmsView(found.count, lines, found.count - len(lines), found.up_to)
