"""A device as the API shows it: its row, whether its agent is heard, and what the rules say of it now."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from server.centre import Centre
from server.devices.tables import Device
from server.times import rfc3339_or_none, to_ms

AgentState = Literal["up", "late", "silent", "never"]
GRACE_MS = 5_000  # on the way, and waiting its turn here
SILENT_AFTER_INTERVALS = 4
SILENT_AT_LEAST_MS = 60_000


def agent_state(received_ms: int | None, interval_s: float, now: datetime) -> AgentState:
    """``late``: two intervals without a word; ``silent``: four, and at least a minute."""
    if received_ms is None:
        return "never"
    age_ms = to_ms(now) - received_ms
    if age_ms <= 2 * interval_s * 1000 + GRACE_MS:
        return "up"
    return "late" if age_ms <= max(SILENT_AT_LEAST_MS, SILENT_AFTER_INTERVALS * interval_s * 1000) else "silent"


def device_object(centre: Centre, device: Device, now: datetime) -> dict[str, Any]:
    return {
        "device_no": device.device_no,
        "name": device.name,
        "kind": device.kind,
        "state": device.state,
        "health": "unknown",
        "health_reason": {"zh": "尚无数据", "en": "no data yet"},
        "last_seen": rfc3339_or_none(None),
        "interval_seconds": device.interval_s,
        "agent": {"state": agent_state(None, device.interval_s, now)},
    }


def device_whole(centre: Centre, device: Device, now: datetime) -> dict[str, Any]:
    """The same object with ``sources`` (what each said last) and ``findings``."""
    return {**device_object(centre, device, now), "sources": [], "findings": []}
