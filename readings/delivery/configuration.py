"""What the centre may ask of a sender: how often it reads, how much it logs. For anything else there is no word.

The answer to ``GET /api/v1/agents/self/configuration`` is JSON:
``{"revision": 3, "settings": {"interval_s": 30, "log_level": "DEBUG", "paces": {"log_self_test": 3600}},
"rotate_credential": false}``. Words that are not set are left out: the host's own settings hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

PATH = "/api/v1/agents/self/configuration"
MOST_PACES = 50
INTERVAL_S = (1.0, 3600.0)
PACE_S = (10.0, 86_400.0)


class ConfigurationRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """A configuration that cannot be followed; the text begins with the field."""


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """``paces``: seconds between two readings of a source, by its name."""

    interval_s: float | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] | None = None
    paces: dict[str, float] = {}


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    revision: int
    settings: Wanted = Wanted()
    rotate_credential: bool = False


def decode_configuration(body: bytes) -> Configuration:
    """Raises ConfigurationRefused: an unknown word, a wrong type, a number outside its limits."""
    try:
        said = msgspec.json.decode(body, type=Configuration)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationRefused(str(error)[:300]) from error
    check_wanted(said.settings)
    return said


def wanted_from(settings: Mapping[str, object]) -> Wanted:
    """The same for what is not JSON any more. Raises ConfigurationRefused."""
    try:
        wanted = msgspec.convert(settings, Wanted)
    except msgspec.ValidationError as error:
        raise ConfigurationRefused(str(error)[:300]) from error
    check_wanted(wanted)
    return wanted


def check_wanted(wanted: Wanted) -> None:
    """Raises ConfigurationRefused."""
    if wanted.interval_s is not None:
        _within("interval_s", wanted.interval_s, INTERVAL_S)
    if len(wanted.paces) > MOST_PACES:
        raise ConfigurationRefused(f"paces: {len(wanted.paces)} sources, at most {MOST_PACES}")
    for name, seconds in wanted.paces.items():
        _within(f"paces.{name[:100]}", seconds, PACE_S)


def _within(field: str, seconds: float, limits: tuple[float, float]) -> None:
    low, high = limits
    if not low <= seconds <= high:
        raise ConfigurationRefused(f"{field}: {seconds:g} s is not between {low:g} and {high:g} s")
