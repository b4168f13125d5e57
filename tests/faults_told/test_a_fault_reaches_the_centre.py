"""From the broken part to the alarm: an agent's pass, its spool and wire, and what the centre makes of the batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.all_sources import all_sources
from agent.host.root import Root
from agent.running import Passes
from checklists.verdicts import RuleSeverity
from readings.delivery.answer import Answer
from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from readings.model import Clocks
from readings.wire import Batch, unpack_batch, unpack_envelope
from server.alarms.queries import open_alarms
from server.happenings.happenings import Happenings
from server.inbox.arrival import Arrival, Sender
from server.records import Records

Programs = Any  # the one of conftest, which a test folder without packages cannot import


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records(tmp_path / "records.db")
    yield opened
    opened.close()


@pytest.fixture
def deliver(
    tmp_path: Path, host: Path, clocks: Callable[[], Clocks], programs: Programs, records: Records
) -> Iterator[Callable[[], None]]:
    """One pass of the agent, sent, and applied by the centre."""
    spool = Spool(tmp_path / "spool.db")
    batches: list[Batch] = []

    def post(body: bytes) -> Answer:
        envelope = unpack_envelope(body)
        if envelope.payload:
            batches.append(unpack_batch(envelope.payload))
        now = clocks().wall_ns
        receipt = {"epoch": envelope.epoch, "position": envelope.last, "received": now, "replied": now}
        return Answer(200, json.dumps(receipt).encode())

    seen = all_sources(Root.under(host), clocks, spool.marks(), pace_s=0, programs=programs, wait_s=20)
    passes = Passes(seen.sources, seen.logs, spool, clocks)
    uplink = Uplink(spool, post, clocks)

    def send() -> None:
        passes.take()
        before = len(batches)
        for _ in range(5):
            uplink.step()
        for number, batch in enumerate(batches[before:], before + 1):
            at_ms = clocks().wall_ns // 10**6
            times = [at_ms for _ in batch.ticks]
            sender = Sender("agent-1", "SRV-1")
            Happenings(records).apply([Arrival(number, sender, "e1", at_ms, batch, None, times, None, False)])

    yield send
    spool.close()


def test_faults_of_every_kind_open_their_alarms_once(
    deliver: Callable[[], None], strike: Callable[[str], None], records: Records
) -> None:
    deliver()
    assert open_alarms(records) == []
    for fault in ("remounted_read_only", "kernel_died_of_machine_check", "machine_check"):
        strike(fault)
    deliver()
    deliver()
    told = {alarm.en: alarm.severity for alarm in open_alarms(records)}
    assert len(told) == len(open_alarms(records)) == 4
    assert set(told.values()) == {RuleSeverity.FAULT.value}
    for words in ("/data (ext4) takes no more writes", "mce-erst-7100000000000000001", "Kernel panic", "taint bit 4"):
        assert any(words in text for text in told), words
