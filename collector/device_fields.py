"""The fields of a device file, each read strictly; what nobody took is refused at the end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from readings.units import SYMBOLS, UnitError, parse_quantity

_OID = re.compile(r"(0|1|2)(\.(0|[1-9]\d*))+")


class DeviceFileError(Exception):
    """A device file cannot stand: ``file: field: what is wrong, and what came``."""


class Fields:
    """Takes the fields of one mapping one by one. Raises DeviceFileError."""

    def __init__(self, written: object, where: str = "") -> None:
        if not isinstance(written, Mapping):
            raise DeviceFileError(f"{where or 'the file'}: is a mapping of fields, not {written!r}")
        self._left: dict[Any, Any] = dict(written)
        self._where = where

    def name(self, field: str) -> str:
        return f"{self._where}.{field}" if self._where else field

    def wrong(self, field: str, what: str) -> DeviceFileError:
        return DeviceFileError(f"{self.name(field)}: {what}")

    def has(self, field: str) -> bool:
        return field in self._left

    def text(self, field: str, default: str | None = None) -> str:
        value = self._left.pop(field, default)
        if value is None:
            raise self.wrong(field, "is missing")
        if not isinstance(value, str) or (not value.strip() and value != default):
            raise self.wrong(field, f"{value!r} is not a text")
        return value

    def flag(self, field: str) -> bool:
        value = self._left.pop(field, False)
        if not isinstance(value, bool):
            raise self.wrong(field, f"{value!r} is neither true nor false")
        return value

    def pattern(self, field: str) -> re.Pattern[str] | None:
        if not self.has(field):
            return None
        text = self.text(field)
        try:
            return re.compile(text)
        except re.error as error:
            raise self.wrong(field, f"{text!r} is no regular expression: {error}") from error

    def oid(self, field: str) -> str:
        """Empty when it is not there."""
        return self._an_oid(field, self._left.pop(field)) if self.has(field) else ""

    def oids(self, field: str) -> tuple[str, ...]:
        value = self._left.pop(field, [])
        listed = value if isinstance(value, list) else [value]
        return tuple(self._an_oid(field, item) for item in listed)

    def _an_oid(self, field: str, value: object) -> str:
        # YAML reads 1.3 as a number: that too is no object identifier of ours.
        if not isinstance(value, str) or not _OID.fullmatch(value):
            raise self.wrong(field, f"{value!r} is no object identifier")
        return value

    def numbers(self, field: str) -> frozenset[float]:
        value = self._left.pop(field, [])
        listed = value if isinstance(value, list) else [value]
        if not all(isinstance(item, int | float) and not isinstance(item, bool) for item in listed):
            raise self.wrong(field, f"{value!r} is not a list of numbers")
        return frozenset(map(float, listed))

    def step(self, field: str, unit: str) -> float:
        """What one step of the device's number is, in the metric's unit: ``0.1 V``, ``1 %``."""
        value = self._left.pop(field, None)
        if value is None:
            if unit:
                raise self.wrong(field, f"is missing: the metric is in {unit}")
            return 1.0
        text = str(value)
        try:
            quantity = parse_quantity(f"1 {text}" if text in SYMBOLS and text else text)
        except UnitError as error:
            raise self.wrong(field, str(error)) from error
        bare_ratio = unit == "ratio" and quantity.unit == ""
        if (quantity.unit != unit and not bare_ratio) or quantity.value == 0:
            raise self.wrong(field, f"{text!r} does not fit a metric in {unit or 'plain numbers'}")
        return quantity.value

    def each(self, field: str) -> list[Fields]:
        """One mapping, or a list of them."""
        value = self._left.pop(field, [])
        if not isinstance(value, list):
            return [Fields(value, self.name(field))]
        return [Fields(item, f"{self.name(field)}[{at}]") for at, item in enumerate(value)]

    def texts(self, field: str) -> tuple[str, ...]:
        value = self._left.pop(field, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.wrong(field, f"{value!r} is not a list of texts")
        return tuple(value)

    def mapping(self, field: str) -> dict[Any, Any]:
        value = self._left.pop(field, None)
        if not isinstance(value, dict) or not value:
            raise self.wrong(field, "is missing" if value is None else f"{value!r} is not a mapping")
        return value

    def inside(self, field: str) -> Fields:
        return Fields(self._left.pop(field, {}), self.name(field))

    def left(self) -> list[str]:
        return [str(field) for field in self._left]

    def done(self) -> None:
        if self._left:
            raise self.wrong(min(map(str, self._left)), "no such field")
