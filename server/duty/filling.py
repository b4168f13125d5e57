"""What the centre holds of a device now, read from its live view, events and alarms, and lines filled from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from checklists.duty.filling import Filled, judge_item
from checklists.duty.seen import AlarmSeen, DeviceSeen, Log, LogSeen, PartSeen
from checklists.duty.template import Check
from readings.model import Gap
from server.alarms.queries import open_alarms
from server.centre import Centre
from server.devices.ledger import all_devices
from server.devices.status import interval_of, last_heard
from server.devices.tables import Device
from server.happenings.explaining import SPOOL
from server.happenings.queries import bad_lines, gaps, lines_lost
from server.live import STALE_INTERVALS

Line = tuple[str, str, Check]  # (item, device_no, what verifies it)
AHEAD_MS = 3_600_000  # a device whose clock runs ahead may tell of what is yet to come


def fill(centre: Centre, lines: Sequence[Line], now_ms: int) -> dict[str, Filled]:
    """Item → the line as the newest readings fill it. A device is looked at once for all its lines."""
    devices = {device.device_no: device for device in all_devices(centre.records)}
    checks: dict[str, list[Check]] = defaultdict(list)
    for _, device_no, check in lines:
        checks[device_no].append(check)
    seen = {no: seen_of(centre, devices[no], asked, now_ms) for no, asked in checks.items()}
    return {item: judge_item(check, seen[device_no], now_ms) for item, device_no, check in lines}


def seen_of(centre: Centre, device: Device, checks: Iterable[Check], now_ms: int) -> DeviceSeen:
    """Only what these checks ask for is read."""
    checks = list(checks)
    metrics = {check.metric for check in checks}
    logs = {(check.source, check.severity, check.over_ms) for check in checks if check.rule == "no_events"}
    interval_s = interval_of(centre, device)
    return DeviceSeen(
        heard_ms=last_heard(centre, device.device_no),
        interval_s=interval_s,
        silent_ms=round(STALE_INTERVALS * interval_s * 1000),
        readings=_readings(centre, device.device_no, metrics),
        logs={log: _log(centre, device.device_no, log, now_ms) for log in logs},
        alarms=_alarms(centre, device.device_no) if any(check.rule == "no_alarms" for check in checks) else (),
    )


def _readings(centre: Centre, device_no: str, metrics: set[str]) -> dict[str, list[PartSeen]]:
    """Of a part that two sources tell, the newest."""
    newest: dict[tuple[str, str], PartSeen] = {}
    for value in centre.live.latest(device_no):
        key = (value.metric, value.part)
        if value.metric in metrics and (key not in newest or value.at_ms > newest[key].at_ms):
            newest[key] = PartSeen(value.part, value.at_ms, value.value, value.gap or "", value.source)
    found: dict[str, list[PartSeen]] = defaultdict(list)
    for (metric, _), part in newest.items():
        found[metric].append(part)
    return found


def _log(centre: Centre, device_no: str, log: Log, now_ms: int) -> LogSeen:
    source, severity, over_ms = log
    start_ms, end_ms = now_ms - over_ms, now_ms + AHEAD_MS
    count, newest = bad_lines(centre.records, device_no, source, severity, start_ms=start_ms, end_ms=end_ms)
    live = centre.live.devices.get(device_no)
    read = live.sources.get(source) if live is not None else None
    return LogSeen(
        read_ms=None if read is None else read.at_ms,
        gap=read.gap.word if read is not None and read.gap is not None else "",
        count=count,
        newest="" if newest is None else newest.text,
        newest_ms=None if newest is None else newest.at_ms,
        newest_id="" if newest is None else newest.id,
        missing=_missing(centre, device_no, source, start_ms, end_ms),
    )


def _missing(centre: Centre, device_no: str, source: str, start_ms: int, end_ms: int) -> str:
    """A log is read on from where it was left, so a pass that failed loses nothing; these two do."""
    if lines_lost(centre.records, device_no, source, start_ms, end_ms):
        return Gap.LOST.word
    dropped = (gap for gap in gaps(centre.records, device_no, start_ms, end_ms) if gap.source == SPOOL)
    return Gap.DROPPED.word if any(True for _ in dropped) else ""


def _alarms(centre: Centre, device_no: str) -> list[AlarmSeen]:
    return [
        AlarmSeen(alarm.id or 0, alarm.opened_ms, alarm.zh, alarm.en)
        for alarm in open_alarms(centre.records, device_no)
    ]
