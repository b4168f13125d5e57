"""A set of subtrees of object identifiers, asked millions of times whether something lies in it."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterable


def outermost(roots: Iterable[str]) -> tuple[str, ...]:
    """Each subtree once, in the order given, none that lies inside another.

    >>> outermost(["1.3.6.1.2.1", "1.3.6.1.2.1.1", "1.3.6.1.2.10"])
    ('1.3.6.1.2.1', '1.3.6.1.2.10')
    """
    return _outermost(tuple(roots))


@functools.lru_cache(maxsize=256)  # a type's are asked for with every poll of every device
def _outermost(roots: tuple[str, ...]) -> tuple[str, ...]:
    unique = dict.fromkeys(roots)
    found: dict[str, None] = {}
    for root in unique:
        pieces = root.split(".")
        if not any(".".join(pieces[:length]) in unique for length in range(1, len(pieces))):
            found[root] = None
    return tuple(found)


class Subtrees:
    """``oid in Subtrees(roots)``: it is a root or beneath one.

    >>> "1.3.6.1.2.1.1.5.0" in Subtrees(["1.3.6.1.2.1.1"]), "1.3.6.1.2.1.11.0" in Subtrees(["1.3.6.1.2.1.1"])
    (True, False)
    """

    def __init__(self, roots: Iterable[str]) -> None:
        # With none inside another, whatever lies in a subtree is sorted right behind its root.
        self._roots = sorted(f"{root}." for root in outermost(roots))

    def __contains__(self, oid: str) -> bool:
        ended = f"{oid}."
        at = bisect_right(self._roots, ended)
        return at > 0 and ended.startswith(self._roots[at - 1])
