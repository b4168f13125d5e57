"""Power cut at any moment: every tick whose append returned is in the spool, once; nothing sent is made up."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from tests.delivery.model import Centre, Clock, tick
from tests.powercut.replay import WriteLog, cut, cut_points

pytestmark = pytest.mark.peer("gcc")

ROOT = Path(__file__).parents[2]
CUTS = 60

# Two openings; ticks are appended, sent, acknowledged. Marks: "kept N" after append, "taken N" once the centre has N.
SENDER = """
import pathlib, random, sys
sys.path.insert(0, sys.argv[2])
from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from tests.delivery.model import Centre, Clock, tick
folder = pathlib.Path(sys.argv[1])
marks = open(folder / ".marks", "ab", buffering=0)
clock = Clock()
centre = Centre(clock)
serial = 0
for opening in range(2):
    spool = Spool(folder / "spool.db")
    uplink = Uplink(spool, centre.post, clock, limit_ticks=5)
    for round in range(60):
        serial += 1
        clock.run(15)
        assert spool.append(tick(clock, serial, random.Random(serial).randbytes(2000))).durable
        marks.write(b"kept %d\\n" % serial)
        if round % 9 > 4:
            uplink.step()
            uplink.step()
            marks.write(b"taken %d\\n" % max(centre.taken(), default=0))
    if opening == 0:
        spool.close()
"""


def told(marks: list[bytes], word: str) -> int:
    return max((int(mark.split()[1]) for mark in marks if mark.startswith(word.encode())), default=0)


def test_no_tick_that_was_kept_is_missing_after_a_power_cut(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    log = WriteLog.below(folder)
    subprocess.run([sys.executable, "-c", SENDER, folder, ROOT], env=log.environment(), check=True, timeout=120)
    records = log.read()
    rng = random.Random(20)
    for at in cut_points(records, rng, CUTS):
        into = tmp_path / f"after-{at}"
        marks = cut(records, at, folder, into, rng=rng if rng.random() < 0.7 else None)
        kept, taken = told(marks, "kept"), told(marks, "taken")
        clock = Clock(boot=2)
        centre = Centre(clock)
        spool = Spool(into / "spool.db")
        spool.append(tick(clock, 1000))
        uplink = Uplink(spool, centre.post, clock)
        while not uplink.idle:
            uplink.step()
        spool.close()
        found = centre.taken()
        assert found == sorted(set(found)), f"cut at {at}"
        # What the centre had taken may be gone or still be there; all after it has to be there.
        assert set(range(taken + 1, kept + 1)) <= set(found), f"cut at {at}: kept {kept}, taken {taken}, found {found}"
        assert not list(into.glob("*damaged*")), f"cut at {at}"
