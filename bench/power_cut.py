"""The power goes at random moments of accepting, sealing, releasing and spooling: is all acknowledged there, once?

The writes of a real process are logged (tests/powercut); for each moment the folder is put back as the disk would hold
it, opened as after a restart, and read whole. A moment counts when something had been acknowledged before it.
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
from bench.spool_under_cut import NEWEST, what_arrives
from tests.powercut.replay import WriteLog, cut, cut_points

CUTS = 100
NS_A_MS = 10**6


@dataclass(slots=True)
class Losses:
    """Over all cuts that count: how many, what was acknowledged before them (samples, or ticks of a spool that the
    centre did not have yet), missing of it, there twice; ``aside``: files taken for damaged, after any cut."""

    cuts: int = 0
    acknowledged: int = 0
    missing: int = 0
    doubled: int = 0
    aside: int = 0


def run() -> Iterator[tuple[str, float | None, str]]:
    if shutil.which("gcc") is None:
        yield "power_cut.missing", None, "gcc is missing on this machine"
        return
    with tempfile.TemporaryDirectory(prefix="bench-power-cut-") as folder:
        losses = cut_centre(Path(folder), CUTS, seed=1)
    note = f"inbox and sealing: {losses.cuts} cuts, {losses.acknowledged} acknowledged samples looked for"
    yield "power_cut.missing", losses.missing, note
    yield "power_cut.doubled", losses.doubled, note
    with tempfile.TemporaryDirectory(prefix="bench-power-cut-") as folder:
        losses = cut_spool(Path(folder), CUTS, seed=1)
    note = f"spool: {losses.cuts} cuts, {losses.acknowledged} kept ticks looked for, {losses.aside} files set aside"
    yield "power_cut.spool.missing", losses.missing, note
    yield "power_cut.spool.doubled", losses.doubled, note


def cut_centre(place: Path, cuts: int, seed: int) -> Losses:
    """Cut one life of the receiving side ``cuts`` times after it acknowledged something."""
    losses = Losses()
    for marks, into in moments(place, "bench.centre_under_cut", cuts, seed):
        if marks:
            count(losses, marks, into)
    return losses


def cut_spool(place: Path, cuts: int, seed: int) -> Losses:
    """Cut one life of a sender ``cuts`` times after it kept something."""
    losses = Losses()
    for marks, into in moments(place, "bench.spool_under_cut", cuts, seed):
        kept, taken = _newest(marks, "kept"), _newest(marks, "taken")
        arrived = what_arrives(into)
        # What the centre had taken may be gone or still be there; all after it has to be there.
        expected = set(range(taken + 1, kept + 1))
        possible = {*range(1, kept + 2), NEWEST}  # the one after was on its way when the power went
        assert arrived == sorted(arrived), f"{into.name}: out of order: {arrived}"
        assert possible.issuperset(arrived), f"{into.name}: never kept: {sorted(set(arrived) - possible)}"
        losses.cuts += bool(marks)
        losses.acknowledged += len(expected)
        losses.missing += len(expected - set(arrived))
        losses.doubled += len(arrived) - len(set(arrived))
        losses.aside += len(list(into.glob("*damaged*")))
    return losses


def moments(place: Path, program: str, counted: int, seed: int) -> Iterator[tuple[list[bytes], Path]]:
    """Log one life of ``python -m program FOLDER`` and cut it at random moments: the marks before each, and the folder.

    Ends with the one that makes ``counted`` with a mark before them. Every other cut keeps some of the unsynced writes.
    """
    folder, rng = place / "folder", random.Random(seed)
    folder.mkdir()
    log = WriteLog.below(folder)
    command = [sys.executable, "-m", program, str(folder.resolve())]
    subprocess.run(command, env=log.environment(), check=True, timeout=300, cwd=Path(__file__).parents[1])
    records = log.read()
    points = cut_points(records, rng, len(records) + 1)
    rng.shuffle(points)
    for at in points:
        into = place / f"after-{at}"
        marks = cut(records, at, folder.resolve(), into, rng=rng if at % 2 else None)
        yield marks, into
        shutil.rmtree(into)
        counted -= bool(marks)
        if not counted:
            return
    raise ValueError(f"{program}: {len(points)} moments, {counted} too few with something acknowledged before them")


def count(losses: Losses, marks: list[bytes], into: Path) -> None:
    """Hold what is left of the centre against what the marks say was acknowledged."""
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


def _newest(marks: list[bytes], word: str) -> int:
    return max((int(mark.split()[1]) for mark in marks if mark.startswith(word.encode())), default=0)
