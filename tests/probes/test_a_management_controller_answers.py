"""IPMI over the network: a simulated controller asked by the real ipmitool; words, records and refusals."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collector.probes.ipmi import IpmiAnswer, IpmiSettings, ask
from collector.probes.ipmi_reading import Place, moment, news, read, records, sensors
from collector.probes.ipmi_words import severity
from collector.probes.stated import Secret
from readings.model import Event, Severity, SourceFailed
from tests.probes.peers import free_port, until
from tests.probes.simulated_bmc import PASSWORD, USER, SimulatedBmc, simulated_bmc

Values = Callable[..., dict[str, float | str]]
BMC = pytest.mark.peer("ipmi_sim", "ipmitool")
TOOL = pytest.mark.peer("ipmitool")


@pytest.fixture
def bmc(tmp_path: Path, peer: Callable[[str], str]) -> Iterator[SimulatedBmc]:
    with simulated_bmc(tmp_path, peer("ipmi_sim")) as made:
        yield made


def look(port: int, known: str = "", **more: Any) -> IpmiAnswer:
    settings: dict[str, Any] = {"user": USER, "password": Secret(PASSWORD), "time_limit_s": 20.0, **more}
    return asyncio.run(ask(IpmiSettings(host="127.0.0.1", port=port, **settings), known))


def utc() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the controller's own clock is this machine's


@BMC
def test_a_controller_tells_its_sensors_and_its_log(bmc: SimulatedBmc, values: Values) -> None:
    told = values(read(look(bmc.port), utc()))
    offset = told.pop("bmc_clock_offset_seconds")
    assert isinstance(offset, float)
    assert abs(offset) < 60
    assert told == {
        "bmc_temperature_celsius Inlet Temp": 25.0,
        "bmc_sensor_state Inlet Temp": 0.0,
        "bmc_redundant PS Redundancy": 1.0,
        "bmc_sensor_state PS Redundancy": 0.0,
        "bmc_log_records_count": 1.0,  # that the group is redundant
        "bmc_log_used_ratio": 0.0,
        "bmc_log_dropped_count": 0.0,
        "bmc_log_erased_time_seconds": "not_offered",
    }


@BMC
def test_a_hot_sensor_and_a_lost_supply_are_states_and_events_of_the_log(bmc: SimulatedBmc, values: Values) -> None:
    first = look(bmc.port)
    told, place = news(first, None, utc())
    assert [event.kind for event in told] == ["log_begins"]
    bmc.warm(95)
    bmc.command("sensor_set_bit_clr_rest 0x20 0 2 1 1 1")
    until(lambda: "Upper Critical" in (said := bmc.tool("sel", "elist")) and "Redundancy Lost" in said, "both records")
    answer = look(bmc.port, first.log_summary)
    readings = values(read(answer, utc()))
    assert readings["bmc_sensor_state Inlet Temp"] == 2.0
    assert readings["bmc_redundant PS Redundancy"] == 0.0
    assert readings["bmc_sensor_state PS Redundancy"] == 2.0
    now = utc()
    told, place = news(answer, place, now)
    critical = [event for event in told if event.severity is Severity.CRITICAL]
    assert ["Upper Critical going high" in event.text or "Redundancy Lost" in event.text for event in critical] == [
        True,
        True,
    ]
    assert all(event.wall_ns is not None and abs(event.wall_ns / 1e9 - now.timestamp()) < 120 for event in told)
    assert len({event.cursor for event in told}) == len(told)
    again = look(bmc.port, answer.log_summary)
    assert again.log is None
    assert news(again, place, now) == ([], place)


@BMC
def test_an_erased_log_is_noticed_and_what_comes_after_is_told(bmc: SimulatedBmc) -> None:
    bmc.warm(85)
    until(lambda: "Upper Non-critical" in bmc.tool("sel", "elist"), "a record")
    answer = look(bmc.port)
    told, place = news(answer, None, utc())
    assert [event.kind for event in told] == ["log_begins"]
    assert bmc.tool("sel", "clear")
    bmc.warm(95)
    until(lambda: "Upper Critical" in bmc.tool("sel", "elist"), "a record after that")
    told, _ = news(look(bmc.port, answer.log_summary), place, utc())
    assert [event.kind for event in told][:2] == ["bmc_log_erased", "bmc_event"]
    assert told[0].severity is Severity.ERROR


@BMC
@pytest.mark.parametrize(
    "more",
    [{"password": Secret("planted99")}, {"user": "NOBODY"}],
    ids=["a wrong password", "a user it does not know"],
)
def test_a_controller_that_refuses_is_told_from_one_that_is_not_there(bmc: SimulatedBmc, more: dict[str, Any]) -> None:
    with pytest.raises(SourceFailed, match="it answers but gives no session") as failure:
        look(bmc.port, **more)
    assert failure.value.gap.word == "refused"
    assert "planted" not in failure.value.detail


@BMC
def test_the_password_is_in_no_argument_of_a_program(bmc: SimulatedBmc, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, ...]] = []
    really = asyncio.create_subprocess_exec

    async def watched(*command: str, **more: Any) -> asyncio.subprocess.Process:
        started.append(command)
        return await really(*command, **more)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", watched)
    look(bmc.port)
    assert started
    assert PASSWORD not in " ".join(word for command in started for word in command)


@TOOL
def test_nobody_at_the_port_is_unreachable() -> None:
    with pytest.raises(SourceFailed, match="connection refused") as failure:
        look(free_port(socket.SOCK_DGRAM), retries=1)
    assert failure.value.gap.word == "unreachable"


@TOOL
def test_silence_times_out() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(SourceFailed, match="no answer") as failure:
            look(silent.getsockname()[1], retries=1, time_limit_s=10.0)
    assert failure.value.gap.word == "timed_out"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            "Fan 1            | 30h | ok  | 29.1 | 5040 RPM",
            {"bmc_fan_rpm Fan 1": 5040.0, "bmc_sensor_state Fan 1": 0.0},
            id="a fan",
        ),
        pytest.param(
            "Fan 1 PWM        | 31h | ok  | 29.1 | 23.50 percent",
            {"bmc_level_ratio Fan 1 PWM": 0.235, "bmc_sensor_state Fan 1 PWM": 0.0},
            id="a share",
        ),
        pytest.param(
            "Exhaust Temp     | 01h | lnr |  7.1 | -4 degrees C",
            {"bmc_temperature_celsius Exhaust Temp": -4.0, "bmc_sensor_state Exhaust Temp": 3.0},
            id="beyond recovery",
        ),
        pytest.param("CPU2 Temp | 0Fh | ns | 3.2 | No Reading", {"bmc_sensor_state CPU2 Temp": "not_offered"}, id="ns"),
        pytest.param("CPU2 Temp | 0Fh | ns | 3.2 | Disabled", {"bmc_sensor_state CPU2 Temp": "not_offered"}, id="off"),
        pytest.param(
            "PS2 Status | 63h | ok | 10.2 | Presence detected, Power Supply AC lost",
            {"bmc_sensor_state PS2 Status": 2.0},
            id="a supply without power",
        ),
        pytest.param(
            "PS2 Status | 63h | ok | 10.2 | Presence detected, Something new",
            {"bmc_sensor_state PS2 Status": "unreadable"},
            id="an unlisted word beside a fine one",
        ),
        pytest.param(
            "PS2 Status | 63h | ok | 10.2 | Failure detected, Something new",
            {"bmc_sensor_state PS2 Status": 2.0},
            id="an unlisted word beside a bad one",
        ),
        pytest.param("Intrusion | 73h | ok | 7.1 | ", {"bmc_sensor_state Intrusion": 0.0}, id="no state is set"),
    ],
)
def test_a_line_of_a_sensor_means_what_was_mapped(line: str, expected: dict[str, float | str], values: Values) -> None:
    assert values(sensors(line)) == expected


def test_two_sensors_of_one_name_are_told_apart(values: Values) -> None:
    text = "Temp | 0Eh | ok | 3.1 | 40 degrees C\nTemp | 0Fh | ok | 3.2 | 41 degrees C\n"
    assert {name for name in values(sensors(text)) if "celsius" in name} == {
        "bmc_temperature_celsius Temp 0Eh",
        "bmc_temperature_celsius Temp 0Fh",
    }


@pytest.mark.parametrize("text", ["", "Get SDR command failed\n"], ids=["nothing", "words"])
def test_what_is_no_list_of_sensors_is_unreadable(text: str) -> None:
    with pytest.raises(SourceFailed, match="0 lines of sensors"):
        list(sensors(text))


@pytest.mark.parametrize(
    ("description", "direction", "expected"),
    [
        ("Upper Non-critical going high", "Asserted", Severity.WARNING),
        ("Lower Critical going low", "Asserted", Severity.CRITICAL),
        ("Upper Non-recoverable going high", "Asserted", Severity.ALERT),
        ("Upper Critical going high", "Deasserted", Severity.NOTICE),
        ("Uncorrectable ECC", "Asserted", Severity.CRITICAL),
        ("Presence detected", "Deasserted", Severity.WARNING),
        ("Fully Redundant", "Asserted", Severity.NOTICE),
        ("OEM record of some kind", "", Severity.WARNING),
    ],
    ids=["warning", "critical", "beyond recovery", "it ended", "memory", "a part is gone", "good again", "unmapped"],
)
def test_a_record_is_as_bad_as_it_says(description: str, direction: str, expected: Severity) -> None:
    assert severity(description, direction) is expected


def test_records_are_told_once_each_by_what_they_are_and_not_by_their_number() -> None:
    now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    old = "   1 | 11/24/26 | 08:00:00 UTC | Fan Fan 1 | Lower Critical going low | Asserted\n"
    new = "   1 | 11/24/26 | 08:30:00 UTC | Fan Fan 2 | Lower Critical going low | Asserted\n"
    clock = "11/24/26 08:59:00 UTC"
    before = Place("a", "11/24/26 07:00:00 UTC", records(old))
    summary = "Entries : 1\nLast Del Time : 11/24/26 08:15:00 UTC"
    told, place = news(IpmiAnswer("", summary, clock, new), before, now)
    assert [event.kind for event in told] == ["bmc_log_erased", "bmc_event"]
    assert told[1].wall_ns == int(datetime(2026, 11, 24, 8, 31, tzinfo=UTC).timestamp()) * 10**9
    assert place.records == records(new)
    assert isinstance(told[1], Event)


@pytest.mark.parametrize(
    ("stamp", "known"),
    [
        ("11/24/26 08:36:52 UTC", True),
        ("11/24/2026 08:36:52", True),
        ("Pre-Init 0000000012", False),
        ("01/01/70 00:00:09 UTC", False),
        ("", False),
    ],
    ids=["two digits", "four digits", "before the clock was set", "a clock never set", "nothing"],
)
def test_a_stamp_is_a_moment_only_if_the_clock_was_set(stamp: str, known: bool) -> None:
    assert (moment(stamp) is not None) is known
