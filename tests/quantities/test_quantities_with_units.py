"""People write and see units; stored are base units, and the wrong dimension is refused in plain words."""

from __future__ import annotations

import doctest
import math

import pytest
from hypothesis import given, strategies

from readings import units
from readings.units import UNITS, UnitError, in_unit, parse_quantity, show


def test_the_examples_in_the_module_are_true() -> None:
    assert doctest.testmod(units).failed == 0


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("90 %", 0.9, "ratio"),
        ("90%", 0.9, "ratio"),
        ("10 min", 600, "seconds"),
        ("3 d", 259_200, "seconds"),
        ("3 d 4 h", 273_600, "seconds"),
        ("250 ms", 0.25, "seconds"),
        ("27 ℃", 27, "celsius"),
        ("-5 °C", -5, "celsius"),
        ("1.5 GiB", 1.5 * 2**30, "bytes"),
        ("1.5 GB", 1.5e9, "bytes"),
        ("200 Mbit/s", 25e6, "bytes_per_second"),
        ("3 /h", 3 / 3600, "per_second"),
        ("2.4 GHz", 2.4e9, "hertz"),
        ("220 V", 220, "volts"),
        ("3000 rpm", 3000, "rpm"),
        ("12", 12, ""),
        ("1e3", 1000, ""),
        ("10 分钟", 600, "seconds"),
    ],
)
def test_a_quantity_is_read_in_base_units(text: str, value: float, unit: str) -> None:
    quantity = parse_quantity(text)
    assert quantity.unit == unit
    assert quantity.value == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text", ["", "  ", "%", "ninety %", "90 percentages", "1 GiB 2 MiB", "1 2", "--3 s", "1e999", "9" * 99]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("written", "unit", "words"),
    [
        ("90 min", "ratio", "'90 min' is not a ratio"),
        ("90 %", "seconds", "'90 %' is not a duration"),
        ("90", "seconds", "'90' is not a duration"),
        ("27 ℃", "volts", "'27 ℃' is not a voltage"),
        ("1 GB", "bytes_per_second", "'1 GB' is not a rate of bytes"),
        (True, "ratio", "True is not a ratio"),
        (math.nan, "ratio", "nan is not a ratio"),
        ("1 V", "volt", "no unit is called 'volt'"),
    ],
)
def test_the_wrong_dimension_is_refused_in_plain_words(written: str | float, unit: str, words: str) -> None:
    with pytest.raises(UnitError, match=f"^{words}$"):
        in_unit(written, unit)


def test_a_bare_number_is_in_the_unit_asked_for() -> None:
    assert in_unit(30, "seconds") == 30.0
    assert in_unit("0.9", "ratio") == 0.9


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (0.34, "ratio", ("34.0", "%"), ("34.0", "%")),
        (1.5e9, "bytes", ("1.40", "GiB"), ("1.40", "GiB")),
        (1023.9, "bytes", ("1.00", "KiB"), ("1.00", "KiB")),
        (0, "bytes", ("0", "B"), ("0", "B")),
        (1.25e8, "bytes_per_second", ("119", "MiB/s"), ("119", "MiB/s")),
        (273_600, "seconds", ("3 d 4 h", ""), ("3 天 4 小时", "")),
        (59.96, "seconds", ("1 min", ""), ("1 分钟", "")),
        (86_399.9, "seconds", ("1 d", ""), ("1 天", "")),
        (2, "seconds", ("2", "s"), ("2", "秒")),
        (0.0042, "seconds", ("4.20", "ms"), ("4.20", "ms")),
        (36.6, "celsius", ("36.6", "℃"), ("36.6", "℃")),
        (-0.0001, "ratio", ("0.0", "%"), ("0.0", "%")),
        (3.0, "", ("3", ""), ("3", "")),
        (math.nan, "ratio", ("–", ""), ("–", "")),
    ],
)
def test_people_see_figures_that_count(value: float, unit: str, en: tuple[str, str], zh: tuple[str, str]) -> None:
    assert show(value, unit, "en") == en
    assert show(value, unit, "zh") == zh


@given(value=strategies.floats(allow_nan=True), unit=strategies.sampled_from(sorted(UNITS)))
def test_every_value_can_be_shown(value: float, unit: str) -> None:
    number, _ = show(value, unit)
    assert number


@given(text=strategies.text(max_size=80))
def test_reading_a_text_ends_in_a_quantity_or_a_unit_error(text: str) -> None:
    try:
        quantity = parse_quantity(text)
    except UnitError:
        return
    assert quantity.unit in UNITS
    assert math.isfinite(quantity.value)


@given(value=strategies.floats(1e-3, 1e12), symbol=strategies.sampled_from(sorted(set(units.SYMBOLS) - {""})))
def test_what_is_written_is_what_is_read(value: float, symbol: str) -> None:
    unit, factor = units.SYMBOLS[symbol]
    assert in_unit(f"{value!r} {symbol}", unit) == pytest.approx(value * factor)
