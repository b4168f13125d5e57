"""What comes back from the centre, or from whatever stands in between."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


class TransportError(Exception):
    """No answer came: not resolved, not connected, timed out, cut off. It may or may not have been taken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. ``retry_after_s`` is the header of that name, in seconds, when it was given."""

    status: int
    body: bytes
    retry_after_s: float | None = None


def problem(body: bytes) -> dict[str, object]:
    """The members of an RFC 9457 problem; empty when it is none (what a proxy in between says)."""
    try:
        members = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return members if isinstance(members, dict) and "title" in members else {}


def is_problem(body: bytes) -> bool:
    """Whether the centre itself speaks."""
    return bool(problem(body))


def detail(body: bytes) -> str:
    """What the answer says, for people."""
    members = problem(body)
    if not members:
        return repr(body[:80])
    return str(members.get("detail") or members["title"])[:500]
