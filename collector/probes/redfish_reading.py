"""What a Redfish controller says of its machine: health, temperatures, fans, supplies and log, as pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collector.probes.redfish import Log, RedfishAnswer
from collector.probes.redfish_session import Resource
from readings.model import Event, Fact, Gap, Sample, Severity

# Resource.Health and Resource.State (DSP2046), as the states of hardware in the catalogue.
NORMAL, WARNED, FAILED, ABSENT, OFF = 1.0, 2.0, 3.0, 4.0, 5.0
HEALTH = {"OK": NORMAL, "Warning": WARNED, "Critical": FAILED}
STATES = {"Absent": ABSENT, "Disabled": OFF, "StandbyOffline": OFF, "UnavailableOffline": FAILED}
POWER = {"On": 1.0, "Off": 0.0, "PoweringOn": 2.0, "PoweringOff": 3.0, "Paused": 4.0}
SEVERITIES = {"OK": Severity.NOTICE, "Warning": Severity.WARNING, "Critical": Severity.CRITICAL}
FACTS = {"Manufacturer": "vendor", "Model": "model", "SerialNumber": "serial", "BiosVersion": "firmware"}
LONGEST_TEXT = 2000


def read(answer: RedfishAnswer) -> Iterator[Sample | Fact]:
    """Every series once, however often a controller names two things alike."""
    told: dict[tuple[str, str], int] = {}
    for item in _all(answer):
        if isinstance(item, Fact):
            yield item
            continue
        count = told[item.metric, item.part] = told.get((item.metric, item.part), 0) + 1
        yield item if count == 1 else Sample(item.metric, item.value, f"{item.part} #{count}")


def _all(answer: RedfishAnswer) -> Iterator[Sample | Fact]:
    yield from _machines(answer)
    yield from _parts(answer)
    yield Sample("redfish_failures_count", float(len(answer.failures)))


def _machines(answer: RedfishAnswer) -> Iterator[Sample | Fact]:
    for system in answer.systems:
        name = _name(system, "system")
        yield Sample("hardware_state", _state(system), name)
        if "PowerState" in system:
            yield Sample("system_power_state", _mapped(POWER, system["PowerState"]), name)
        for field, what in (("MemorySummary", "memory"), ("ProcessorSummary", "processors")):
            summary = system.get(field)
            if isinstance(summary, dict) and "Status" in summary:
                yield Sample("hardware_state", _state(summary), f"{name} {what}")
        for field, key in FACTS.items():
            if isinstance(system.get(field), str) and system[field].strip():
                yield Fact(key if len(answer.systems) == 1 else f"{key} {name}", system[field].strip())
    for chassis in answer.chassis:
        yield Sample("hardware_state", _state(chassis), f"chassis {_name(chassis, '')}".strip())
    for manager in answer.managers:
        name = _name(manager, "manager")
        yield Sample("hardware_state", _state(manager), name)
        if isinstance(manager.get("FirmwareVersion"), str):
            yield Fact(f"firmware {name}", manager["FirmwareVersion"])


def _parts(answer: RedfishAnswer) -> Iterator[Sample]:
    for thermal in answer.thermal:
        yield from _temperatures(thermal)
        yield from _fans(thermal)
    for power in answer.power:
        yield from _supplies(power)
    for sensor in answer.sensors:
        yield from _sensor(sensor)
    for fan in answer.fans:
        yield from _fan_of_subsystem(fan)
    for supply, metrics in answer.supplies:
        yield from _supply_of_subsystem(supply, metrics)


def _temperatures(thermal: Resource) -> Iterator[Sample]:
    for sensor in _listed(thermal, "Temperatures"):
        name = _name(sensor, "temperature")
        yield Sample("temperature_state", _state(sensor), name)
        if not _away(_state(sensor)):
            yield Sample("temperature_celsius", _number(sensor.get("ReadingCelsius")), name)


def _fans(thermal: Resource) -> Iterator[Sample]:
    for fan in _listed(thermal, "Fans"):
        name = _name(fan, "fan")
        yield Sample("fan_state", _state(fan), name)
        if _away(_state(fan)):
            continue
        speed, unit = _number(fan.get("Reading")), fan.get("ReadingUnits")
        if unit == "Percent":
            yield Sample("fan_drive_ratio", speed if isinstance(speed, Gap) else speed / 100, name)
        else:
            # Older controllers leave the unit out; a speed without one may be either.
            yield Sample("fan_rpm", speed if unit == "RPM" else Gap.UNREADABLE, name)


def _supplies(power: Resource) -> Iterator[Sample]:
    for number, supply in enumerate(_listed(power, "PowerSupplies"), 1):
        name = _name(supply, f"supply {number}")
        yield Sample("power_supply_state", _state(supply), name)
        if _away(_state(supply)):
            continue
        for field in ("PowerOutputWatts", "LastPowerOutputWatts"):
            if supply.get(field) is not None:
                yield Sample("power_supply_power_watts", _number(supply[field]), name)
                break
        if "LineInputVoltage" in supply:
            yield Sample("power_supply_voltage_volts", _number(supply["LineInputVoltage"]), name)
    for control in _listed(power, "PowerControl"):
        if "PowerConsumedWatts" in control:
            yield Sample("power_watts", _number(control["PowerConsumedWatts"]), _name(control, "power"))


# ReadingUnits of a Sensor (UCUM) → metric; other sensors repeat what fans and supplies say of themselves.
SENSOR_UNITS = {"Cel": "temperature_celsius"}


def _sensor(sensor: Resource) -> Iterator[Sample]:
    metric = SENSOR_UNITS.get(str(sensor.get("ReadingUnits")))
    if metric is None:
        return
    name = _name(sensor, "temperature")
    yield Sample("temperature_state", _state(sensor), name)
    if not _away(_state(sensor)):
        yield Sample(metric, _number(sensor.get("Reading")), name)


def _fan_of_subsystem(fan: Resource) -> Iterator[Sample]:
    name = _name(fan, "fan")
    yield Sample("fan_state", _state(fan), name)
    speed = fan.get("SpeedPercent")
    if _away(_state(fan)) or not isinstance(speed, dict):
        return
    if "SpeedRPM" in speed:
        yield Sample("fan_rpm", _number(speed["SpeedRPM"]), name)
    share = _number(speed.get("Reading"))
    yield Sample("fan_drive_ratio", share if isinstance(share, Gap) else share / 100, name)


def _supply_of_subsystem(supply: Resource, metrics: Resource) -> Iterator[Sample]:
    name = _name(supply, "supply")
    yield Sample("power_supply_state", _state(supply), name)
    if _away(_state(supply)):
        return
    for field, metric in (
        ("OutputPowerWatts", "power_supply_power_watts"),
        ("InputVoltage", "power_supply_voltage_volts"),
    ):
        told = metrics.get(field)
        if isinstance(told, dict):
            yield Sample(metric, _number(told.get("Reading")), name)


def _away(state: float | Gap) -> bool:
    # A gap is a number to Python, and one of them is 4: it must not be taken for a state.
    return not isinstance(state, Gap) and state in {ABSENT, OFF}


def _listed(resource: Resource, name: str) -> list[Mapping[str, Any]]:
    found = resource.get(name)
    listed: list[Mapping[str, Any]] = found[:500] if isinstance(found, list) else []
    return [one for one in listed if isinstance(one, dict)]


def _name(resource: Resource, default: str) -> str:
    for field in ("Name", "FanName", "MemberId", "Id"):
        told = resource.get(field)
        if isinstance(told, str) and told.strip():
            return told.strip()[:120]
    return default


def _number(written: Any) -> float | Gap:
    """``null`` is how a controller says that it has no reading."""
    if written is None:
        return Gap.UNREADABLE
    return float(written) if isinstance(written, int | float) and not isinstance(written, bool) else Gap.UNREADABLE


def _mapped(states: Mapping[str, float], word: Any) -> float | Gap:
    return states.get(word, Gap.UNREADABLE) if isinstance(word, str) else Gap.UNREADABLE


def _state(resource: Resource) -> float | Gap:
    """What stands and falls with its state first; then its health, the worse of its own and of what it holds."""
    status = resource.get("Status")
    if not isinstance(status, dict):
        return Gap.NOT_OFFERED
    state = status.get("State")
    if isinstance(state, str) and state in STATES:
        return STATES[state]
    words = [status[field] for field in ("Health", "HealthRollup") if status.get(field) is not None]
    found = [_mapped(HEALTH, word) for word in words]
    known = [one for one in found if not isinstance(one, Gap)]
    worst = max(known, default=NORMAL)
    if not words or (len(known) < len(found) and worst == NORMAL):
        return Gap.UNREADABLE
    return worst


@dataclass(frozen=True, slots=True)
class Place:
    """Which entries of which log were there at the last look, each by id and moment."""

    logs: Mapping[str, frozenset[tuple[str, str]]]


def news(answer: RedfishAnswer, before: Place | None) -> tuple[list[Event], Place]:
    """Entries that were not there ``before``, oldest first. A log at its first look is counted, not told."""
    told: list[Event] = []
    logs = dict(before.logs) if before is not None else {}
    for log in answer.logs:
        keys = frozenset(_key(entry) for entry in log.entries)
        known = logs.get(log.path)
        if known is None:
            if keys:
                text = f"{log.name} holds {len(keys)} entries from before this watch began; they are not told"
                told.append(Event("redfish", "log_begins", Severity.NOTICE, text))
        else:
            told += _news_of(log, known, keys)
        logs[log.path] = keys
    return told, Place(logs)


def _news_of(log: Log, known: frozenset[tuple[str, str]], keys: frozenset[tuple[str, str]]) -> Iterator[Event]:
    if known and not known & keys:
        text = f"{log.name} was erased: of its {len(known)} entries none is left, now it holds {len(keys)}"
        yield Event("redfish", "bmc_log_erased", Severity.ERROR, text)
    fresh = {_key(entry): entry for entry in log.entries if _key(entry) not in known}
    for (number, created), entry in sorted(fresh.items(), key=lambda one: (one[0][1], one[0][0])):
        words = entry.get("Message") or entry.get("Name") or "an entry without a text"
        level = SEVERITIES.get(str(entry.get("Severity")), Severity.WARNING)
        text = f"{log.name}: {words}"[:LONGEST_TEXT]
        yield Event("redfish", "bmc_event", level, text, wall_ns=_wall_ns(created), cursor=f"{log.path}/{number}"[:200])


def _key(entry: Resource) -> tuple[str, str]:
    """Ids begin anew after an erasure: the moment tells two entries of one id apart."""
    return str(entry.get("Id") or entry.get("@odata.id") or ""), str(entry.get("Created") or "")


def _wall_ns(created: str) -> int | None:
    try:
        at = datetime.fromisoformat(created)
    except ValueError:
        return None
    # A stamp without an offset is of a clock nobody described.
    return int(at.timestamp()) * 10**9 if at.tzinfo is not None and at.year >= 2005 else None
