"""One pass over this host, printed: every value, and every gap with its reason."""

from __future__ import annotations

import time
import unicodedata
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TextIO

from agent.all_sources import all_sources
from agent.clocks import clocks_of
from agent.host.root import Root
from agent.host.sources import Source
from agent.oslog.sources import log_sources
from agent.settings import Settings
from readings.catalogue import Catalogue
from readings.delivery.credential import CredentialUnusable, kept
from readings.delivery.runner import RUNNER, Runner, TakenTick
from readings.model import Gap, gap_of
from readings.units import show
from readings.wire import unpack_series

SECONDS_BETWEEN = 1.0
WATCHED_WITHIN_S = 5.0  # whoever asks waits for what takes its time
PATIENCE_S = 120.0  # for each slow program's answer: whoever looks wants to see it
MOST_EVENTS_SHOWN = 20
LONGEST_SHOWN = 200  # characters of a fact
TEXTS = {
    "zh": {
        "gap": "无数据",
        "events": "日志中的错误",
        "facts": "主机信息",
        "more": "另有",
        "centre": "中心",
        "alone": "尚未注册（zhishou agent enrol）",
    },
    "en": {
        "gap": "no data",
        "events": "errors in the logs",
        "facts": "this host",
        "more": "more:",
        "centre": "centre",
        "alone": "not enrolled (zhishou agent enrol)",
    },
}


@dataclass(frozen=True, slots=True)
class Row:
    """One reading of the pass; a source that failed whole is a Row with its own name as metric and a ``detail``."""

    source: str
    metric: str
    part: str
    value: float | Gap
    detail: str = ""

    def as_json(self) -> dict[str, str | float]:
        """{metric, part, value} or {metric, part, gap}; what was tried stands in the table."""
        if isinstance(self.value, Gap):
            return {"metric": self.metric, "part": self.part, "gap": self.value.word}
        return {"metric": self.metric, "part": self.part, "value": self.value}


def one_pass(
    root: Root,
    pause: Callable[[], None] = lambda: time.sleep(SECONDS_BETWEEN),
    sources: Callable[[Root], list[Source]] | None = None,
) -> TakenTick:
    """Two passes with a pause between them, so that shares of time have a time; what the second one brought.

    Facts and events are those of the first: they are told once. ``sources``: these instead of all.
    """
    clocks = clocks_of(root)
    if sources is None:
        seen = all_sources(root, clocks, {}, wait_s=PATIENCE_S, patience_s=WATCHED_WITHIN_S)
        runner = Runner([*seen.sources, *seen.logs], clocks)
    else:
        runner = Runner([*sources(root), *log_sources(root, clocks, {})], clocks)
    first = runner.tick()
    pause()
    taken = runner.tick()
    taken.facts, taken.events = first.facts, first.events
    return taken


def rows(taken: TakenTick) -> Iterator[Row]:
    """Source by source; the runner's own rows (which sources could be read) last."""
    for _, source, packed, values in sorted(taken.blocks, key=lambda block: block[1] == RUNNER):
        numbers = array("d")
        numbers.frombytes(values)
        for (metric, part), number in zip(unpack_series(packed), numbers, strict=True):
            gap = gap_of(number)
            yield Row(source, metric, part, number if gap is None else gap)
    for _, source, gap, detail in taken.gaps:
        yield Row(source, source, "", gap, detail)


def print_table(taken: TakenTick, catalogue: Catalogue, lang: str, out: TextIO) -> None:
    """Values in people's units, aligned, under the source they came from."""
    texts = TEXTS[lang]
    for source, found in _by_source(rows(taken)).items():
        if source == RUNNER:
            continue
        print(f"\n{source}", file=out)
        cells = [_cells(row, catalogue, lang) for row in found]
        widths = [max(_width(cell[column]) for cell in cells) for column in range(3)]
        for name, part, number, unit in cells:
            line = f"  {_left(name, widths[0])}  {_left(part, widths[1])}  {_right(number, widths[2])} {unit}"
            print(line.rstrip(), file=out)
    if taken.facts:
        print(f"\n{texts['facts']}", file=out)
        width = max(_width(fact.key) for _, fact in taken.facts)
        for _, fact in taken.facts:
            shown = fact.value if len(fact.value) <= LONGEST_SHOWN else f"{fact.value[:LONGEST_SHOWN]}…"
            print(f"  {_left(fact.key, width)}  {_printable(shown)}", file=out)
    if taken.events:
        print(f"\n{texts['events']}", file=out)
        for _, event in taken.events[-MOST_EVENTS_SHOWN:]:
            times = f" ×{event.count}" if event.count > 1 else ""
            print(f"  {event.source} {event.severity.name.lower()}: {_printable(event.text)}{times}", file=out)
        if len(taken.events) > MOST_EVENTS_SHOWN:
            print(f"  {texts['more']} {len(taken.events) - MOST_EVENTS_SHOWN}", file=out)


def print_delivery(settings: Settings, lang: str, out: TextIO) -> None:
    """Whether this host is enrolled, and with whom."""
    texts = TEXTS[lang]
    try:
        credential = kept(settings.state)
    except CredentialUnusable as error:
        print(f"\n{texts['centre']}\n  {error}", file=out)
        return
    said = (
        texts["alone"] if credential is None else f"{credential.server}  {credential.agent_id}  {credential.device_no}"
    )
    print(f"\n{texts['centre']}\n  {said}", file=out)


def _by_source(found: Iterable[Row]) -> Mapping[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in found:
        grouped.setdefault(row.source, []).append(row)
    return grouped


def _cells(row: Row, catalogue: Catalogue, lang: str) -> tuple[str, str, str, str]:
    metric = catalogue.get(row.metric)
    if isinstance(row.value, Gap):
        why = f"({row.detail})" if row.detail else ""
        name = TEXTS[lang]["gap"] if metric is None and row.metric == row.source else row.metric
        return name, _printable(row.part), row.value.word, why
    if metric is not None and int(row.value) in metric.states and row.value == int(row.value):
        state = metric.states[int(row.value)]
        return row.metric, _printable(row.part), getattr(state, lang), ""
    number, unit = show(row.value, metric.unit if metric else "", lang)
    return row.metric, _printable(row.part), number, unit


def _printable(text: str) -> str:
    """A mount point or log line may hold control characters: they must not steer the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _left(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _right(text: str, width: int) -> str:
    return " " * (width - _width(text)) + text
