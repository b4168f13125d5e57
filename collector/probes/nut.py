"""A UPS through its NUT server (``upsd``): battery, load and what its status words mean.

The protocol is lines of text (Network UPS Tools, developer guide, chapter 9); ``LIST VAR`` needs no password.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from collector.probes.failing import failed
from collector.probes.stated import NO_SECRET, Host, LimitS, Port, Secret, Settings
from readings.model import Fact, Gap, Sample, SourceFailed

MOST_LINES = 2000
LONGEST_LINE = 4096
VARIABLE = re.compile(r'VAR \S+ ([a-z0-9.]+) "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
WORD = r"^[A-Za-z0-9_.-]{1,64}$"

# What upsd answers instead of a list → gap (developer guide, 9.10).
ERRORS = {
    "ACCESS-DENIED": Gap.REFUSED,
    "INVALID-USERNAME": Gap.REFUSED,
    "INVALID-PASSWORD": Gap.REFUSED,
    "USERNAME-REQUIRED": Gap.REFUSED,
    "PASSWORD-REQUIRED": Gap.REFUSED,
    "UNKNOWN-UPS": Gap.NOT_OFFERED,
    "DATA-STALE": Gap.TIMED_OUT,
    "DRIVER-NOT-CONNECTED": Gap.UNREACHABLE,
}
# metric → (variables, factor to the base unit, whether the part is a line)
NUMBERS = {
    "ups_battery_charge_ratio": ("battery.charge", 0.01, False),
    "ups_battery_runtime_seconds": ("battery.runtime", 1.0, False),
    "ups_battery_voltage_volts": ("battery.voltage", 1.0, False),
    "ups_battery_temperature_celsius": ("battery.temperature", 1.0, False),
    "ups_output_load_ratio": ("ups.load", 0.01, True),
    "ups_output_power_watts": ("ups.realpower", 1.0, True),
    "ups_output_voltage_volts": ("output.voltage", 1.0, True),
    "ups_input_voltage_volts": ("input.voltage", 1.0, True),
    "ups_input_frequency_hertz": ("input.frequency", 1.0, True),
}
FACTS = {
    "vendor": ("device.mfr", "ups.mfr"),
    "model": ("device.model", "ups.model"),
    "serial": ("device.serial", "ups.serial"),
    "ups_firmware": ("ups.firmware",),
}
# Status words (developer guide, chapter 4) → the source of the output, as RFC 1628 numbers it (upsOutputSource).
OUTPUT = {"OL": 3, "BYPASS": 4, "OB": 5, "BOOST": 6, "TRIM": 7, "OFF": 2}
CHARGING = {"CHRG": 1, "DISCHRG": 2}
FLAGS = {
    "RB": "ups_battery_replace_state",
    "OVER": "ups_overload_state",
    "FSD": "ups_shutdown_forced_state",
    "ALARM": "ups_alarm_state",
    "CAL": "ups_calibration_state",
}
LOW = "LB"
PLAIN = {"HB", "ECO", "TEST"}  # known, and nothing to be told of
BATTERY_NORMAL, BATTERY_LOW = 2.0, 3.0


class NutSettings(Settings, frozen=True, kw_only=True):
    host: Host
    port: Port = 3493
    ups: Annotated[str, Meta(pattern=WORD)] = "ups"
    user: Annotated[str, Meta(pattern=WORD)] | None = None
    password: Secret = NO_SECRET
    time_limit_s: LimitS = 5.0


@dataclass(frozen=True, slots=True)
class NutAnswer:
    variables: Mapping[str, str]


async def ask(settings: NutSettings) -> NutAnswer:
    """Raises SourceFailed."""
    tried = f"NUT {settings.host} port {settings.port}: LIST VAR {settings.ups}"
    try:
        async with asyncio.timeout(settings.time_limit_s):
            reader, writer = await asyncio.open_connection(settings.host, settings.port, limit=LONGEST_LINE)
            try:
                if settings.user is not None:
                    await _line(reader, writer, f"USERNAME {settings.user}", tried)
                    await _line(reader, writer, f"PASSWORD {_quoted(settings.password.reveal())}", tried)
                return NutAnswer(await _list(reader, writer, settings.ups, tried))
            finally:
                writer.transport.abort()
    except OSError as error:
        raise failed(error, tried, settings.time_limit_s) from error
    except ValueError as error:
        raise SourceFailed(Gap.UNREADABLE, f"{tried}: a line of more than {LONGEST_LINE} bytes came back") from error


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


async def _line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: str, tried: str) -> str:
    writer.write(f"{asked}\n".encode())
    return await _heard(reader, tried)


async def _heard(reader: asyncio.StreamReader, tried: str) -> str:
    """One line. Raises SourceFailed for what is an error of NUT, or the end."""
    line = (await reader.readline()).decode("utf-8", "replace")
    if not line.endswith("\n"):
        raise SourceFailed(Gap.UNREADABLE, f"{tried}: the connection ended in the middle of the answer")
    if line.startswith("ERR "):
        word = line.split()[1] if len(line.split()) > 1 else ""
        raise SourceFailed(ERRORS.get(word, Gap.UNREADABLE), f"{tried}: upsd says {word[:60]}")
    return line.rstrip("\r\n")


async def _list(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ups: str, tried: str) -> dict[str, str]:
    begins = await _line(reader, writer, f"LIST VAR {ups}", tried)
    if begins != f"BEGIN LIST VAR {ups}":
        raise SourceFailed(Gap.UNREADABLE, f"{tried}: no NUT server: {begins[:80]!r} came back")
    variables: dict[str, str] = {}
    for _ in range(MOST_LINES):
        line = await _heard(reader, tried)
        if line == f"END LIST VAR {ups}":
            return variables
        told = VARIABLE.fullmatch(line)
        if told is not None:
            variables[told[1]] = re.sub(r"\\(.)", r"\1", told[2])
    raise SourceFailed(Gap.UNREADABLE, f"{tried}: more than {MOST_LINES} variables came back")


def read(answer: NutAnswer) -> Iterator[Sample | Fact]:
    """What the UPS does not tell is not offered; a status word nobody mapped makes what it may mean unknown."""
    for metric, (name, factor, of_line) in NUMBERS.items():
        told = answer.variables.get(name)
        phases = [_phase(answer.variables, name, number) for number in (1, 2, 3)] if of_line and told is None else []
        for number, phase in enumerate(phases, 1):
            if phase is not None:
                yield Sample(metric, _number(phase, factor), f"line {number}")
        if not any(phases):
            yield Sample(metric, _number(told, factor), "line 1" if of_line else "")
    yield from _status(answer.variables.get("ups.status"))
    for key, names in FACTS.items():
        fact = next((answer.variables[name] for name in names if answer.variables.get(name)), None)
        if fact is not None:
            yield Fact(key, fact)


def _phase(variables: Mapping[str, str], name: str, number: int) -> str | None:
    """``input.voltage`` of a UPS of three phases is ``input.L1-N.voltage``."""
    where, _, what = name.rpartition(".")
    return variables.get(f"{where}.L{number}-N.{what}") or variables.get(f"{where}.L{number}.{what}")


def _number(written: str | None, factor: float) -> float | Gap:
    if written is None:
        return Gap.NOT_OFFERED
    # Not float(): that would take "nan", "inf" and "1_0".
    if re.fullmatch(r"-?\d{1,12}(\.\d{1,9})?", written.strip()) is None:
        return Gap.UNREADABLE
    return float(written) / 100 if factor == 0.01 else float(written) * factor


def _status(written: str | None) -> Iterator[Sample]:
    words = (written or "").split()
    known = OUTPUT.keys() | CHARGING.keys() | FLAGS.keys() | PLAIN | {LOW}
    unknown = any(word not in known for word in words)
    if not words or words == ["WAIT"]:
        gap = Gap.NOT_OFFERED if written is None else Gap.UNREADABLE
        for metric in ("ups_output_source", "ups_battery_state", "ups_charging_state", *FLAGS.values()):
            yield Sample(metric, gap)
        return
    # Without an unknown word what is not said is not so; with one, it may be just that.
    absent: float | Gap = Gap.UNREADABLE if unknown else 0.0
    yield Sample("ups_output_source", _output(words, unknown=unknown))
    normal: float | Gap = Gap.UNREADABLE if unknown else BATTERY_NORMAL
    yield Sample("ups_battery_state", BATTERY_LOW if LOW in words else normal)
    charging = [float(CHARGING[word]) for word in words if word in CHARGING]
    yield Sample("ups_charging_state", charging[0] if len(charging) == 1 else Gap.UNREADABLE if charging else absent)
    for word, metric in FLAGS.items():
        yield Sample(metric, 1.0 if word in words else absent)


def _output(words: list[str], *, unknown: bool) -> float | Gap:
    """The strongest word wins; a contradiction is a gap."""
    told = {word for word in words if word in OUTPUT}
    if unknown or not told or {"OL", "OB"} <= told:
        return Gap.UNREADABLE
    for word in ("OFF", "BYPASS", "OB", "BOOST", "TRIM"):
        if word in told:
            return float(OUTPUT[word])
    return float(OUTPUT["OL"])
