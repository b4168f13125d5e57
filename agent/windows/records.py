"""Records of a Windows event log, from the XML of its Event schema (schemas.microsoft.com/win/2004/08/events/event).

``wevtutil`` writes one element ``Event`` after the other and no root around them. Each is cut out and parsed by itself:
one that is damaged takes no other with it, and a document type, which could name entities, cannot stand inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

from agent.hardware.command import Answer, Asking
from readings.model import Gap, SourceFailed

LONGEST_RECORD = 256 * 1024  # characters; an event is at most 64 KiB to Windows
LONGEST_MESSAGE = 2000
MOST_FIELDS = 30
# XML knows no control characters, drivers do.
NO_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF], "\ufffd")
STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ACCESS_DENIED, NO_SUCH_LOG = 5, 15007  # winerror.h: ERROR_ACCESS_DENIED, ERROR_EVT_CHANNEL_NOT_FOUND


@dataclass(frozen=True, slots=True)
class Record:
    """``level``: 1 critical, 2 error, 3 warning, 4 information, 0 always. ``wall_ns`` None: its stamp says nothing."""

    id: int
    provider: str
    event: int
    level: int
    wall_ns: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """``damaged``: how many there were that could not be understood."""

    records: tuple[Record, ...]
    damaged: int


def query(programs: Asking, xpath: str, most: int, seconds: float, *, newest_first: bool = False) -> Parsed:
    """The first ``most`` records of the System log that are as ``xpath`` says. Raises SourceFailed.

    wevtutil and not PowerShell's Get-WinEvent: it starts in a fraction of the time, and its XML has no locale.
    """
    program = programs.find("wevtutil.exe")
    if program is None:
        raise SourceFailed(Gap.NOT_OFFERED, "wevtutil: there is no such program")
    order = ["/rd:true"] if newest_first else []
    answer = programs.run(
        [program, "qe", "System", f"/q:{xpath}", f"/c:{most}", "/f:RenderedXml", "/uni:true", *order], seconds
    )
    if answer.code:
        raise SourceFailed(*_refusal(answer))
    return parse(answer.out, most)


def _refusal(answer: Answer) -> tuple[Gap, str]:
    if answer.code == ACCESS_DENIED:
        return Gap.REFUSED, "wevtutil: the System log needs SYSTEM, an administrator or the group Event Log Readers"
    gap = Gap.NOT_OFFERED if answer.code == NO_SUCH_LOG else Gap.UNREADABLE
    return gap, f"wevtutil: {answer.last_words()} (exit code {answer.code})"


def parse(text: str, most: int) -> Parsed:
    """The first ``most`` records of an answer; what follows the last whole one is one that is damaged."""
    records: list[Record] = []
    damaged = 0
    for piece in pieces(text):
        if len(records) + damaged >= most:
            break
        record = parse_one(piece)
        if record is None:
            damaged += 1
        else:
            records.append(record)
    return Parsed(tuple(records), damaged)


def pieces(text: str) -> Iterator[str]:
    """Each ``<Event …>…</Event>``, and "" for what has no beginning or no end."""
    at = 0
    while True:
        end = text.find("</Event>", at)
        if end < 0:
            if "<Event" in text[at:]:
                yield ""
            return
        begin = max(text.rfind("<Event ", at, end), text.rfind("<Event>", at, end))
        if begin > at and "<Event" in text[at:begin]:  # cut off within it, and another one after
            yield ""
        yield text[begin : end + len("</Event>")] if begin >= at else ""
        at = end + len("</Event>")


def parse_one(piece: str) -> Record | None:
    """None for what is no whole event of the schema, with numbers where numbers belong."""
    if len(piece) > LONGEST_RECORD:
        return None
    try:
        event = ET.fromstring(piece.translate(NO_XML))  # noqa: S314 - no document type can stand within a piece
        system = event.find("{*}System")
        if system is None:
            return None
        provider, stamp = system.find("{*}Provider"), system.find("{*}TimeCreated")
        return Record(
            id=_number(system.findtext("{*}EventRecordID")),
            provider=provider.get("Name", "") if provider is not None else "",
            event=_number(system.findtext("{*}EventID")),
            level=_number(system.findtext("{*}Level", "0")),
            wall_ns=wall_ns(stamp.get("SystemTime", "")) if stamp is not None else None,
            text=_message(event),
        )
    except (ET.ParseError, ValueError):
        return None


def _number(word: str | None) -> int:
    """Raises ValueError."""
    said = (word or "").strip()
    if not said.isascii() or not said.isdecimal() or len(said) > 19:
        raise ValueError(f"{said[:40]!r} is no number")
    return int(said)


def wall_ns(stamp: str) -> int | None:
    """``2026-11-24T12:00:00.1234567Z``, UTC, to 100 ns."""
    found = STAMP.fullmatch(stamp)
    if found is None:
        return None
    try:
        since = datetime.fromisoformat(found[1]).replace(tzinfo=UTC) - EPOCH
    except ValueError:
        return None
    return since // timedelta(seconds=1) * 10**9 + int((found[2] or "0").ljust(9, "0"))


def _message(event: ET.Element) -> str:
    """What Windows made of it in the host's language; where it could not, its fields."""
    said = event.findtext("{*}RenderingInfo/{*}Message")
    if not said or not said.strip():
        said = ", ".join(_fields([*event.iterfind("{*}EventData/*"), *event.iterfind("{*}UserData/*/*")]))
    return " ".join(said.split())[:LONGEST_MESSAGE]


def _fields(found: Sequence[ET.Element]) -> Iterator[str]:
    for field in found[:MOST_FIELDS]:
        name = field.get("Name") or field.tag.rpartition("}")[2]
        if field.text and field.text.strip():
            yield f"{name}={field.text}" if name != "Data" else field.text
