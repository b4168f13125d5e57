"""Versions of a device's configuration: which is in force since when, and what each change brought, line by line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from server.times import rfc3339
from server.web.i18n import Words
from server.web.sight import EventRow

KIND = "configuration_changed"
REVISION = "configuration_revision"
HEAD = re.compile(r"the configuration changed: (\d+) lines came, (\d+) went")
MORE = re.compile(r"… (\d+) more")


@dataclass(frozen=True, slots=True)
class DiffLine:
    """``kind`` is added, removed, place, same or more; ``sign`` stands before the line for who sees no colour."""

    kind: str
    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    at: str
    came: int
    went: int
    lines: Sequence[DiffLine]


@dataclass(frozen=True, slots=True)
class Version:
    """``until`` "": it is in force."""

    revision: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Configuration:
    versions: Sequence[Version]
    kept: str
    changes: Sequence[Change]


def change_of(event: EventRow, words: Words) -> Change | None:
    """None of an event that is no change of a configuration."""
    head, _, rest = event.text.partition("\n")
    found = HEAD.fullmatch(head)
    if event.kind != KIND or found is None:
        return None
    return Change(
        rfc3339(event.at_ms), int(found[1]), int(found[2]), [_line(line, words) for line in rest.splitlines()]
    )


def sentence(change: Change, words: Words) -> str:
    return words("配置已变更：增 %(came)s 行，减 %(went)s 行", came=change.came, went=change.went)


def _line(line: str, words: Words) -> DiffLine:
    if line.startswith("@@"):
        return DiffLine("place", "", line)
    if more := MORE.fullmatch(line):
        return DiffLine("more", "", words("另有 %(n)s 行没有随事件送来，全文在采集器上", n=more[1]))
    kinds = {"+": "added", "-": "removed"}
    return DiffLine(kinds.get(line[:1], "same"), line[:1] if line[:1] in "+-" else " ", line[1:])


def configuration(
    revisions: Sequence[tuple[int, str]], kept: float | None, changes: Sequence[EventRow], words: Words
) -> Configuration | None:
    """``revisions``: (since ms, revision), the newest first. None where no configuration was ever read."""
    told = [change for event in changes if (change := change_of(event, words)) is not None]
    if not revisions and kept is None and not told:
        return None
    ends = ["", *(rfc3339(at_ms) for at_ms, _ in revisions)]
    versions = [Version(revision, rfc3339(at_ms), end) for (at_ms, revision), end in zip(revisions, ends, strict=False)]
    return Configuration(versions, f"{kept:.0f}" if kept is not None else "", told)
