"""How fast batches are taken: posted to a real process over HTTP until every applier has them.

Every batch is distinct, and the rows stored afterwards must equal the samples sent. Prometheus and VictoriaMetrics take
the same samples by remote write in the same run; neither has them on disk when it answers, we have.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import remote_write
from bench.batches import Agent, series_of
from bench.loader import post_all, request

CONNECTIONS = 32
DEVICES = 288
SERIES = 200
# Some that rules look at, so that the judge has its work; the values break them from the first tick on.
JUDGED = [("cpu_busy_ratio", "total"), ("memory_used_ratio", ""), ("temperature_celsius", "inlet")]
JUDGED += [("filesystem_used_ratio", mount) for mount in ("/", "/var", "/home", "/srv")]
Figure = tuple[str, float | None, str]


def run() -> Iterator[Figure]:
    for ticks, batches in ((1, 28_800), (20, 2880)):
        rate, note = ours(ticks, batches)
        yield f"ingest.samples_per_second.batch{ticks * SERIES}", rate, note
    # The peers' own default is 2,000 samples a request.
    rate, _note = ours(ticks=10, batches=5760)
    for name, peer in (("prometheus", remote_write.prometheus), ("victoria_metrics", remote_write.victoria_metrics)):
        theirs = peer(DEVICES, SERIES, ticks=10, rounds=20, connections=CONNECTIONS)
        if theirs is None:
            yield f"ingest.ratio_vs_{name}", None, f"{name} is missing on this machine"
        else:
            yield f"ingest.ratio_vs_{name}", rate / theirs, f"2,000 a request: {rate:,.0f} to {theirs:,.0f}/s"


def ours(ticks: int, batches: int, blocks: int = 1) -> tuple[float, str]:
    """(samples/s until durable in every applier, how it was)."""
    rounds = batches // DEVICES
    now_ns = time.time_ns()
    agents = [
        Agent(
            f"D-{number}",
            JUDGED + series_of(SERIES - len(JUDGED)),
            interval_ns=15 * 10**9,
            booted_ns=now_ns - rounds * ticks * 15 * 10**9,
            seed=number,
            ticks_behind=rounds * ticks,
        )
        for number in range(DEVICES)
    ]
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as folder, centre(Path(folder)) as port:
        shares: list[list[bytes]] = [[] for _ in range(CONNECTIONS)]
        for _ in range(rounds):
            for number, agent in enumerate(agents):
                headers = {"Authorization": f"Bearer {agent.device_no}"}
                shares[number % CONNECTIONS].append(request("/api/v1/batches", agent.body(ticks, blocks), headers))
        load = post_all(port, shares, Path(folder) / "requests")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sealed") as answer:
            stored = json.load(answer)
    sent = rounds * DEVICES * ticks * SERIES
    if load.answers != {"200": rounds * DEVICES} or stored["rows"] != sent + rounds * DEVICES * ticks:
        raise AssertionError(f"sent {sent} in {rounds * DEVICES}, answered {load.answers}, stored {stored}")
    rate = sent / (load.seconds + stored["seconds"])
    return rate, (
        f"{sent:,} samples: posted in {load.seconds:.2f} s, durable {stored['seconds']:.2f} s later; "
        f"{stored['batches'] / stored['commits']:.1f} batches a commit, "
        f"{stored['bytes'] / stored['rows']:.2f} B a sample"
    )


@contextmanager
def centre(folder: Path) -> Iterator[int]:
    """A receiving side on this folder; gives its port."""
    command = [sys.executable, "-m", "bench.ingest_centre", str(folder)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    try:
        assert child.stdout is not None
        yield int(child.stdout.readline())
    finally:
        child.terminate()
        child.wait()
