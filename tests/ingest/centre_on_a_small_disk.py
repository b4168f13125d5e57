"""Run inside a mount namespace: an inbox and a history on a disk of a few MB that fills up and is given room again.

``python centre_on_a_small_disk.py FOLDER BALLAST``: FOLDER lies on the small disk, BALLAST is a file on it to delete.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bench.batches import Agent
from server.history import History
from server.history.sealer import Bounds, Sealer
from server.inbox import Inbox, Pump, Sender, StoreFull, writer
from server.records import Records

SENDER = Sender("agent of A-1", "A-1")


async def scenario(folder: Path, ballast: Path) -> None:
    writer.PROBE_EVERY_S = 0.05
    agent = Agent("A-1")
    records = Records(folder / "records.db")
    history = History(Sealer(folder / "history", records, Bounds(seconds=1e9, samples=10**12)))
    inbox = Inbox(folder / "inbox.db", agent.now_ns)
    pump = Pump(inbox, [history])
    pump.start()
    acknowledged, refused = 0, None
    body = agent.body(20)
    while refused is None:
        try:
            await inbox.take(SENDER, body, agent.now_ns())
        except StoreFull as full:
            refused = full
        else:
            acknowledged = agent.number
            body = agent.body(20)
    assert "full" in str(refused), refused
    assert inbox.healthy() is not None
    ballast.unlink()  # noqa: ASYNC240 - nothing else runs on this loop
    while inbox.healthy() is not None:  # noqa: ASYNC110 - the health is what is asked for
        await asyncio.sleep(0.01)
    receipt = await inbox.take(SENDER, body, agent.now_ns())
    assert receipt.position == agent.number > acknowledged > 0, receipt
    assert pump.drain(10)
    history.seal()
    metric, part = agent.series[0]
    points = history.points("A-1", [(metric, part)], 0, 2**60)[metric, part]
    assert len(points.t) == len(set(points.t.tolist())) == agent.number, (len(points.t), agent.number)
    pump.stop()
    inbox.close()
    history.close()


if __name__ == "__main__":
    asyncio.run(asyncio.wait_for(scenario(Path(sys.argv[1]), Path(sys.argv[2])), 60))
