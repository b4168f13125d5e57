"""The power goes at random moments of accepting, sealing and releasing: is everything acknowledged still there, once?

The writes of a real process are logged (tests/powercut); for each moment the folder is put back as the disk would hold
it, opened as after a restart, and read whole.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.batches import Agent
from bench.centre_under_cut import SERIES, what_is_left
from tests.powercut.replay import WriteLog, cut, cut_points

CUTS = 100
NS_A_MS = 10**6


@dataclass(slots=True)
class Losses:
    """Over all cuts: how many were looked at, acknowledged samples missing, samples stored twice."""

    cuts: int = 0
    acknowledged: int = 0
    missing: int = 0
    doubled: int = 0


def run() -> Iterator[tuple[str, float | None, str]]:
    if shutil.which("gcc") is None:
        yield "power_cut.missing", None, "gcc is missing on this machine"
        return
    with tempfile.TemporaryDirectory(prefix="bench-power-cut-") as folder:
        losses = cut_centre(Path(folder), CUTS, seed=1)
    note = f"inbox and sealing: {losses.cuts} cuts, {losses.acknowledged} acknowledged samples looked for"
    yield "power_cut.missing", losses.missing, note
    yield "power_cut.doubled", losses.doubled, note


def cut_centre(place: Path, cuts: int, seed: int) -> Losses:
    """Log one life of the receiving side, cut it ``cuts`` times; every other cut keeps some of the unsynced writes."""
    folder, rng, losses = place / "folder", random.Random(seed), Losses()
    folder.mkdir()
    log = WriteLog.below(folder)
    command = [sys.executable, "-m", "bench.centre_under_cut", str(folder.resolve())]
    subprocess.run(command, env=log.environment(), check=True, timeout=300, cwd=Path(__file__).parents[1])
    records = log.read()
    for at in cut_points(records, rng, cuts):
        into = place / f"after-{at}"
        marks = cut(records, at, folder.resolve(), into, rng=rng if at % 2 else None)
        if marks:
            count(losses, marks, into)
        shutil.rmtree(into)
    return losses


def count(losses: Losses, marks: list[bytes], into: Path) -> None:
    """Hold what is left against what the marks say was acknowledged."""
    left = what_is_left(into)
    ticks: dict[str, int] = {}
    for mark in marks:
        device_no, number = mark.decode().split()
        ticks[device_no] = int(number)
    losses.cuts += 1
    for device_no, last in ticks.items():
        times = [Agent(device_no).now_ns(number) // NS_A_MS for number in range(1, last + 1)]
        expected = {(f"{metric}/{part}", ms) for metric, part in SERIES for ms in times}
        losses.acknowledged += len(expected)
        losses.missing += len(expected - left[device_no].keys())
        losses.doubled += sum(times - 1 for times in left[device_no].values())
