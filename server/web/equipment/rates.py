"""Rates of a line as network people say them: in bits."""

from __future__ import annotations

STEPS = ((1e12, "Tbit/s"), (1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s"))


def bits(bytes_per_second: float) -> tuple[str, str]:
    """(number, unit).

    >>> bits(125e6), bits(0), bits(1500), bits(12.5e6 * 9.4)
    (('1', 'Gbit/s'), ('0', 'bit/s'), ('12', 'kbit/s'), ('940', 'Mbit/s'))
    """
    value = bytes_per_second * 8
    for factor, unit in STEPS:
        if value >= factor * 0.9995:
            return _short(value / factor), unit
    return f"{value:.0f}", "bit/s"


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 999.5 else f"{value:.0f}"
