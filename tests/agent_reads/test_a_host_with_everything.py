"""All that a host with every driver says, in one golden file: a change of a reading is a change of that file."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

from agent.check import one_pass, print_table, rows
from agent.host.filesystems import Filesystems
from agent.host.root import Root
from agent.host.sources import Source, host_sources
from agent.host.timex import KernelClock, Timex
from readings.catalogue import load_catalogue
from readings.delivery.runner import TakenTick
from readings.model import Gap

TIMEX = Timex(0, 500, 65536 * 12, 40_000, 900, 0x2001, 7, 10_000, 0, 0, 0, 0, 0, 0, 0, 0, 37)


def check(host: Path, statvfs: Callable[[str], os.statvfs_result], pause: Callable[[], None]) -> TakenTick:
    def sources(root: Root) -> list[Source]:
        made: dict[str, Source] = {source.name: source for source in host_sources(root)}
        made["filesystems"] = Filesystems(root, statvfs)
        made["timex"] = KernelClock(root, lambda: TIMEX)
        return list(made.values())

    return one_pass(Root.under(host), pause, sources)


def scrubbed(text: str, host: Path) -> str:
    return text.replace(str(host), "")


def test_every_value_and_every_gap_is_the_one_that_was_reviewed(
    host: Path,
    later: Callable[[Path], None],
    statvfs: Callable[[str], os.statvfs_result],
    golden: Callable[[str, str], None],
) -> None:
    taken = check(host, statvfs, lambda: later(host))
    said = [row.as_json() for row in rows(taken) if row.metric != "source_duration_seconds"]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in said)
    golden("everything.json", scrubbed(f"[\n{lines}\n]\n", host))
    facts = {fact.key: fact.value for _, fact in taken.facts}
    golden("everything.facts.json", json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
    told = [[event.kind, event.severity.name, event.text, event.count] for _, event in taken.events]
    golden("everything.events.json", json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def test_the_table_for_people_is_the_one_that_was_reviewed(
    host: Path,
    later: Callable[[Path], None],
    statvfs: Callable[[str], os.statvfs_result],
    golden: Callable[[str, str], None],
) -> None:
    taken = check(host, statvfs, lambda: later(host))
    for lang in ("zh", "en"):
        out = io.StringIO()
        print_table(taken, load_catalogue(), lang, out)
        golden(f"everything.{lang}.txt", scrubbed(out.getvalue(), host))


def test_every_reading_has_its_row_in_the_catalogue(host: Path, statvfs: Callable[[str], os.statvfs_result]) -> None:
    catalogue = load_catalogue()
    taken = check(host, statvfs, lambda: None)
    failed = {source for _, source, _, _ in taken.gaps}
    assert {row.metric for row in rows(taken)} - set(catalogue) - failed == set()


def test_what_is_no_state_of_the_catalogue_is_never_yielded(
    host: Path, statvfs: Callable[[str], os.statvfs_result]
) -> None:
    catalogue = load_catalogue()
    for row in rows(check(host, statvfs, lambda: None)):
        metric = catalogue.get(row.metric)
        if metric is not None and metric.states and not isinstance(row.value, Gap):
            assert int(row.value) in metric.states, row


def test_an_empty_host_is_all_gaps_and_no_zeros(tmp_path: Path) -> None:
    taken = one_pass(Root.under(tmp_path), lambda: None)
    names = {source.name for source in host_sources(Root.under(tmp_path))}
    told = {row.metric: row for row in rows(taken) if row.source != "runner"}
    # Facts that cannot be read are simply not told; all else says why it is missing.
    assert names - {"identity"} <= set(told)
    assert all(isinstance(row.value, Gap) for row in told.values())
    assert {row.value for row in told.values()} == {Gap.NOT_OFFERED}
    assert all(row.detail for row in told.values())
