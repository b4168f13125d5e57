"""gufo and pysnmp read the same from every public recording, played by a real agent.

Of each what its type asks for is played, cut to some lines of each table. All of them take two minutes and are played
under CI=true; elsewhere one of each type is.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from collector.device_type import DeviceType
from collector.identify import every_root, identify, read_device
from collector.protocols.snmp import SYS_UPTIME, Manner
from collector.protocols.snmp_quick import QuickAgent
from collector.protocols.snmp_tolerant import TolerantAgent
from collector.recording import read_recording
from collector.subtrees import Subtrees
from collector.walk import index_order
from readings.model import Gap
from tests.polling.conftest import Responder, free_port, snmprec_line
from tests.recordings import recordings

MOST_BYTES = 3 * 2**20
MOST_LINES = 100
FAMILY = json.loads((Path(__file__).parents[1] / "recognising" / "golden" / "family.json").read_text())
ONE_OF_EACH = sorted({row["type"]: name for name, row in FAMILY.items()}.values())
PLAYED = sorted(recordings()) if os.environ.get("CI") == "true" else ONE_OF_EACH


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory, types: dict[str, DeviceType]) -> Iterator[Responder]:
    folder = tmp_path_factory.mktemp("family")
    wanted = Subtrees(every_root(types.values()))
    played = {name: recordings()[name] for name in PLAYED}
    for name, path in {**played, "geist": recordings()["geist-temperature-sensor"]}.items():
        walk = read_recording(path, wanted.__contains__, MOST_BYTES).walk()
        asked = Subtrees((*identify(walk, types).roots(), "1.3.6.1.2.1.1"))
        names = [oid for oid in walk.names() if oid in asked]
        # Every n-th, so that something of each table is there.
        kept = [oid for at, oid in enumerate(names) if at % (len(names) // MOST_LINES + 1) == 0 or "1.2.1.1." in oid]
        lines = (snmprec_line(oid, walk.value(oid)) for oid in sorted(kept, key=index_order))
        text = "".join(lines) or f"{SYS_UPTIME}|67|1\n"  # of three nothing is asked but how long they are up
        (folder / f"{name}.snmprec").write_text(text, encoding="ascii")
    running = Responder(folder, free_port())
    running.start()
    yield running
    running.stop()


@pytest.mark.parametrize("name", PLAYED)
def test_both_transports_read_the_same(name: str, family: Responder, types: dict[str, DeviceType]) -> None:
    target = replace(family.target(name), timeout_s=10.0)
    recorded = read_recording(family.folder / f"{name}.snmprec").walk()
    type_ = identify(recorded, types)
    roots = [root for root in type_.roots() if recorded.has(root)]

    async def go() -> list[list[tuple[str, str, float | Gap]]]:
        seen: list[list[tuple[str, str, float | Gap]]] = []
        tolerant = TolerantAgent(target)
        for agent in (QuickAgent(target), tolerant):
            answers = {}
            for root in roots:
                rows = await agent.rows(root, Manner(repetitions=25))
                assert rows.remark == ""
                answers.update(rows.values)
                if root.endswith(".0"):
                    answers.update(await agent.get([root]))
            reading = read_device(type_, type(recorded)(answers))
            seen.append([(one.metric, one.part, one.value) for one in reading.samples])
        tolerant.close()
        return seen

    quick, tolerant_ = asyncio.run(go())
    assert quick == tolerant_
    assert quick == [(one.metric, one.part, one.value) for one in read_device(type_, recorded).samples]
