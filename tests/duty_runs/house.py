"""A small house: servers whose agents really send, people at their posts, and a round over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
from sqlmodel import col, select

from readings.model import GAP_FLOATS, Gap
from readings.wire import (
    Batch,
    Block,
    Clock,
    Dropped,
    Envelope,
    SourceGap,
    Tick,
    WireEvent,
    pack_batch,
    pack_envelope,
    pack_series,
)
from server.audit.tables import AuditEntry
from server.centre import Centre
from server.duty.tables import ChecklistItem
from server.times import to_ns
from tests.fixtures_centre import PASSWORD, Client, HandClock

Values = Mapping[tuple[str, str], float | Gap]
Said = Mapping[str, Values | Gap]  # source → what it gave, or why nothing

WELL: dict[str, dict[tuple[str, str], float | Gap]] = {
    "cpu": {("cpu_busy_ratio", "total"): 0.2},
    "memory": {("memory_used_ratio", ""): 0.5},
    "filesystems": {
        ("filesystem_used_ratio", "/"): 0.4,
        ("filesystem_used_ratio", "/var"): 0.6,
        ("filesystem_inodes_used_ratio", "/"): 0.1,
        ("filesystem_inodes_used_ratio", "/var"): 0.1,
    },
    "kernel_log": {("log_events_total", "kernel"): 0.0},
}


@dataclass
class Server:
    """One server with its agent. Each ``tell`` is a tick read and sent now."""

    device_no: str
    agent: Client
    centre: Centre
    clock: HandClock
    booted_ns: int
    number: int = 0
    sent: list[bytes] = field(default_factory=list)

    def tell(
        self,
        said: Said | None = None,
        *,
        errors: tuple[str, ...] = (),
        lost: bool = False,
        dropped: bool = False,
        wall_ahead_s: float = 0.0,
    ) -> None:
        """``said`` stands over what a well server says; ``errors`` are lines of its kernel."""
        self.number += 1
        now_ns = to_ns(self.clock())
        boottime, wall = now_ns - self.booted_ns, now_ns + round(wall_ahead_s * 1e9)
        told = {**WELL, **(said or {})}
        events = [
            WireEvent("", 0, index, "kernel_log", "kernel_log", 3, text, boottime) for index, text in enumerate(errors)
        ]
        if lost:
            events.append(WireEvent("", 0, len(events), "kernel_log", "log_lost", 4, "7 messages unread", boottime))
        batch = Batch(
            boots=["boot-1"],
            ticks=[Tick(self.number, 0, boottime, wall)],
            blocks=[block(source, values) for source, values in told.items() if not isinstance(values, Gap)],
            gaps=[SourceGap("", source, [0], int(gap), "") for source, gap in told.items() if isinstance(gap, Gap)],
            events=events,
            dropped=[Dropped(1, 4, "boot-1", boottime - 10**11, boottime - 10**10, 0, 0)] if dropped else [],
            interval_s=15.0,
        )
        clock = Clock("boot-1", boottime, wall)
        body = pack_envelope(Envelope(1, "epoch-1", self.number, self.number, clock, pack_batch(batch), b""))
        answer = self.agent.post("/api/v1/batches", content=body)
        assert answer.status_code == 200, answer.text
        assert self.centre.pump.drain(20)


def block(source: str, values: Values) -> Block:
    matrix = [GAP_FLOATS[value] if isinstance(value, Gap) else float(value) for value in values.values()]
    return Block("", source, [0], pack_series(list(values)), np.array(matrix, dtype="<f8").tobytes())


@dataclass
class Round:
    """A run as the person behind ``client`` works on it."""

    client: Client
    number: str

    def read(self) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/runs/{self.number}")
        assert answer.status_code == 200, answer.text
        whole: dict[str, Any] = answer.json()
        return whole

    def line(self, item: str) -> dict[str, Any]:
        return next(line for line in self.read()["items"] if line["item"] == item)

    def by(self, client: Client) -> Round:
        """The same run in another person's hands."""
        return Round(client, self.number)

    def confirm(self, item: str, version: int | None = None, **said: Any) -> httpx.Response:
        """``version`` None: as it is now."""
        body = {"version": self.line(item)["version"] if version is None else version, **said}
        return self.client.post(f"/api/v1/runs/{self.number}/items/{quote(item)}/confirm", json=body)

    def review(self, item: str, version: int | None = None, agree: bool = True, **said: Any) -> httpx.Response:
        body = {"version": self.line(item)["version"] if version is None else version, "agree": agree, **said}
        return self.client.post(f"/api/v1/runs/{self.number}/items/{quote(item)}/review", json=body)

    def close(self, password: str = PASSWORD, **more: Any) -> httpx.Response:
        return self.client.post(f"/api/v1/runs/{self.number}/close", json={"password": password, **more})

    def confirm_all(self) -> None:
        for line in self.read()["items"]:
            said = {} if line["verdict"] == "normal" else {"result": line["verdict"] or "normal", "note": "seen"}
            assert self.confirm(line["item"], line["version"], **said).status_code == 200, line

    def review_all(self) -> None:
        """Whatever is not reviewed yet."""
        for line in self.read()["items"]:
            if line["state"] == "confirmed":
                assert self.review(line["item"], line["version"]).status_code == 200, line


def kept(centre: Centre) -> tuple[list[dict[str, Any]], int]:
    """Every line as stored, and how long the audit chain is: what a refusal leaves alone."""
    with centre.records.session() as session:
        rows = [row.model_dump() for row in session.exec(select(ChecklistItem))]
        return rows, len(session.exec(select(AuditEntry)).all())


def acts(centre: Centre, act: str) -> list[AuditEntry]:
    with centre.records.session() as session:
        asked = select(AuditEntry).where(AuditEntry.act == act).order_by(col(AuditEntry.sequence))
        return list(session.exec(asked))
