"""A device as the API shows it: its row, whether its agent is heard, and what the rules say of it now."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from server.alarms.queries import event_alarms
from server.centre import Centre
from server.devices.card import card_of, service_life
from server.devices.ledger import all_devices
from server.devices.tables import Device
from server.judge.health import EventAlarm
from server.judge.routes import findings_of
from server.live import STALE_INTERVALS
from server.times import HOUSE, rfc3339, rfc3339_or_none, to_ms

AgentState = Literal["up", "late", "silent", "never"]
UP_INTERVALS = 2


def agent_state(heard_ms: int | None, interval_s: float, now: datetime) -> AgentState:
    """``late``: two intervals without a word; ``silent``: as many as make its readings stale."""
    if heard_ms is None:
        return "never"
    age_ms = to_ms(now) - heard_ms
    if age_ms <= UP_INTERVALS * interval_s * 1000:
        return "up"
    return "late" if age_ms <= STALE_INTERVALS * interval_s * 1000 else "silent"


def last_heard(centre: Centre, device_no: str) -> int | None:
    """Stored time of the newest tick of the device (ms), also of one before the centre's last start; None: never."""
    live, judged = centre.live.devices.get(device_no), centre.judge.states.get(device_no)
    return max(live.newest_ms if live else 0, judged.newest_ms if judged else 0) or None


def interval_of(centre: Centre, device: Device) -> float:
    """Seconds between its ticks: as its agent says, until then as the ledger says."""
    return centre.live.interval_of(device.device_no, device.interval_s)


def every_device(centre: Centre, now: datetime) -> list[dict[str, Any]]:
    alarms = event_alarms(centre.records, to_ms(now))
    return [device_object(centre, device, now, alarms.get(device.device_no)) for device in all_devices(centre.records)]


def device_object(centre: Centre, device: Device, now: datetime, alarm: EventAlarm | None = None) -> dict[str, Any]:
    """``alarm``: what events have opened for it."""
    health = centre.judge.health(device.device_no, alarm)
    heard_ms, interval_s = last_heard(centre, device.device_no), interval_of(centre, device)
    return {
        "device_no": device.device_no,
        "name": device.name,
        "kind": device.kind,
        "state": device.state,
        "life": device.life,
        "card": card_of(device),
        "service_life": service_life_object(device, now),
        "health": health.health.value,
        "health_reason": {"zh": health.reason.zh, "en": health.reason.en},
        "last_seen": rfc3339_or_none(heard_ms),
        "interval_seconds": interval_s,
        "agent": {"state": agent_state(heard_ms, interval_s, now)},
    }


def service_life_object(device: Device, now: datetime) -> dict[str, Any]:
    """``over`` None: nobody can say, the day of issue or the years are missing (1.5-2, 1.5-24)."""
    years, last, over = service_life(device, now.astimezone(HOUSE).date())
    return {"years": years, "ends_on": last.isoformat() if last else None, "over": over}


def device_whole(centre: Centre, device: Device, now: datetime) -> dict[str, Any]:
    """The same object with ``sources`` (what each said last) and ``findings``."""
    alarm = event_alarms(centre.records, to_ms(now), device.device_no).get(device.device_no)
    return {
        **device_object(centre, device, now, alarm),
        "sources": sources_of(centre, device.device_no),
        "findings": findings_of(centre.judge, device.device_no),
    }


def sources_of(centre: Centre, device_no: str) -> list[dict[str, Any]]:
    live = centre.live.devices.get(device_no)
    if live is None:
        return []
    return [
        {
            "name": name,
            "at": rfc3339(source.at_ms),
            "gap": None if source.gap is None else source.gap.word,
            "detail": source.detail,
        }
        for name, source in sorted(live.sources.items())
    ]
