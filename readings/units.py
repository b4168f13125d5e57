"""Quantities as people write them ("90 %", "10 min", "27 ℃") and the base units they are stored in.

>>> parse_quantity("90 %")
Quantity(value=0.9, unit='ratio')
>>> in_unit("1 h 30 min", "seconds")
5400.0
>>> show(0.34, "ratio")
('34.0', '%')

Errors: :class:`UnitError` alone.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass


class UnitError(ValueError):
    """A text is no quantity, or one of another dimension than the asked one."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """``value`` in the base unit called ``unit``; "" is a plain number."""

    value: float
    unit: str


# Base unit → {symbol as written: factor to the base unit}. Prometheus base units; what it has none for is ours.
UNITS: dict[str, dict[str, float]] = {
    "": {"": 1.0},
    "ratio": {"%": 0.01, "％": 0.01, "‰": 0.001},
    "seconds": {
        "ns": 1e-9,
        "us": 1e-6,
        "µs": 1e-6,
        "μs": 1e-6,
        "ms": 1e-3,
        "s": 1.0,
        "min": 60.0,
        "h": 3600.0,
        "d": 86400.0,
        "w": 604800.0,
        "秒": 1.0,
        "分钟": 60.0,
        "小时": 3600.0,
        "天": 86400.0,
    },
    "bytes": {
        "B": 1.0,
        **{f"{prefix}B": 1000.0**power for power, prefix in enumerate(("k", "M", "G", "T", "P"), 1)},
        **{f"{prefix}iB": 1024.0**power for power, prefix in enumerate(("K", "M", "G", "T", "P"), 1)},
    },
    "bytes_per_second": {
        "B/s": 1.0,
        **{f"{prefix}B/s": 1000.0**power for power, prefix in enumerate(("k", "M", "G", "T"), 1)},
        **{f"{prefix}iB/s": 1024.0**power for power, prefix in enumerate(("K", "M", "G", "T"), 1)},
        "bit/s": 0.125,
        **{f"{prefix}bit/s": 0.125 * 1000.0**power for power, prefix in enumerate(("k", "M", "G", "T"), 1)},
    },
    "celsius": {"℃": 1.0, "°C": 1.0, "C": 1.0},
    "volts": {"mV": 1e-3, "V": 1.0, "kV": 1e3},
    "amperes": {"mA": 1e-3, "A": 1.0, "kA": 1e3},
    "watts": {"mW": 1e-3, "W": 1.0, "kW": 1e3, "MW": 1e6},
    "volt_amperes": {"VA": 1.0, "kVA": 1e3},
    "joules": {"J": 1.0, "kJ": 1e3, "Wh": 3600.0, "kWh": 3.6e6},
    "hertz": {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9},
    "rpm": {"rpm": 1.0, "r/min": 1.0},
    "per_second": {"/s": 1.0, "/min": 1 / 60, "/h": 1 / 3600, "/d": 1 / 86400},
    "dbm": {"dBm": 1.0},
}

SYMBOLS: dict[str, tuple[str, float]] = {
    symbol: (unit, factor) for unit, symbols in UNITS.items() for symbol, factor in symbols.items()
}
_TERM = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\s\d+.-][^\s\d]*)?")
LONGEST_TEXT = 64


def parse_quantity(text: str) -> Quantity:
    """Read one quantity; durations may be sums ("1 h 30 min"). Raises UnitError.

    >>> parse_quantity("200 Mbit/s"), parse_quantity("12")
    (Quantity(value=25000000.0, unit='bytes_per_second'), Quantity(value=12.0, unit=''))
    """
    terms = _terms(text)
    if terms is None:
        raise UnitError(
            f"{text[:LONGEST_TEXT]!r} is not a quantity (a number and its unit, such as '90 %' or '10 min')"
        )
    unknown = [symbol for _, symbol in terms if symbol not in SYMBOLS]
    if unknown:
        raise UnitError(f"{text!r}: no unit is written {unknown[0]!r}")
    units = {SYMBOLS[symbol][0] for _, symbol in terms}
    if len(terms) > 1 and units != {"seconds"}:
        raise UnitError(f"{text!r}: only durations may have several terms")
    # Division by the inverse keeps "90 %" at 0.9 exactly, where 90 * 0.01 would be 0.9000000000000001 for some.
    value = math.fsum(_scaled(number, SYMBOLS[symbol][1]) for number, symbol in terms)
    if not math.isfinite(value):
        raise UnitError(f"{text!r} is too large")
    return Quantity(value, units.pop())


def in_unit(written: str | float, unit: str) -> float:
    """``written`` in base unit ``unit``. A bare number is taken as it is, in that unit. Raises UnitError.

    >>> in_unit("90 min", "ratio")
    Traceback (most recent call last):
    readings.units.UnitError: '90 min' is not a ratio
    """
    if unit not in UNITS:
        raise UnitError(f"no unit is called {unit!r}")
    if isinstance(written, bool):
        raise UnitError(f"{written!r} is not {_article(unit)}")
    if isinstance(written, int | float):
        value = float(written)
        if not math.isfinite(value):
            raise UnitError(f"{written!r} is not {_article(unit)}")
        return value
    quantity = parse_quantity(written)
    # A number without a unit is a count; "0.9" for a ratio says what it means, "90" for a duration does not.
    if quantity.unit not in {unit, ""} or (quantity.unit == "" and unit not in {"", "ratio"}):
        raise UnitError(f"{written!r} is not {_article(unit)}")
    return quantity.value


def _terms(text: str) -> list[tuple[float, str]] | None:
    rest = text.strip()
    if not rest or len(rest) > LONGEST_TEXT:
        return None
    terms: list[tuple[float, str]] = []
    while rest:
        found = _TERM.match(rest)
        if found is None:
            return None
        terms.append((float(found[1]), found[2] or ""))
        rest = rest[found.end() :].lstrip()
    return terms


def _scaled(number: float, factor: float) -> float:
    inverse = 1 / factor
    return number / inverse if factor < 1 and inverse == round(inverse) else number * factor


def _article(unit: str) -> str:
    words = {
        "": "a plain number",
        "seconds": "a duration",
        "bytes": "an amount of bytes",
        "bytes_per_second": "a rate of bytes",
        "celsius": "a temperature",
        "volts": "a voltage",
        "amperes": "a current",
        "watts": "a power",
        "hertz": "a frequency",
        "per_second": "a rate",
    }
    return words.get(unit) or f"{'an' if unit[0] in 'aeiou' else 'a'} {unit.replace('_', '-')}"


_SCALES: dict[str, tuple[tuple[str, float], ...]] = {
    "bytes": (
        *((f"{prefix}iB", 1024.0**power) for power, prefix in zip(range(5, 0, -1), "PTGMK", strict=True)),
        ("B", 1.0),
    ),
    "volts": (("kV", 1e3), ("V", 1.0), ("mV", 1e-3)),
    "amperes": (("kA", 1e3), ("A", 1.0), ("mA", 1e-3)),
    "watts": (("MW", 1e6), ("kW", 1e3), ("W", 1.0), ("mW", 1e-3)),
    "volt_amperes": (("kVA", 1e3), ("VA", 1.0)),
    "joules": (("kWh", 3.6e6), ("Wh", 3600.0), ("J", 1.0)),
    "hertz": (("GHz", 1e9), ("MHz", 1e6), ("kHz", 1e3), ("Hz", 1.0)),
}
_SCALES["bytes_per_second"] = tuple((f"{symbol}/s", factor) for symbol, factor in _SCALES["bytes"])
_SCALES["bits_per_second"] = (  # traffic as it is shown: the catalogue counts bytes
    *((f"{prefix}bit/s", 1000.0**power) for power, prefix in zip(range(4, 0, -1), "TGMk", strict=True)),
    ("bit/s", 1.0),
)
_ONE_SYMBOL = {"rpm": "rpm", "per_second": "/s", "dbm": "dBm"}
_DURATIONS = {
    "zh": (("天", 86400), ("小时", 3600), ("分钟", 60), ("秒", 1)),
    "en": (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)),
}


def show(value: float, unit: str, lang: str = "zh") -> tuple[str, str]:
    """(number, unit) for people; a long duration is all number ("3 d 4 h", ""). NaN is ("–", "").

    >>> show(1.5e9, "bytes"), show(273600, "seconds", "en"), show(0.0042, "seconds", "en")
    (('1.40', 'GiB'), ('3 d 4 h', ''), ('4.20', 'ms'))
    """
    if not math.isfinite(value):
        return ("–" if math.isnan(value) else "∞" if value > 0 else "-∞"), ""
    if unit == "seconds":
        return _show_seconds(value, lang)
    if unit in {"ratio", "celsius"}:
        return (_fixed(value * 100, 1), "%") if unit == "ratio" else (_fixed(value, 1), "℃")
    if unit in _SCALES:
        return _show_scaled(value, _SCALES[unit])
    return _three_digits(value), _ONE_SYMBOL.get(unit, "")


def _show_scaled(value: float, steps: tuple[tuple[str, float], ...]) -> tuple[str, str]:
    # 0.9995 of a step would be shown as 1000 of the smaller one; zero has no size and stands in the base unit.
    fitting = [step for step in steps if abs(value) >= step[1] * 0.9995 or (not value and step[1] == 1.0)]
    symbol, factor = fitting[0] if fitting else steps[-1]
    return (_fixed(value, 0) if symbol in {"B", "B/s", "bit/s"} else _three_digits(value / factor)), symbol


def _show_seconds(value: float, lang: str) -> tuple[str, str]:
    steps = _DURATIONS.get(lang, _DURATIONS["en"])
    size = abs(value)
    if size < 59.95:
        if size and size < 0.9995:
            for symbol, factor in (("ms", 1e-3), ("µs", 1e-6)):
                if size >= factor * 0.9995 or symbol == "µs":
                    return _three_digits(value / factor), symbol
        return _three_digits(value), steps[-1][0]
    whole = round(size)
    if size >= 86400:
        whole = round(size / 3600) * 3600
    elif size >= 3600:
        whole = round(size / 60) * 60
    words: list[str] = []
    for word, seconds in steps:
        count, whole = divmod(whole, seconds)
        if count:
            words.append(f"{count:d} {word}")
    return ("-" if value < 0 else "") + " ".join(words[:2]), ""


def _three_digits(value: float) -> str:
    """Three figures that count; a whole number stays whole.

    >>> [_three_digits(number) for number in (1.4, 14.04, 140.4, 12345.6, 3.0, 0.0123)]
    ['1.40', '14.0', '140', '12346', '3', '0.0123']
    """
    if value == round(value) and abs(value) < 1e15:
        return f"{value:.0f}" if value else "0"
    size = abs(value)
    if size < 0.1:
        return f"{value:.3g}"
    return _fixed(value, 2 if size < 9.995 else 1 if size < 99.95 else 0)


def _fixed(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text
