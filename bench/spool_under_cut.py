"""The sender's spool at work, to be cut off from its power: ``python -m bench.spool_under_cut FOLDER``.

Two openings; ticks are appended, sent, acknowledged. FOLDER/.marks gets ``kept N`` after the append of tick N and
``taken N`` once the centre has it. ``what_arrives`` opens a folder again, as after a power cut, and sends all there is.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from tests.delivery.model import Centre, Clock, tick

OPENINGS, ROUNDS = 2, 60
NEWEST = 1000  # serial of the tick that is taken after the cut


def work(folder: Path) -> None:
    clock = Clock()
    centre = Centre(clock)
    serial = 0
    with (folder / ".marks").open("ab", buffering=0) as marks:
        for opening in range(OPENINGS):
            spool = Spool(folder / "spool.db")
            uplink = Uplink(spool, centre.post, clock, limit_ticks=5)
            for turn in range(ROUNDS):
                serial += 1
                clock.run(15)
                assert spool.append(tick(clock, serial, random.Random(serial).randbytes(2000))).durable
                marks.write(f"kept {serial}\n".encode())
                if turn % 9 > 4:
                    uplink.step()
                    uplink.step()
                    marks.write(f"taken {max(centre.taken(), default=0)}\n".encode())
            if opening < OPENINGS - 1:
                spool.close()


def what_arrives(folder: Path) -> list[int]:
    """Serials in the order in which a centre that has nothing yet takes them; the last is NEWEST."""
    clock = Clock(boot=2)
    centre = Centre(clock)
    spool = Spool(folder / "spool.db")
    spool.append(tick(clock, NEWEST))
    uplink = Uplink(spool, centre.post, clock)
    while not uplink.idle:
        uplink.step()
    spool.close()
    return centre.taken()


if __name__ == "__main__":
    work(Path(sys.argv[1]))
