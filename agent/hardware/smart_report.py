"""What ``smartctl --json -x`` says of one disk, ATA, NVMe or SAS, and what its exit code means.

The exit code is a mask (smartctl(8)): 0 command line, 1 open failed, 2 a command failed, 3 failing now, 4 an attribute
below its threshold, 5 was below once, 6 errors in the log, 7 failed self-tests. Bits 0 to 2 without a verdict in the
answer are no evidence of health: a gap, never "passed".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from readings.model import Fact, Gap, Sample, SourceFailed

COULD_NOT_ASK = 0b011
FAILING, PREFAIL = 1 << 3, 1 << 4
# ATA attributes whose raw value is a count everywhere: (number, metric).
ATTRIBUTES = (
    (5, "smart_reallocated_sectors_total"),
    (187, "smart_reported_uncorrected_total"),
    (188, "smart_command_timeouts_total"),
    (197, "smart_pending_sectors_count"),
    (198, "smart_offline_uncorrected_sectors_count"),
    (199, "smart_interface_errors_total"),
)
LOW_32_BITS = 0xFFFF_FFFF
LOW_16_BITS = 0xFFFF
NVME = (
    ("critical_warning", "nvme_critical_warning", 1.0),
    ("available_spare", "nvme_available_spare_ratio", 0.01),
    ("available_spare_threshold", "nvme_spare_threshold_ratio", 0.01),
    ("percentage_used", "nvme_life_used_ratio", 0.01),
    ("media_errors", "nvme_media_errors_total", 1.0),
    ("num_err_log_entries", "smart_error_log_entries_total", 1.0),
    ("unsafe_shutdowns", "nvme_unsafe_shutdowns_total", 1.0),
)
FACTS = {
    "model": ("model_name", "scsi_model_name"),
    "serial": ("serial_number",),
    "firmware": ("firmware_version", "scsi_revision"),
}
Json = Mapping[str, Any]


def report(part: str, text: str, *, virtual: bool = False) -> list[Sample | Fact]:
    """Raises SourceFailed: nothing there to read, with the reason smartctl gives."""
    said = _object(text, part)
    mask = int(_dig(said, "smartctl", "exit_status") or 0)
    if mask & COULD_NOT_ASK:
        raise _refusal(said, mask, part, virtual)
    told: list[Sample | Fact] = [Sample("smart_health_passed", health(said, mask), part)]
    told.append(Sample("smart_below_threshold", float(bool(mask & PREFAIL)), part))
    told.append(Sample("smart_exit_status", float(mask), part))
    told += common(said, part)
    if "nvme_smart_health_information_log" in said or _dig(said, "device", "protocol") == "NVMe":
        told += nvme(said, part)
    elif _dig(said, "device", "protocol") == "SCSI":
        told += scsi(said, part)
    else:
        told += ata(said, part)
    return told


def health(said: Json, mask: int) -> float | Gap:
    """1 passed, 0 failing. Failing is believed from either; passed needs the disk's own word."""
    passed = _dig(said, "smart_status", "passed")
    if mask & FAILING or passed is False:
        return 0.0
    return 1.0 if passed is True else Gap.UNREADABLE


def common(said: Json, part: str) -> Iterator[Sample | Fact]:
    for fact, keys in FACTS.items():
        value = next((said[key] for key in keys if isinstance(said.get(key), str)), None)
        if value:
            yield Fact(f"disk.{part}.{fact}", value.strip())
    yield Sample("disk_temperature_celsius", _number(said, "temperature", "current"), part)
    hours = _number(said, "power_on_time", "hours")
    yield Sample("disk_powered_on_seconds", hours if isinstance(hours, Gap) else hours * 3600, part)


def ata(said: Json, part: str) -> Iterator[Sample]:
    """What the disk keeps no attribute for is not offered."""
    table = _dig(said, "ata_smart_attributes", "table")
    raw = {
        row.get("id"): _dig(row, "raw", "value")
        for row in (table if isinstance(table, list) else [])
        if isinstance(row, dict)
    }
    for number, metric in ATTRIBUTES:
        value = raw.get(number)
        if not isinstance(value, int):
            yield Sample(metric, Gap.NOT_OFFERED if number not in raw else Gap.UNREADABLE, part)
            continue
        # Makers pack more into the upper bytes: three 16-bit counts of time-outs, temperatures, lifetimes.
        yield Sample(metric, float(value & (LOW_16_BITS if number == 188 else LOW_32_BITS)), part)
    entries = _number(said, "ata_smart_error_log", "extended", "count")
    if isinstance(entries, Gap):
        entries = _number(said, "ata_smart_error_log", "summary", "count")
    yield Sample("smart_error_log_entries_total", entries, part)
    yield from self_tests(said, part, "ata_smart_self_test_log", "extended", "standard")
    rows = _rows(said, "ata_smart_self_test_log", "extended", "table") or _rows(
        said, "ata_smart_self_test_log", "standard", "table"
    )
    ended = [
        _number(row, "lifetime_hours")
        for row in rows
        if _dig(row, "status", "passed") is True and "extended" in str(_dig(row, "type", "string")).lower()
    ]
    yield long_test_age(said, part, ended, wraps_at=1 << 16)


