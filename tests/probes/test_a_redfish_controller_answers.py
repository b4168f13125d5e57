"""Redfish from a controller of ours: sessions, pages, health, readings, log entries once, and every way to fail."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collector.probes.redfish import RedfishAnswer, ask
from collector.probes.redfish_reading import Place, news, read
from collector.probes.redfish_session import RedfishSettings
from collector.probes.stated import Secret
from readings.model import Event, Fact, Severity, SourceFailed
from tests.probes.redfish_server import PASSWORD, USER, RedfishServer, entry, link, ok, redfish

Values = Callable[..., dict[str, float | str]]
SEL = "Systems/1/LogServices/SEL/Entries"


def look(served: RedfishServer, **more: Any) -> RedfishAnswer:
    async def run() -> RedfishAnswer:
        async with redfish(served):
            told: dict[str, Any] = {"user": USER, "password": Secret(PASSWORD), "time_limit_s": 5.0, **more}
            return await ask(RedfishSettings(host="127.0.0.1", port=served.port, plain=True, **told))

    return asyncio.run(run())


def test_a_controller_tells_health_temperatures_fans_and_supplies(values: Values) -> None:
    answer = look(RedfishServer())
    assert values(read(answer)) == {
        "hardware_state node-1": 2.0,
        "system_power_state node-1": 1.0,
        "hardware_state node-1 memory": 1.0,
        "hardware_state chassis Rack Mount Chassis": 1.0,
        "hardware_state Manager": 1.0,
        "temperature_state Inlet Temp": 1.0,
        "temperature_celsius Inlet Temp": 23.0,
        "temperature_state CPU1 Temp": 3.0,
        "temperature_celsius CPU1 Temp": 91.0,
        "temperature_state CPU2 Temp": 4.0,
        "temperature_state PCH Temp": 1.0,
        "temperature_celsius PCH Temp": "unreadable",
        "fan_state Fan 1": 1.0,
        "fan_rpm Fan 1": 5040.0,
        "fan_state Fan 2": 2.0,
        "fan_drive_ratio Fan 2": 0.35,
        "fan_state Fan 3": "unreadable",
        "fan_rpm Fan 3": "unreadable",
        "power_supply_state PSU": 1.0,
        "power_supply_power_watts PSU": 210.0,
        "power_supply_voltage_volts PSU": 229.0,
        "power_supply_state PSU #2": 3.0,
        "power_supply_power_watts PSU #2": 0.0,
        "power_watts System Power Control": 242.5,
        "redfish_failures_count": 0.0,
    }
    facts = [item for item in read(answer) if isinstance(item, Fact)]
    assert {Fact("serial", "SN0001"), Fact("model", "R9"), Fact("firmware Manager", "7.00")} <= set(facts)


def test_a_newer_controller_tells_the_same_by_sensors_and_subsystems(values: Values) -> None:
    served = RedfishServer()
    for gone in ("Chassis/1/Thermal", "Chassis/1/Power"):
        del served.tree[gone]
    served.tree |= {
        "Chassis/1": {
            "Name": "Chassis",
            **{name: link(f"Chassis/1/{name}") for name in ("Sensors", "ThermalSubsystem", "PowerSubsystem")},
        },
        "Chassis/1/Sensors": [link(f"Chassis/1/Sensors/{name}") for name in ("inlet", "cpu", "fan")],
        "Chassis/1/Sensors/inlet": {"Name": "Inlet", "Reading": 22.5, "ReadingUnits": "Cel", "Status": ok()},
        "Chassis/1/Sensors/cpu": {"Name": "CPU", "Reading": None, "ReadingUnits": "Cel", "Status": ok()},
        "Chassis/1/Sensors/fan": {"Name": "Fan", "Reading": 4000, "ReadingUnits": "{rev}/min", "Status": ok()},
        "Chassis/1/ThermalSubsystem": {"Fans": link("Chassis/1/ThermalSubsystem/Fans")},
        "Chassis/1/ThermalSubsystem/Fans": [link("Chassis/1/ThermalSubsystem/Fans/1")],
        "Chassis/1/ThermalSubsystem/Fans/1": {
            "Name": "Fan 1",
            "SpeedPercent": {"Reading": 40, "SpeedRPM": 4000},
            "Status": ok(Health="Critical"),
        },
        "Chassis/1/PowerSubsystem": {"PowerSupplies": link("Chassis/1/PowerSubsystem/PowerSupplies")},
        "Chassis/1/PowerSubsystem/PowerSupplies": [link("Chassis/1/PowerSubsystem/PowerSupplies/1")],
        "Chassis/1/PowerSubsystem/PowerSupplies/1": {
            "Name": "PSU 1",
            "Status": ok(),
            "Metrics": link("Chassis/1/PowerSubsystem/PowerSupplies/1/Metrics"),
        },
        "Chassis/1/PowerSubsystem/PowerSupplies/1/Metrics": {
            "InputVoltage": {"Reading": 230.5},
            "OutputPowerWatts": {"Reading": 310},
        },
    }
    told = values(read(look(served)))
    assert {name: value for name, value in told.items() if name.startswith(("temp", "fan", "power_supply"))} == {
        "temperature_state Inlet": 1.0,
        "temperature_celsius Inlet": 22.5,
        "temperature_state CPU": 1.0,
        "temperature_celsius CPU": "unreadable",
        "fan_state Fan 1": 3.0,
        "fan_rpm Fan 1": 4000.0,
        "fan_drive_ratio Fan 1": 0.4,
        "power_supply_state PSU 1": 1.0,
        "power_supply_power_watts PSU 1": 310.0,
        "power_supply_voltage_volts PSU 1": 230.5,
    }


def test_a_session_is_opened_used_for_everything_and_closed_and_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    served = RedfishServer()
    look(served)
    assert "planted" not in caplog.text
    assert "token1" not in caplog.text
    assert served.open_sessions == set()
    assert served.asked[0].startswith("POST ")
    assert served.asked[-1].startswith("DELETE ")


def test_a_session_is_closed_even_when_reading_fails() -> None:
    served = RedfishServer(instead={"": (200, '{"hello": 1}')})
    with pytest.raises(SourceFailed, match="no Redfish service root"):
        look(served)
    assert served.asked[-1].startswith("DELETE ")
    assert served.open_sessions == set()


def test_a_controller_without_sessions_is_asked_with_the_password() -> None:
    answer = look(RedfishServer(sessions=False))
    assert [system["Name"] for system in answer.systems] == ["node-1"]


def test_all_pages_of_a_log_are_read_and_nothing_old_is_told() -> None:
    answer = look(RedfishServer(page=2))
    assert [log["Id"] for log in answer.logs[0].entries] == [str(number) for number in range(1, 8)]
    told, _ = news(answer, None)
    assert [event.text for event in told] == ["SEL holds 7 entries from before this watch began; they are not told"]


def after(served: RedfishServer, place: Place, *entries: dict[str, Any]) -> tuple[list[Event], Place]:
    served.tree[SEL] = list(entries)
    return news(look(served), place)


def test_new_entries_are_events_once_each_oldest_first() -> None:
    served = RedfishServer()
    old = list(served.tree[SEL])
    _, place = news(look(served), None)
    told, place = after(served, place, entry(9, "fan back", "OK"), entry(8, "fan lost", "Critical"), *old)
    assert [(event.severity, event.text) for event in told] == [
        (Severity.CRITICAL, "SEL: fan lost"),
        (Severity.NOTICE, "SEL: fan back"),
    ]
    assert told[0].wall_ns == 1795507680 * 10**9
    assert told[0].cursor.endswith("/8")
    assert after(served, place, entry(9, "fan back", "OK"), entry(8, "fan lost", "Critical"), *old)[0] == []


def test_an_erased_log_is_an_event_and_ids_that_begin_anew_are_new() -> None:
    served = RedfishServer()
    _, place = news(look(served), None)
    told, _ = after(served, place, entry(1, "log cleared", "OK", created="2026-11-25T10:00:00+08:00"))
    assert [event.kind for event in told] == ["bmc_log_erased", "bmc_event"]
    assert told[1].wall_ns == 1795572000 * 10**9


@pytest.mark.parametrize(
    "created", ["", "yesterday", "2026-11-25T10:00:00", "1970-01-01T00:00:09Z"], ids=["no", "words", "no zone", "unset"]
)
def test_a_stamp_nobody_can_place_gives_no_moment(created: str) -> None:
    served = RedfishServer()
    served.tree[SEL] = []
    _, place = news(look(served), None)
    odd = {"Id": "1", "Created": created, "Severity": "Odd", "Message": "x"}
    told, _ = after(served, place, odd)
    assert [(event.wall_ns, event.severity) for event in told] == [(None, Severity.WARNING)]


@pytest.mark.parametrize("sessions", [True, False], ids=["a session", "the password each time"])
def test_a_wrong_password_is_refused_and_stands_in_no_sentence(sessions: bool) -> None:
    with pytest.raises(SourceFailed, match="status 401 came back") as failure:
        look(RedfishServer(sessions=sessions), password=Secret("planted-other"))
    assert failure.value.gap.word == "refused"
    assert "planted" not in f"{failure.value.detail} {failure.value.__cause__!r}"


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, "{}"), (500, "{}"), (200, "<html>"), (200, "[1]")],
    ids=["not there", "broken", "no JSON", "no resource"],
)
def test_one_broken_resource_is_counted_and_leaves_the_others(status: int, body: str, values: Values) -> None:
    told = values(read(look(RedfishServer(instead={"Chassis/1/Thermal": (status, body)}))))
    assert told["redfish_failures_count"] == 1.0
    assert told["power_supply_state PSU"] == 1.0
    assert not [name for name in told if name.startswith("fan_")]


def test_a_resource_that_hangs_times_out_by_name() -> None:
    with pytest.raises(SourceFailed, match=r"GET /redfish/v1/Chassis/1/Power: no answer in 0\.3 s") as failure:
        look(RedfishServer(slow={"/redfish/v1/Chassis/1/Power": 30}), time_limit_s=0.3)
    assert failure.value.gap.word == "timed_out"


def test_a_controller_slow_in_everything_is_given_up_as_a_whole() -> None:
    slow = {f"/redfish/v1/{path}": 0.2 for path in RedfishServer().tree}
    with pytest.raises(SourceFailed, match=r"not all answered in 0\.5 s") as failure:
        look(RedfishServer(slow=slow), whole_limit_s=0.5)
    assert failure.value.gap.word == "timed_out"


@pytest.mark.parametrize(
    "following",
    ["https://elsewhere.example/redfish/v1/x", "//elsewhere.example/redfish/v1/x", "/other", "/redfish/../x"],
    ids=["another host", "another host without scheme", "another tree", "upwards"],
)
def test_a_next_page_at_another_place_is_not_followed(following: str) -> None:
    served = RedfishServer(next_links={SEL: following})
    answer = look(served)
    assert answer.logs == []
    assert [sentence for _, sentence in answer.failures.values() if "not followed" in sentence]
    assert not [asked for asked in served.asked if "elsewhere" in asked or "other" in asked]


def test_pages_that_lead_round_in_a_ring_end() -> None:
    answer = look(RedfishServer(next_links={SEL: f"/redfish/v1/{SEL}"}))
    assert [sentence for _, sentence in answer.failures.values() if "ring" in sentence]


def test_members_without_end_are_cut() -> None:
    served = RedfishServer(page=10)
    served.tree["Systems"] = [link("Systems/1")] * 500
    assert len(look(served).systems) == 200


def test_a_closed_port_is_unreachable(closed_port: int) -> None:
    with pytest.raises(SourceFailed, match="connection refused") as failure:
        asyncio.run(ask(RedfishSettings(host="127.0.0.1", port=closed_port, plain=True)))
    assert failure.value.gap.word == "unreachable"


@pytest.mark.peer("openssl")
def test_a_certificate_nobody_trusts_is_a_gap_unless_that_is_allowed(certificates: Callable[[int], Path]) -> None:
    file = certificates(30)

    async def run(**more: Any) -> RedfishAnswer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        async with redfish(RedfishServer(), tls=context) as served:
            told: dict[str, Any] = {"user": USER, "password": Secret(PASSWORD), **more}
            return await ask(RedfishSettings(host="127.0.0.1", port=served.port, **told))

    with pytest.raises(SourceFailed, match=r"POST .*TLS failed: the certificate is not trusted") as failure:
        asyncio.run(run())
    assert failure.value.gap.word == "unreadable"
    assert len(asyncio.run(run(ca_file=str(file))).systems) == 1
    assert len(asyncio.run(run(trust_any_certificate=True)).systems) == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"State": "Enabled", "Health": "OK", "HealthRollup": "Critical"}, 3.0),
        ({"State": "Enabled", "Health": "OK"}, 1.0),
        ({"State": "Absent", "Health": None}, 4.0),
        ({"State": "Disabled"}, 5.0),
        ({"State": "Enabled"}, "unreadable"),
        ({"State": "Enabled", "Health": "Splendid"}, "unreadable"),
        ({"State": "Enabled", "Health": "OK", "HealthRollup": "Splendid"}, "unreadable"),
        ({"Health": "Warning", "HealthRollup": "Splendid"}, 2.0),
        (None, "not_offered"),
    ],
    ids=["what it holds is worse", "fine", "absent", "off", "no health", "unlisted", "half unlisted", "bad", "none"],
)
def test_health_is_what_was_mapped_and_an_unlisted_word_is_never_fine(
    status: Any, expected: float | str, values: Values
) -> None:
    system = {"Name": "n"} | ({} if status is None else {"Status": status})
    assert values(read(RedfishAnswer(systems=[json.loads(json.dumps(system))])))["hardware_state n"] == expected
