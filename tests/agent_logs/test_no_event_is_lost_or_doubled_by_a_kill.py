"""The places in the logs and the tick that tells what came before them are on disk together, or neither is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.host.root import Root
from agent.oslog.syslog import Syslog
from agent.running import Passes
from readings.delivery.spool import Spool
from readings.model import Clocks
from readings.wire import unpack_batch


class Host:
    """An agent on a host with a syslog; ``kill`` leaves the spool's file as it is and forgets the rest."""

    def __init__(self, folder: Path, clocks: Callable[[], Clocks]) -> None:
        self.spool_file = folder / "spool.db"
        self.syslog = folder / "var/log/syslog"
        self.syslog.parent.mkdir(parents=True)
        self.syslog.touch()
        self._root = Root.under(folder)
        self._clocks = clocks
        self.start()

    def start(self) -> None:
        self.spool = Spool(self.spool_file)
        log = Syslog(self._root, self._clocks, self.spool.marks().get("syslog", ""))
        self.passes = Passes([], [log], self.spool, self._clocks)

    def kill(self) -> None:
        self.spool.close()
        self.start()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.sampled_from(["write", "pass", "kill", "kill before the disk"]), max_size=20))
def test_every_line_is_told_once(
    acts: list[str], tmp_path_factory: pytest.TempPathFactory, clocks: Callable[[], Clocks]
) -> None:
    host = Host(tmp_path_factory.mktemp("host"), clocks)
    host.passes.take()
    written: list[str] = []
    for act in [*acts, "pass"]:
        if act == "write":
            text = f"prog: line {len(written)}"
            written.append(text)
            with host.syslog.open("a") as file:
                file.write(f"<11>Nov 24 03:00:01 host {text}\n")
        elif act == "pass":
            host.passes.take()
        elif act == "kill":
            host.kill()
        else:
            # Read, and killed before the tick reached the disk.
            host.passes._runner.tick()
            host.kill()
    host.spool.close()
    epochs = sqlite3.connect(host.spool_file)
    texts: list[str] = []
    try:
        count = epochs.execute("select count(distinct epoch) from ticks").fetchone()[0]
    finally:
        epochs.close()
    spool = Spool(host.spool_file)
    for _ in range(count):
        parcel = spool.batch(10_000, 2**24)
        assert parcel is not None
        texts += [event.text for event in unpack_batch(parcel.payload).events]
        spool.acknowledge(parcel.epoch, parcel.last)
    spool.close()
    assert texts == written
