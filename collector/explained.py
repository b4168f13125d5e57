"""One reading of a device, explained: as JSON for programs and tests, as a table for people."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from collector.identify import DeviceReading
from collector.recording import branch_of
from collector.subtrees import Subtrees
from readings.catalogue import Catalogue
from readings.model import Gap, Sample
from readings.units import show

MOST_UNASKED = 1_000
LONGEST_SHOWN = 120
TEXTS = {
    "zh": {
        "type": "类型",
        "facts": "设备信息",
        "gap": "无数据",
        "unmapped": "未说明含义的值（按无数据处理）",
        "unasked": "未读取的分支",
    },
    "en": {
        "type": "type",
        "facts": "this device",
        "gap": "no data",
        "unmapped": "values nobody has said the meaning of (gaps)",
        "unasked": "branches no source asked for",
    },
}


@dataclass(frozen=True, slots=True)
class Explained:
    """What a device is, what it said, and what was neither understood nor asked."""

    reading: DeviceReading
    unasked: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """{type, vendor, model, readings: [{metric, part, value | gap}], unmapped, unasked}."""
        return {
            "type": self.reading.type.id,
            "vendor": self.reading.type.vendor or self.reading.fact("vendor"),
            "model": self.reading.fact("model"),
            "readings": [_row(sample) for sample in self.reading.samples],
            "unmapped": [
                {"metric": found.metric, "oid": found.oid, "value": found.value} for found in self.reading.unmapped
            ],
            "unasked": list(self.unasked),
        }


def _row(sample: Sample) -> dict[str, str | float]:
    if isinstance(sample.value, Gap):
        return {"metric": sample.metric, "part": sample.part, "gap": sample.value.word}
    return {"metric": sample.metric, "part": sample.part, "value": sample.value}


def unasked(reading: DeviceReading, answered: Counter[str], beyond: Counter[str]) -> tuple[str, ...]:
    """Branches with answers that the device's own type does not ask for. ``beyond``: those no type asks for."""
    wanted = Subtrees(reading.type.roots())
    branches = Counter(branch_of(oid) for oid in answered if oid not in wanted)
    return tuple(sorted((branches + beyond).keys(), key=_order)[:MOST_UNASKED])


def _order(oid: str) -> tuple[int, ...]:
    return tuple(int(piece) for piece in oid.split(".") if piece.isdigit())


def print_explained(explained: Explained, catalogue: Catalogue, lang: str, out: TextIO) -> None:
    """Values in people's units, aligned."""
    texts, reading = TEXTS[lang], explained.reading
    kind = f"{reading.type.id} ({reading.type.kind})"
    print(f"{texts['type']}  {kind}  {reading.type.vendor} {reading.fact('model')}".rstrip(), file=out)
    cells = [_cells(sample, catalogue, lang) for sample in reading.samples]
    widths = [max((_width(cell[column]) for cell in cells), default=0) for column in range(3)]
    for name, part, number, unit in cells:
        line = f"  {_left(name, widths[0])}  {_left(part, widths[1])}  {_right(number, widths[2])} {unit}"
        print(line.rstrip(), file=out)
    _print_list(texts["facts"], {fact.key: fact.value for fact in reading.facts}, out)
    _print_list(texts["unmapped"], {f"{found.metric} {found.oid}": found.value for found in reading.unmapped}, out)
    _print_list(texts["unasked"], dict.fromkeys(explained.unasked, ""), out)


def _print_list(title: str, rows: Mapping[str, str], out: TextIO) -> None:
    if rows:
        print(f"\n{title}", file=out)
        for key, value in rows.items():
            print(f"  {_printable(key)}  {_printable(value)}".rstrip(), file=out)


def _cells(sample: Sample, catalogue: Catalogue, lang: str) -> tuple[str, str, str, str]:
    metric = catalogue.get(sample.metric)
    part = _printable(sample.part)
    if isinstance(sample.value, Gap):
        return sample.metric, part, sample.value.word, ""
    if metric is not None and sample.value in metric.states:
        return sample.metric, part, getattr(metric.states[int(sample.value)], lang), ""
    number, unit = show(sample.value, metric.unit if metric else "", lang)
    return sample.metric, part, number, unit


def _printable(text: str) -> str:
    """What a device says must not steer the terminal."""
    shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in shown)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _left(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _right(text: str, width: int) -> str:
    return " " * (width - _width(text)) + text
