"""Any UPS that speaks the standard UPS-MIB (RFC 1628)."""

from __future__ import annotations

from collections.abc import Iterator

from collector.source import SnmpSource, Unmapped
from collector.walk import Walk
from readings.model import Fact, Gap, Sample

UPS = "1.3.6.1.2.1.33.1"
IDENTITY, BATTERY, INPUT, OUTPUT, BYPASS = (f"{UPS}.{at}" for at in range(1, 6))
ALARMS, TEST = f"{UPS}.6.1.0", f"{UPS}.7.3.0"
BATTERY_STATUS, BATTERY_SECONDS, MINUTES_LEFT = (f"{BATTERY}.{at}.0" for at in (1, 2, 3))
OUTPUT_SOURCE = f"{OUTPUT}.1.0"
BATTERY_STATES, SOURCES, TESTS = range(1, 5), range(1, 8), range(1, 7)
NORMAL = 2
SENTINELS = (-1, 65535, 2**31 - 1, -(2**31))
FACTS = (("vendor", 1), ("model", 2), ("ups_firmware", 3), ("firmware", 4), ("serial", 5))
# number of lines, the table, {column: (metric, step)}
LINES: tuple[tuple[str, str, dict[int, tuple[str, float]]], ...] = (
    (
        f"{INPUT}.2.0",
        f"{INPUT}.3.1",
        {
            2: ("ups_input_frequency_hertz", 0.1),
            3: ("ups_input_voltage_volts", 1),
            4: ("ups_input_current_amperes", 0.1),
            5: ("ups_input_power_watts", 1),
        },
    ),
    (
        f"{OUTPUT}.3.0",
        f"{OUTPUT}.4.1",
        {
            2: ("ups_output_voltage_volts", 1),
            3: ("ups_output_current_amperes", 0.1),
            4: ("ups_output_power_watts", 1),
            5: ("ups_output_load_ratio", 0.01),
        },
    ),
    (f"{BYPASS}.2.0", f"{BYPASS}.3.1", {2: ("ups_bypass_voltage_volts", 1)}),
)


def read(walk: Walk) -> Iterator[Sample | Fact | Unmapped]:
    if not walk.has(BATTERY) and not walk.has(OUTPUT):
        return  # no UPS speaks here
    for key, at in FACTS:
        if text := walk.text(f"{IDENTITY}.{at}.0"):
            yield Fact(key, text)
    yield from _battery(walk)
    yield from _state(walk, "ups_output_source", OUTPUT_SOURCE, SOURCES)
    yield Sample("ups_output_frequency_hertz", walk.number(f"{OUTPUT}.2.0", times=0.1, gaps=SENTINELS))
    for counted, table, columns in LINES:
        yield from _lines(walk, counted, table, columns)
    yield Sample("ups_alarms_count", walk.number(ALARMS, gaps=SENTINELS))
    if TEST in walk:
        yield from _state(walk, "ups_test_result", TEST, TESTS)


def _battery(walk: Walk) -> Iterator[Sample | Unmapped]:
    yield from _state(walk, "ups_battery_state", BATTERY_STATUS, BATTERY_STATES)
    left = walk.number(MINUTES_LEFT, times=60, gaps=SENTINELS)
    # A card that does not estimate says 0 minutes of a battery it calls normal.
    unknown = left == 0 and walk.number(BATTERY_STATUS) == NORMAL
    yield Sample("ups_battery_runtime_seconds", Gap.NOT_OFFERED if unknown else left)
    yield Sample("ups_on_battery_seconds", walk.number(BATTERY_SECONDS, gaps=SENTINELS))
    for at, metric, step in (
        (4, "ups_battery_charge_ratio", 0.01),
        (5, "ups_battery_voltage_volts", 0.1),
        (6, "ups_battery_current_amperes", 0.1),
        (7, "ups_battery_temperature_celsius", 1.0),
    ):
        yield Sample(metric, walk.number(f"{BATTERY}.{at}.0", times=step, gaps=SENTINELS))


def _lines(walk: Walk, counted: str, table: str, columns: dict[int, tuple[str, float]]) -> Iterator[Sample]:
    """A card made for three phases keeps rows of zeros for the two a small UPS does not have: the count decides."""
    rows = list(dict.fromkeys(line for column in columns for line in walk.column(f"{table}.{column}")))
    count = walk.number(counted)
    if isinstance(count, float) and 0 <= count < len(rows):
        rows = rows[: int(count)]
    for column, (metric, step) in columns.items():
        if walk.column(f"{table}.{column}"):
            for line in rows:
                oid = f"{table}.{column}.{line}"
                yield Sample(metric, walk.number(oid, times=step, gaps=SENTINELS), f"line {line}")


def _state(walk: Walk, metric: str, oid: str, known: range) -> Iterator[Sample | Unmapped]:
    number = walk.number(oid)
    if isinstance(number, Gap) or number in known:
        yield Sample(metric, number)
    else:
        yield Sample(metric, Gap.UNREADABLE)
        yield Unmapped(metric, oid, f"{number:g}")


ROOTS = (BATTERY, OUTPUT, IDENTITY, INPUT, BYPASS, ALARMS, TEST)
SOURCE = SnmpSource("ups_mib", ROOTS, read)
