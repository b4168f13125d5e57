"""Every metric by its key: unit, kind, name of its part and its text in Chinese and English, read from ``*.toml``.

A file that says something wrong stops the start: :class:`CatalogueError` names the file and the field.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from readings.units import UNITS

FOLDER = Path(__file__).parent
KINDS = ("gauge", "counter", "state")
TEXTS = ("unit", "kind", "part", "zh", "en", "help")
_KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_NAMED_UNITS = sorted((unit for unit in UNITS if unit), key=len, reverse=True)


class CatalogueError(Exception):
    """A row of the catalogue cannot stand. The text is ``file: key: field: what is wrong``."""


@dataclass(frozen=True, slots=True)
class State:
    """What one number of a state metric means."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Metric:
    """One row. ``part`` is the name of what the part is ("cpu", "mount"), "" for a metric without parts."""

    key: str
    unit: str
    kind: str
    part: str
    zh: str
    en: str
    help: str
    states: Mapping[int, State] = field(default_factory=dict)

    def name(self, lang: str) -> str:
        return self.en if lang == "en" else self.zh


class Catalogue(Mapping[str, Metric]):
    """Metrics by key, in the order of the files."""

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        self._metrics = dict(metrics)

    def __getitem__(self, key: str) -> Metric:
        return self._metrics[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._metrics)

    def __len__(self) -> int:
        return len(self._metrics)


def load_catalogue(folder: Path = FOLDER) -> Catalogue:
    """Read every ``*.toml`` of ``folder``. Raises CatalogueError for the first thing that is wrong."""
    metrics: dict[str, Metric] = {}
    told_in: dict[str, str] = {}
    for file in sorted(folder.glob("*.toml")):
        for key, metric in _read_file(file).items():
            if key in metrics:
                raise CatalogueError(f"{file.name}: {key}: told already in {told_in[key]}")
            metrics[key], told_in[key] = metric, file.name
    if not metrics:
        raise CatalogueError(f"{folder}: no metric in any *.toml")
    return Catalogue(metrics)


def _read_file(file: Path) -> dict[str, Metric]:
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{file.name}: not TOML: {error}") from error
    except OSError as error:
        raise CatalogueError(f"{file.name}: cannot be read: {error.strerror}") from error
    metrics: dict[str, Metric] = {}
    for key, row in rows.items():
        try:
            metrics[key] = _read_row(key, row)
        except CatalogueError as error:
            raise CatalogueError(f"{file.name}: {key}: {error}") from error
    return metrics


def _read_row(key: str, row: Any) -> Metric:
    if not _KEY.fullmatch(key):
        raise CatalogueError("a key is lower-case words joined by _")
    if not isinstance(row, dict):
        raise CatalogueError(f"a row is a table of {', '.join(TEXTS)}, not {row!r}")
    unknown = sorted(row.keys() - {*TEXTS, "states"})
    if unknown:
        raise CatalogueError(f"{unknown[0]}: no such field (known: {', '.join(TEXTS)}, states)")
    for name in TEXTS:
        value = row.get(name, "" if name in {"unit", "part"} else None)
        if not isinstance(value, str) or (not value.strip() and name not in {"unit", "part"}):
            raise CatalogueError(f"{name}: " + ("is missing" if value is None else f"{value!r} is not a text"))
    unit, kind = row.get("unit", ""), row["kind"]
    if unit not in UNITS:
        raise CatalogueError(f"unit: {unit!r} is none of {', '.join(_NAMED_UNITS)} or ''")
    if kind not in KINDS:
        raise CatalogueError(f"kind: {kind!r} is none of {', '.join(KINDS)}")
    _check_ending(key, unit, kind)
    part = row.get("part", "")
    if part and not _KEY.fullmatch(part):
        raise CatalogueError(f"part: {part!r} is not lower-case words joined by _")
    states = _read_states(row.get("states", {}), kind)
    return Metric(key, unit, kind, part, row["zh"], row["en"], row["help"], states)


def _check_ending(key: str, unit: str, kind: str) -> None:
    """The name says unit and kind, so that whoever reads it alone is not misled."""
    if (kind == "counter") != key.endswith("_total"):
        raise CatalogueError(f"kind: {kind!r}, but only and all counters end _total")
    stem = key.removesuffix("_total")
    ending = next((name for name in _NAMED_UNITS if stem.endswith(f"_{name}")), "")
    if ending != unit:
        raise CatalogueError(f"unit: {unit!r} does not fit the name, which ends with {ending or 'no unit'!r}")
    if kind == "state" and unit:
        raise CatalogueError(f"unit: a state has none, not {unit!r}")


def _read_states(written: Any, kind: str) -> dict[int, State]:
    if written and kind != "state":
        raise CatalogueError(f"states: a {kind} has none")
    if not isinstance(written, dict):
        raise CatalogueError(f"states: {written!r} is not a table of number = {{ zh, en }}")
    states: dict[int, State] = {}
    for number, words in written.items():
        if not re.fullmatch(r"-?\d+", number):
            raise CatalogueError(f"states: {number!r} is not a whole number")
        texts = words if isinstance(words, dict) else {}
        if texts.keys() != {"zh", "en"} or not all(isinstance(text, str) and text for text in texts.values()):
            raise CatalogueError(f"states: {number}: a text in zh and in en, nothing else")
        states[int(number)] = State(texts["zh"], texts["en"])
    return states
