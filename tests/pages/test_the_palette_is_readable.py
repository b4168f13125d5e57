"""Every pair of colours that text is set in has a contrast of at least 4.5 (WCAG 2 AA), light and dark."""

from __future__ import annotations

import re

import pytest

from server.web.templating import STATIC

TOKEN = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})")
GROUNDS = ("paper", "surface", "sunken", "hover")
INKS = ("ink", "ink-2", "ink-3", "accent", "ok", "warn", "fault", "unknown", "hold")
PAIRS = [(ink, ground) for ink in INKS for ground in GROUNDS] + [
    ("on-accent", "accent"),
    ("fault", "fault-soft"),
    ("unknown", "unknown-soft"),
]


def palettes() -> dict[str, dict[str, str]]:
    css = (STATIC / "tokens.css").read_text()
    light, dark, system = re.findall(r":root[^{]*\{([^}]*)\}", css)
    assert TOKEN.findall(dark) == TOKEN.findall(system), "dark by choice and dark by system differ"
    return {"light": dict(TOKEN.findall(light)), "dark": dict(TOKEN.findall(dark))}


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read(theme: str) -> None:
    palette = palettes()[theme]
    poor = {
        f"{ink} on {ground}": round(contrast(palette[ink], palette[ground]), 2)
        for ink, ground in PAIRS
        if contrast(palette[ink], palette[ground]) < 4.5
    }
    assert poor == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_line_of_a_chart_stands_out_from_its_ground(theme: str) -> None:
    palette = palettes()[theme]
    lines = [name for name in palette if name.startswith("series-")]
    assert len(lines) == 6
    assert [name for name in lines if contrast(palette[name], palette["surface"]) < 3] == []
