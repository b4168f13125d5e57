"""Who stands before the door too often: after some failures a name or an address waits, longer each time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, delete

from server.people.tables import FailedSignIn

FORGOTTEN_AFTER_MS = 3600 * 1000  # since the last failure
LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Limit:
    """``free`` failures cost nothing; each one after doubles the wait, from one second to ``longest_s``."""

    free: int
    longest_s: int


# One name from one address: a person mistyping, or guessing. One address: trying names, or a whole office behind it.
# One name from everywhere: a spread attack, or a way to keep a person out, which is why the wait stays short.
PAIR = Limit(free=5, longest_s=900)
ADDRESS = Limit(free=50, longest_s=60)
NAME = Limit(free=100, longest_s=60)


def keys(name: str, address: str) -> dict[str, Limit]:
    name, address = name[:LONGEST_KEY], address[:LONGEST_KEY]
    return {f"pair {name} {address}": PAIR, f"address {address}": ADDRESS, f"name {name}": NAME}


def wait_ms(session: Session, name: str, address: str, now_ms: int) -> int:
    """How long this name at this address must still wait, 0 when it may try."""
    rows = [session.get(FailedSignIn, key) for key in keys(name, address)]
    return max(0, *(row.locked_until_ms - now_ms for row in rows if row is not None), 0)


def note_failure(session: Session, name: str, address: str, now_ms: int) -> None:
    """Whether the name exists makes no difference here: what can be observed is the same for both."""
    session.exec(delete(FailedSignIn).where(col(FailedSignIn.last_ms) < now_ms - FORGOTTEN_AFTER_MS))
    for key, limit in keys(name, address).items():
        row = session.get(FailedSignIn, key) or FailedSignIn(key=key, last_ms=now_ms)
        row.failures += 1
        row.last_ms = now_ms
        row.locked_until_ms = now_ms + _wait_after(row.failures, limit)
        session.add(row)


def note_success(session: Session, name: str, address: str) -> None:
    """Forgets this name at this address; failures from elsewhere keep counting."""
    session.exec(delete(FailedSignIn).where(col(FailedSignIn.key) == f"pair {name[:LONGEST_KEY]} {address}"))


def _wait_after(failures: int, limit: Limit) -> int:
    beyond = failures - limit.free
    return 0 if beyond < 0 else 1000 * min(limit.longest_s, 1 << min(beyond, 20))
