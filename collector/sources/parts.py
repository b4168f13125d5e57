"""Names of parts: what the device calls them, made distinct, never empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

LONGEST = 120


class Parts:
    """Hands out each name once: the second of a name carries its index, so that no two series are one."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def name(self, wanted: str, index: str) -> str:
        name = wanted.strip()[:LONGEST] or index
        if name in self._given:
            name = f"{name} #{index}"
        self._given.add(name)
        return name


def names(wanted: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Index → name, of (index, wanted name).

    >>> dict(names([("1", "Gi0/1"), ("2", ""), ("3", "Gi0/1")]))
    {'1': 'Gi0/1', '2': '2', '3': 'Gi0/1 #3'}
    """
    parts = Parts()
    return {index: parts.name(text, index) for index, text in wanted}
