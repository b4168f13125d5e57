"""The receiving side of the centre at work, to be cut off from its power: ``python -m bench.centre_under_cut FOLDER``.

Takes batches of two agents, seals and releases often, and writes ``<device_no> <last tick>`` to FOLDER/.marks after
each acknowledgement. ``what_is_left`` opens a folder again, as the centre does after a power cut, and reads everything.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path

from bench.batches import Agent, series_of
from server.history import History
from server.history.sealer import Bounds, Sealer
from server.inbox import Inbox, Pump, Sender, pump, store
from server.records import Records

BATCHES = 40
DEVICES = ("D-1", "D-2")
SERIES = series_of(3)
BY_HAND = Bounds(seconds=1e9, samples=10**12)


async def work(folder: Path) -> None:
    pump.RELEASE_EVERY_S = 0.0
    store.CHECKPOINT_PAGES = 24
    now = Agent("").now_ns(BATCHES * 2)
    records = Records(folder / "records.db")
    history = History(Sealer(folder / "history", records, BY_HAND))
    inbox = Inbox(folder / "inbox.db", lambda: now)
    pumping = Pump(inbox, [history])
    pumping.start()
    agents = [Agent(device_no, SERIES, seed=n, ticks_behind=BATCHES * 2) for n, device_no in enumerate(DEVICES)]
    with (folder / ".marks").open("ab", buffering=0) as marks:
        for turn in range(BATCHES):
            for agent in agents:
                await inbox.take(Sender(f"agent of {agent.device_no}", agent.device_no), agent.body(2), now)
                marks.write(f"{agent.device_no} {agent.number}\n".encode())
            if turn % 5 == 4:
                pumping.drain(30)
                history.seal()
    pumping.stop()
    inbox.close()


def what_is_left(folder: Path) -> dict[str, Counter[tuple[str, int]]]:
    """device_no → how often each (part of the series, stored ms) is there, after replay and a seal."""
    records = Records(folder / "records.db")
    history = History(Sealer(folder / "history", records, BY_HAND))
    inbox = Inbox(folder / "inbox.db", lambda: 0)
    pumping = Pump(inbox, [history])
    pumping.start()
    assert pumping.drain(30), pumping.healthy()
    history.seal()
    pumping.stop()
    inbox.close()
    left = {
        device_no: Counter(
            (f"{metric}/{part}", ms)
            for (metric, part), points in history.points(device_no, SERIES, 0, 2**60).items()
            for ms in points.t.tolist()
        )
        for device_no in DEVICES
    }
    history.close()
    records.close()
    return left


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1])))