def self_tests(said: Json, part: str, log: str, *kinds: str) -> Iterator[Sample]:
    """How many failed, and whether the newest that ended passed."""
    logs = [found for kind in kinds if isinstance(found := _dig(said, log, kind), dict)]
    chosen: Json = logs[0] if logs else {}
    count = _number(chosen, "error_count_total")
    table = chosen.get("table")
    newest = table[0] if isinstance(table, list) and table and isinstance(table[0], dict) else {}
    passed = _dig(newest, "status", "passed")
    if isinstance(count, Gap) and isinstance(table, list):
        count = float(sum(_dig(row, "status", "passed") is False for row in table if isinstance(row, dict)))
    yield Sample("smart_self_tests_failed_count", count, part)
    yield Sample("smart_self_test_passed", float(passed) if isinstance(passed, bool) else Gap.NOT_OFFERED, part)


def long_test_age(said: Json, part: str, ended: list[float | Gap], wraps_at: int = 0) -> Sample:
    """Hours powered on since the newest long test that passed. ATA keeps sixteen bits of them, which go round."""
    hours = _number(said, "power_on_time", "hours")
    known = [at for at in ended if not isinstance(at, Gap)]
    if isinstance(hours, Gap) or not known:
        return Sample("smart_long_self_test_age_seconds", Gap.NOT_OFFERED, part)
    ages = [(hours - at) % wraps_at if wraps_at else hours - at for at in known]
    return Sample("smart_long_self_test_age_seconds", min(ages) * 3600, part)


def nvme(said: Json, part: str) -> Iterator[Sample]:
    """An NVMe disk must have its health log: without it every value is unreadable, not absent."""
    log = said.get("nvme_smart_health_information_log")
    known: Json = log if isinstance(log, dict) else {}
    missing = Gap.NOT_OFFERED if known else Gap.UNREADABLE
    for key, metric, scale in NVME:
        value = known.get(key)
        there = isinstance(value, int) and not isinstance(value, bool)
        yield Sample(metric, value / round(1 / scale) if there and value is not None else missing, part)
    tests = _rows(said, "nvme_self_test_log", "table")
    codes = [_dig(row, "self_test_result", "value") for row in tests]
    yield long_test_age(
        said,
        part,
        [
            _number(row, "power_on_hours")
            for row, code in zip(tests, codes, strict=True)
            if code == 0 and "extended" in str(_dig(row, "self_test_code", "string")).lower()
        ],
    )
    if codes:
        yield Sample("smart_self_tests_failed_count", float(sum(code in {5, 6, 7} for code in codes)), part)
        yield Sample(
            "smart_self_test_passed", float(codes[0] == 0) if codes[0] in {0, 5, 6, 7} else Gap.NOT_OFFERED, part
        )


def scsi(said: Json, part: str) -> Iterator[Sample]:
    """SAS: grown defects, errors that could not be corrected by direction, and what background scans found."""
    yield Sample("scsi_grown_defects_count", _number(said, "scsi_grown_defect_list"), part)
    log = said.get("scsi_error_counter_log")
    for way in ("read", "write", "verify"):
        count = _number(log, way, "total_uncorrected_errors") if isinstance(log, dict) else Gap.NOT_OFFERED
        yield Sample("scsi_uncorrected_errors_total", count, f"{part}/{way}")
    # 7.2 leaves the self-tests of SAS disks out, 7.4 names them scsi_self_test_0 and up, the newest first.
    results = [_dig(said, f"scsi_self_test_{number}", "result", "value") for number in range(20)]
    codes = [code for code in results if isinstance(code, int)]
    failed: float | Gap = float(sum(code in range(3, 8) for code in codes)) if codes else Gap.NOT_OFFERED
    yield Sample("smart_self_tests_failed_count", failed, part)
    ended = next((code for code in codes if code == 0 or code in range(3, 8)), None)
    yield Sample("smart_self_test_passed", Gap.NOT_OFFERED if ended is None else float(ended == 0), part)


def _refusal(said: Json, mask: int, part: str, virtual: bool) -> SourceFailed:
    messages = said.get("smartctl", {}).get("messages")
    words = "; ".join(
        str(message.get("string"))[:200]
        for message in (messages if isinstance(messages, list) else [])
        if isinstance(message, dict)
    )
    why = f"smartctl on {part}: exit {mask}: {words or 'no reason given'}"
    if "ermission denied" in words or "not permitted" in words:
        return SourceFailed(Gap.REFUSED, f"{why} (needs root, or CAP_SYS_RAWIO and CAP_SYS_ADMIN)")
    if virtual and "detect device type" in words:
        return SourceFailed(Gap.NOT_OFFERED, f"{why} (a disk of a virtual machine has no SMART of its own)")
    return SourceFailed(Gap.UNREADABLE, why)


def _object(text: str, part: str) -> Json:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceFailed(Gap.UNREADABLE, f"smartctl on {part}: no JSON but {text[:120]!r} ({error})") from error
    if not isinstance(said, dict) or not isinstance(said.get("smartctl"), dict):
        raise SourceFailed(Gap.UNREADABLE, f"smartctl on {part}: not its JSON: {text[:120]!r}")
    return said


def _dig(said: Any, *keys: str) -> Any:
    for key in keys:
        said = said.get(key) if isinstance(said, dict) else None
    return said


def _rows(said: Json, *keys: str) -> list[Json]:
    table = _dig(said, *keys)
    return [row for row in table if isinstance(row, dict)] if isinstance(table, list) else []


def _number(said: Any, *keys: str) -> float | Gap:
    value = _dig(said, *keys)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Gap.NOT_OFFERED if value is None else Gap.UNREADABLE
    return float(value)
