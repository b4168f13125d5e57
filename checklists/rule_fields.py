"""The fields of a rule file, each read strictly: a quantity in the metric's unit, a duration, a list of globs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from readings.units import UnitError, in_unit


class RuleError(Exception):
    """A rule file cannot stand: ``file: field: what is wrong, and what came``."""


class Fields:
    """Takes the fields of one mapping one by one; what nobody took is refused at the end. Raises RuleError."""

    def __init__(self, written: object, where: str = "") -> None:
        if not isinstance(written, Mapping):
            raise RuleError(f"{where or 'the file'}: is a mapping of fields, not {written!r}")
        self._left: dict[Any, Any] = dict(written)
        self._where = where

    def name(self, field: str) -> str:
        return f"{self._where}.{field}" if self._where else field

    def has(self, field: str) -> bool:
        return field in self._left

    def any(self, field: str, default: Any = None) -> Any:
        return self._left.pop(field, default)

    def text(self, field: str, default: str | None = None) -> str:
        value = self._left.pop(field, default)
        if value is None:
            raise RuleError(f"{self.name(field)}: is missing")
        if not isinstance(value, str) or (not value.strip() and value != default):
            raise RuleError(f"{self.name(field)}: {value!r} is not a text")
        return value

    def word(self, field: str, words: Collection[str], default: str | None = None) -> str:
        value = self.text(field, default)
        if value not in words:
            raise RuleError(f"{self.name(field)}: {value!r} is none of {', '.join(sorted(words))}")
        return value

    def flag(self, field: str) -> bool:
        value = self._left.pop(field, False)
        if not isinstance(value, bool):
            raise RuleError(f"{self.name(field)}: {value!r} is neither true nor false")
        return value

    def whole(self, field: str) -> int:
        """A count from 1 on."""
        value = self._left.pop(field, None)
        if value is None:
            raise RuleError(f"{self.name(field)}: is missing")
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise RuleError(f"{self.name(field)}: {value!r} is not a whole number from 1 on")
        return value

    def each(self, field: str) -> list[Fields]:
        """A list of mappings; empty when it is not there. Its members are named ``field[0]``, ``field[1]`` …"""
        value = self._left.pop(field, [])
        if not isinstance(value, list):
            raise RuleError(f"{self.name(field)}: {value!r} is not a list")
        return [Fields(item, f"{self.name(field)}[{at}]") for at, item in enumerate(value)]

    def texts(self, field: str) -> tuple[str, ...]:
        value = self._left.pop(field, [])
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(item, str) and item for item in listed):
            raise RuleError(f"{self.name(field)}: {value!r} is not a list of texts")
        return tuple(listed)

    def quantity(self, field: str, unit: str, default: float | None = None) -> float:
        """``90 %`` where the metric is a ratio. A bare number only where the metric has no unit."""
        value = self._left.pop(field, default)
        if value is None:
            raise RuleError(f"{self.name(field)}: is missing")
        if unit and isinstance(value, int | float) and value is not default:
            raise RuleError(f"{self.name(field)}: {value!r} has no unit, the metric is in {unit}")
        if not isinstance(value, int | float | str):
            raise RuleError(f"{self.name(field)}: {value!r} is not a quantity")
        try:
            return in_unit(value, unit)
        except UnitError as error:
            raise RuleError(f"{self.name(field)}: {error}") from error

    def share(self, field: str) -> float:
        """A ratio from 0 to 1."""
        value = self.quantity(field, "ratio")
        if not 0 <= value <= 1:
            raise RuleError(f"{self.name(field)}: {value:g} is no share from 0 % to 100 %")
        return value

    def duration_ms(self, field: str, default_ms: int | None = None) -> int:
        """``10 min`` → 600000; at least 0."""
        if default_ms is not None and field not in self._left:
            return default_ms
        ms = round(self.quantity(field, "seconds") * 1000)
        if ms < 0:
            raise RuleError(f"{self.name(field)}: a time cannot be negative")
        return ms

    def inside(self, field: str) -> Fields:
        """A mapping within; empty when it is not there."""
        return Fields(self._left.pop(field, {}), self.name(field))

    def done(self) -> None:
        if self._left:
            field = min(map(str, self._left))
            raise RuleError(f"{self.name(field)}: no such field (or not with this kind of rule)")
