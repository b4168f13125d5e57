"""What a trap means, as data: ``collector/trap_texts/*.yaml`` maps its OID to a kind, a severity and two sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from collector.traps.bindings import Binding, Value, readable
from readings.model import Severity

FOLDER = Path(__file__).parents[1] / "trap_texts"
NOT_TOLD = "—"
UNDECODED = "trap"
MOST_SHOWN = 30

Worst = Literal["emergency", "alert", "critical", "error", "warning", "notice", "informational"]
Oid = str
OID = re.compile(r"[0-2](\.\d+)+")


class TextsRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """A file of texts cannot stand; the text says which and why."""


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one value means; ``severity`` makes the whole trap worse or milder."""

    zh: str
    en: str
    severity: Worst | None = None


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first varbind of one of these columns; ``words`` name its values."""

    oid: Oid | list[Oid]
    words: dict[str | int, Said] = {}


class TrapText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``keep_severity``: whatever the words say (an alarm that is over is no alarm). ``beneath``: it tells every trap
    beneath its OID that has no text of its own, for makers who give each event a number and its sentence with it.
    """

    oid: Oid | list[Oid]
    kind: str
    severity: Worst
    zh: str
    en: str
    places: dict[str, Place] = {}
    keep_severity: bool = False
    beneath: bool = False


class _File(msgspec.Struct, forbid_unknown_fields=True):
    traps: list[TrapText]


class Meaning(msgspec.Struct, frozen=True):
    kind: str
    severity: Severity
    text: str


class TrapTexts:
    """By OID. ``tell`` makes of a trap what the data says, and of an unknown one its raw text."""

    def __init__(self, texts: Mapping[Oid, TrapText]) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[TrapText]:
        return iter(self._texts.values())

    def tell(self, oid: str, bindings: Sequence[Binding]) -> Meaning:
        text = self._texts.get(oid) or self._texts.get(_as_v2(oid)) or self._above(oid)
        if text is None:
            shown = "; ".join(f"{name}={readable(value)}" for name, value in bindings[:MOST_SHOWN])
            return Meaning(UNDECODED, Severity.NOTICE, f"{oid} {shown}".rstrip())
        zh, en, severity = {}, {}, text.severity
        for name, place in text.places.items():
            value = _find(place, bindings)
            said = None if value is None else place.words.get(value if isinstance(value, int | str) else "")
            zh[name] = said.zh if said else NOT_TOLD if value is None else readable(value)
            en[name] = said.en if said else NOT_TOLD if value is None else readable(value)
            if said is not None and said.severity is not None and not text.keep_severity:
                severity = said.severity
        return Meaning(text.kind, Severity[severity.upper()], f"{text.zh.format(**zh)} / {text.en.format(**en)}")

    def _above(self, oid: str) -> TrapText | None:
        """The nearest text above ``oid`` that tells what is beneath it."""
        above = oid.rpartition(".")[0]
        while above:
            text = self._texts.get(above)
            if text is not None and text.beneath:
                return text
            above = above.rpartition(".")[0]
        return None


def load_texts(folder: Path = FOLDER) -> TrapTexts:
    """Raises TextsRefused."""
    texts: dict[Oid, TrapText] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            file = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), _File)
        except (OSError, yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError) as error:
            raise TextsRefused(f"{path.name}: {error}") from error
        for text in file.traps:
            _check(path.name, text)
            for oid in _all(text.oid):
                if oid in texts:
                    raise TextsRefused(f"{path.name}: {oid}: told twice")
                texts[oid] = text
    if not texts:
        raise TextsRefused(f"{folder}: no trap in any *.yaml")
    return TrapTexts(texts)


def _check(name: str, text: TrapText) -> None:
    oids = [*_all(text.oid), *(oid for place in text.places.values() for oid in _all(place.oid))]
    wrong = next((oid for oid in oids if OID.fullmatch(oid) is None), None)
    if wrong is not None:
        raise TextsRefused(f"{name}: {text.kind}: {wrong!r} is no OID")
    blanks = dict.fromkeys(text.places, "")
    try:
        text.zh.format(**blanks), text.en.format(**blanks)
    except (KeyError, IndexError, ValueError) as error:
        raise TextsRefused(f"{name}: {text.kind}: its text names a place that is not there: {error}") from error


def _all(oid: Oid | list[Oid]) -> list[Oid]:
    return [oid] if isinstance(oid, str) else oid


def _as_v2(oid: str) -> str:
    """A v1 trap converted has a 0 before its number that some MIBs, written for v2, do not have."""
    return re.sub(r"\.0(\.\d+)$", r"\1", oid)


def _find(place: Place, bindings: Sequence[Binding]) -> Value | None:
    for column in _all(place.oid):
        for name, value in bindings:
            if name == column or name.startswith(f"{column}."):
                return value
    return None
