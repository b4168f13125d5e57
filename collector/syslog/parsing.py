"""One line of syslog, RFC 5424 or 3164 or what devices take for it: severity, and the text for people."""

from __future__ import annotations

import re
from dataclasses import dataclass

from collector.listening.wording import decoded, one_line
from readings.model import Severity

LONGEST_LINE = 8_192
LONGEST_TEXT = 4_000
FACILITIES = 24
PRIORITY = re.compile(rb"<(\d{1,3})>")
# VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID, then structured data and the message.
NEW = re.compile(r"[1-9]\d{0,2} (?:-|\d{4}-\S{1,40}) \S{1,255} (\S{1,48}) \S{1,128} \S{1,32} ?(.*)", re.DOTALL)
ELEMENT = re.compile(r'\[[^ =\]"]{1,32}(?: [^ =\]"]{1,32}="(?:[^"\\]|\\.)*")*\]')
# "Mmm dd hh:mm:ss" with what Chinese and Cisco devices add (a year, milliseconds, a zone, a leading mark), then a host.
OLD = re.compile(
    r"[*.:]?(?:\d+: )?[*.]?[A-Z][a-z]{2} {1,2}\d{1,2}(?: \d{4})? \d{1,2}:\d{2}:\d{2}(?:[.:]\d+)?(?: \d{4})?"
    r"(?: ?[A-Z]{3,4})?(?:[+-]\d{2}:?\d{2})?:? *(.*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Line:
    """``facility`` 0 … 23 (RFC 5424 §6.2.1)."""

    facility: int
    severity: Severity
    text: str


def parse(raw: bytes) -> Line | None:
    """None for what carries no priority: nobody can say how bad it is. Its own time is not used: clocks of devices
    are wrong, and the line came just now.
    """
    raw = raw[:LONGEST_LINE].strip(b"\r\n\x00 ")
    found = PRIORITY.match(raw)
    if found is None or not 0 <= int(found[1]) < FACILITIES * 8:
        return None
    facility, severity = divmod(int(found[1]), 8)
    return Line(facility, Severity(severity), one_line(_text(decoded(raw[found.end() :])), LONGEST_TEXT))


def _text(said: str) -> str:
    new = NEW.match(said)
    if new is not None:
        app, rest = new[1], new[2]
        text = _without_elements(rest).removeprefix("\ufeff")
        return f"{app}: {text}" if app != "-" else text
    old = OLD.match(said)
    return old[1] if old is not None and old[1] else said


def _without_elements(rest: str) -> str:
    if rest.startswith("-"):
        return rest[1:].lstrip(" ")
    at = 0
    while (element := ELEMENT.match(rest, at)) is not None:
        at = element.end()
    return rest[at:].lstrip(" ")
