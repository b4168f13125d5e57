"""The newest readings of one device, looked up by metric and part, and one of them as people read it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from readings.units import show
from server.times import rfc3339
from server.web.equipment.signs import sign_of
from server.web.health import GAP_REASONS
from server.web.i18n import Words
from server.web.sight import Value


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as it stands on a page: a number with its unit, or the word of a state with its sign, or a gap's word.

    ``known`` False: there is no value to be had, ``gap`` says why; ``sign`` is "" for a plain number.
    """

    title: str
    part: str
    number: str
    unit: str
    sign: str
    gap: str
    stale: bool
    at: str

    @property
    def known(self) -> bool:
        return bool(self.number)


class Newest:
    """``of(metric)`` is part → value in natural order; ``value(metric, part)`` the number, None where there is none."""

    def __init__(self, latest: Iterable[Value]) -> None:
        self._by_metric: dict[str, dict[str, Value]] = {}
        for value in latest:
            self._by_metric.setdefault(value.metric, {})[value.part] = value

    def of(self, metric: str) -> Mapping[str, Value]:
        return self._by_metric.get(metric, {})

    def offered(self, metric: str) -> dict[str, Value]:
        """Without what the device does not have, in natural order."""
        found = {part: value for part, value in self.of(metric).items() if value.gap != "not_offered"}
        return {part: found[part] for part in sorted(found, key=natural)}

    def has(self, *metrics: str) -> bool:
        """Whether the device offers any of them."""
        return any(value.gap != "not_offered" for metric in metrics for value in self.of(metric).values())

    def get(self, metric: str, part: str = "") -> Value | None:
        return self.of(metric).get(part)

    def value(self, metric: str, part: str = "") -> float | None:
        found = self.of(metric).get(part)
        return found.value if found is not None else None

    def any_value(self, metric: str) -> float | None:
        """Of the part that stands for the device (total, the only one), else of the first one known."""
        parts = self.of(metric)
        for part in ("total", ""):
            if part in parts and parts[part].value is not None:
                return parts[part].value
        return next((value.value for value in parts.values() if value.value is not None), None)


def shown(value: Value, words: Words, *, title: str = "", part: str | None = None) -> Shown:
    number, unit, sign = "", "", ""
    if value.value is not None:
        state = value.states.get(int(value.value)) if value.states and value.value == int(value.value) else None
        if state:
            number, sign = words.of(state), sign_of(value.metric, value.value)
        else:
            number, unit = show(value.value, value.unit, words.language)
    gap = value.gap or ""
    return Shown(
        title=title or words.of(value.name) or value.metric,
        part=value.part if part is None else part,
        number=number,
        unit=unit,
        sign=sign,
        gap=words(GAP_REASONS[gap]) if gap in GAP_REASONS else gap,
        stale=value.stale,
        at=rfc3339(value.at_ms),
    )


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """An order in which port 10 comes after port 9.

    >>> sorted(["Gi1/0/10", "Gi1/0/9", "Gi1/0/1"], key=natural)
    ['Gi1/0/1', 'Gi1/0/9', 'Gi1/0/10']
    """
    return tuple(
        (1, int(piece), "") if piece.isdecimal() and piece.isascii() and len(piece) < 19 else (0, 0, piece.casefold())
        for piece in re.split(r"([0-9]+)", text)
        if piece
    )


def worst_of(signs: Sequence[str]) -> str:
    """The worst sign of several; "" of none."""
    order = ("fault", "unreachable", "warning", "unknown", "maintenance", "normal", "off")
    return min(signs, key=lambda sign: order.index(sign) if sign in order else len(order), default="")
