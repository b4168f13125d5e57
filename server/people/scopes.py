"""What somebody may do at all: read, write, or administer. Each contains the one before it."""

from __future__ import annotations

from typing import Literal, get_args

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


def check_scope(word: str) -> Scope:
    """Raises ValueError naming the scopes there are."""
    for scope in SCOPES:
        if scope == word:
            return scope
    raise ValueError(f"{word!r} is not a scope (there are: {', '.join(SCOPES)})")


def allows(held: str, wanted: Scope) -> bool:
    """Whether who holds one scope may do what wants another. An unknown scope allows nothing."""
    return held in SCOPES and SCOPES.index(check_scope(held)) >= SCOPES.index(wanted)
