"""What comes back from the centre, or from whatever stands in between."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from readings.wire import NOT_MSGPACK, Receipt, decode_receipt

NO_NUMBER = 2**62  # positions, revisions and nanoseconds all stay below
LONGEST_HEAD = 128


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
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
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
    said = str(members.get("detail") or members["title"])[:500]
    # It goes into logs and onto terminals: one line, and nothing that steers.
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in said)


def receipt_in(body: bytes, epoch: str) -> Receipt:
    """The receipt for a batch of ``epoch``. Raises TransportError: it is none, or says what cannot be."""
    try:
        receipt = decode_receipt(body)
    except NOT_MSGPACK as error:
        raise TransportError(f"200, but no receipt: {error}") from error
    if receipt.epoch != epoch or not 0 <= receipt.position < NO_NUMBER:
        raise TransportError(f"a receipt of {receipt.epoch[:60]!r} at {receipt.position} for {epoch!r}")
    if not 0 <= receipt.received < NO_NUMBER or not 0 <= receipt.replied < NO_NUMBER:
        raise TransportError("a receipt with a clock that cannot be")
    if len(receipt.audit_head) > LONGEST_HEAD or not 0 <= receipt.configuration_revision < NO_NUMBER:
        raise TransportError("a receipt with a head or revision that cannot be")
    return receipt
