"""What judging costs: batches of one device with 30 rules on its newest values, nothing turning."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from checklists.criteria import at_most
from checklists.rule import Rule
from checklists.verdicts import RuleSeverity
from checklists.windows import IncreaseAtMost
from readings import wire
from server.inbox.arrival import Arrival, Sender
from server.judge.judge import Judge
from server.records import Records

START = 1_800_000_000_000
INTERVAL_MS = 15_000
DEVICES = 300
TICKS = 40
SERIES = 200
BANDS, WINDOWS = 24, 6


def rules() -> list[Rule]:
    """24 limits with `for` and hysteresis, 6 counters over two minutes."""
    bands = [
        Rule(f"band{n}", at_most(f"gauge{n}", 0.9, 0.8), RuleSeverity.WARNING, "规则", "rule", "ratio", for_ms=60_000)
        for n in range(BANDS)
    ]
    windows = [
        Rule(f"grown{n}", IncreaseAtMost(f"count{n}_total", 10, 120_000), RuleSeverity.WARNING, "规则", "rule")
        for n in range(WINDOWS)
    ]
    return bands + windows


def arrivals(random: np.random.Generator, sources: int) -> Iterator[list[Arrival]]:
    """One list a tick: a batch of each device, its 200 series split over so many sources."""
    names = [*(f"gauge{n}" for n in range(BANDS)), *(f"count{n}_total" for n in range(WINDOWS))]
    names += [f"other{n}" for n in range(SERIES - len(names))]
    shares = [names[at::sources] for at in range(sources)]
    packed = [wire.pack_series([(name, "") for name in share]) for share in shares]
    for tick in range(TICKS):
        made = []
        for number in range(DEVICES):
            blocks = [
                wire.Block("", f"source{at}", [0], bytes(bytearray(packed[at])), values(random, share, tick))
                for at, share in enumerate(shares)
            ]
            batch = wire.Batch(["boot"], [wire.Tick(tick + 1, 0, 0, 0)], blocks, interval_s=INTERVAL_MS / 1000)
            at_ms = START + tick * INTERVAL_MS
            sender = Sender(f"agent{number}", f"SRV-{number}")
            id_ = tick * DEVICES + number + 1
            made.append(Arrival(id_, sender, "epoch", at_ms + 100, batch, None, [at_ms], None, False))
        yield made


def values(random: np.random.Generator, share: list[str], tick: int) -> bytes:
    row = random.random(len(share)) * 0.7
    row[[name.endswith("_total") for name in share]] = tick // 8
    return row.astype("<f8").tobytes()


def measured(sources: int) -> tuple[float, float]:
    """Microseconds per device batch: the median tick, and the mean over all but the first (writes included)."""
    random = np.random.default_rng(1)
    with TemporaryDirectory() as folder:
        records = Records(Path(folder) / "records.db")
        judge = Judge(records, rules(), START)
        spent: list[float] = []
        for batch in arrivals(random, sources):
            begun = time.perf_counter()
            judge.apply(batch)
            spent.append((time.perf_counter() - begun) / DEVICES * 1e6)
        met = sum(finding.verdict.value == "met" for finding in judge.findings("SRV-0"))
        assert met == BANDS + WINDOWS, f"{met} findings are met"
        records.close()
    return statistics.median(spent), statistics.mean(spent[1:])


def run() -> Iterator[tuple[str, float, str]]:
    median, mean = measured(sources=1)
    told = f"{DEVICES} devices × {SERIES} series, {BANDS} limits and {WINDOWS} counters"
    yield "judging.us_per_batch_30_rules", median, f"{told}, one source; mean {mean:.1f} with the writes"
    median, mean = measured(sources=12)
    yield "judging.us_per_batch_30_rules.12_sources", median, f"the same over 12 sources; mean {mean:.1f}"
