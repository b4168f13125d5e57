"""A UPS that is a file, through Debian's real upsd; status words one by one; refusals and torn answers."""

from __future__ import annotations

import asyncio
import os
import pwd
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.probes.nut import NutAnswer, NutSettings, ask, read
from collector.probes.stated import Secret
from readings.model import Fact, SourceFailed
from tests.probes.peers import PATIENCE_S, accepts, folder_of, free_port, running, until

Values = Callable[..., dict[str, float | str]]
Serving = Callable[..., Any]
DEVICE = {
    "device.mfr": "Proposal",
    "device.model": "Rack 3000",
    "battery.charge": "98",
    "battery.runtime": "1380",
    "battery.voltage": "54.4",
    "ups.load": "31.5",
    "input.voltage": "228.1",
    "output.voltage": "229.9",
    "ups.status": "OL CHRG",
}


class Ups:
    """``dummy-ups`` reads its file over and over; what is written there is what upsd tells."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.driver: subprocess.Popen[bytes] | None = None

    def tell(self, **changed: str) -> None:
        told = DEVICE | {key.replace("_", "."): value for key, value in changed.items()}
        written = self.folder / "ups1.new"
        written.write_text("".join(f"{key}: {value}\n" for key, value in told.items()) + "TIMER 1\n")
        written.chmod(0o644)
        written.rename(self.folder / "ups1.dev")

    def look(self, name: str = "ups1") -> NutAnswer:
        return asyncio.run(ask(NutSettings(host="127.0.0.1", port=self.port, ups=name)))

    def status(self) -> str:
        try:
            return self.look().variables.get("ups.status", "")
        except SourceFailed as failure:
            return failure.gap.word


@pytest.fixture
def ups(peer: Callable[[str], str]) -> Iterator[Ups]:
    peer("nut")
    me = pwd.getpwuid(os.getuid()).pw_name
    with folder_of(me) as folder:
        made = Ups(folder, free_port())
        made.tell()
        (folder / "ups.conf").write_text("[ups1]\n driver = dummy-ups\n port = ups1.dev\n mode = dummy-loop\n")
        (folder / "upsd.conf").write_text(f"LISTEN 127.0.0.1 {made.port}\n")
        (folder / "upsd.users").write_text("")
        env = os.environ | dict.fromkeys(("NUT_CONFPATH", "NUT_STATEPATH", "NUT_ALTPIDPATH"), str(folder))
        as_who = ["-u", me]
        logs: dict[str, Any] = {"env": env, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        driver = subprocess.Popen(["/lib/nut/dummy-ups", "-a", "ups1", *as_who, "-F"], cwd=folder, **logs)
        with running(driver):
            until(lambda: any(folder.glob("dummy-ups-ups1")), "the driver's socket")
            with running(subprocess.Popen(["/lib/nut/upsd", *as_who, "-F"], cwd=folder, **logs)):
                until(lambda: accepts(made.port) and made.status() == "OL CHRG", "upsd")
                made.driver = driver
                yield made


@pytest.mark.peer("nut")
def test_a_ups_tells_battery_load_and_where_its_power_comes_from(ups: Ups, values: Values) -> None:
    answer = ups.look()
    told = values(read(answer))
    assert {name: value for name, value in told.items() if value not in {"not_offered", 0.0}} == {
        "ups_battery_charge_ratio": 0.98,
        "ups_battery_runtime_seconds": 1380.0,
        "ups_battery_voltage_volts": 54.4,
        "ups_output_load_ratio line 1": 0.315,
        "ups_input_voltage_volts line 1": 228.1,
        "ups_output_voltage_volts line 1": 229.9,
        "ups_output_source": 3.0,
        "ups_battery_state": 2.0,
        "ups_charging_state": 1.0,
    }
    assert Fact("model", "Rack 3000") in list(read(answer))


@pytest.mark.peer("nut")
def test_when_the_mains_fail_the_ups_says_so(ups: Ups, values: Values) -> None:
    ups.tell(ups_status="OB DISCHRG LB", battery_charge="12")
    until(lambda: ups.status() == "OB DISCHRG LB", "the new status")
    told = values(read(ups.look()))
    assert (told["ups_output_source"], told["ups_battery_state"], told["ups_charging_state"]) == (5.0, 3.0, 2.0)
    assert told["ups_battery_charge_ratio"] == 0.12


@pytest.mark.peer("nut")
def test_a_driver_that_is_gone_is_a_gap_and_never_the_last_values(ups: Ups) -> None:
    assert ups.driver is not None
    ups.driver.kill()
    end = time.monotonic() + PATIENCE_S
    while ups.status() not in {"unreachable", "timed_out"}:
        assert time.monotonic() < end
        time.sleep(0.2)
    with pytest.raises(SourceFailed, match=r"LIST VAR ups1: upsd says (DRIVER-NOT-CONNECTED|DATA-STALE)"):
        ups.look()


@pytest.mark.peer("nut")
def test_a_ups_nobody_knows_is_not_offered(ups: Ups) -> None:
    with pytest.raises(SourceFailed, match="LIST VAR cellar: upsd says UNKNOWN-UPS") as failure:
        ups.look("cellar")
    assert failure.value.gap.word == "not_offered"


@pytest.mark.parametrize(
    ("status", "source", "battery", "charging"),
    [
        pytest.param("OL", 3.0, 2.0, 0.0, id="on mains"),
        pytest.param("OL CHRG LB", 3.0, 3.0, 1.0, id="charging a low battery"),
        pytest.param("OB DISCHRG", 5.0, 2.0, 2.0, id="on battery"),
        pytest.param("OL BYPASS", 4.0, 2.0, 0.0, id="on bypass"),
        pytest.param("OL TRIM", 7.0, 2.0, 0.0, id="voltage lowered"),
        pytest.param("OL BOOST", 6.0, 2.0, 0.0, id="voltage raised"),
        pytest.param("OFF", 2.0, 2.0, 0.0, id="off"),
        pytest.param("OL OB", "unreadable", 2.0, 0.0, id="a contradiction"),
        pytest.param("OL NEWWORD", "unreadable", "unreadable", "unreadable", id="an unknown word"),
        pytest.param("OB LB NEWWORD", "unreadable", 3.0, "unreadable", id="what is said beside an unknown word"),
        pytest.param("LB", "unreadable", 3.0, 0.0, id="no word on the output"),
        pytest.param("", "unreadable", "unreadable", "unreadable", id="no word at all"),
        pytest.param("WAIT", "unreadable", "unreadable", "unreadable", id="a driver that has yet to learn"),
        pytest.param(None, "not_offered", "not_offered", "not_offered", id="no status"),
    ],
)
def test_status_words_mean_what_was_mapped_and_an_unknown_one_is_a_gap(
    status: str | None, source: float | str, battery: float | str, charging: float | str, values: Values
) -> None:
    told = values(read(NutAnswer({} if status is None else {"ups.status": status})))
    assert (told["ups_output_source"], told["ups_battery_state"], told["ups_charging_state"]) == (
        source,
        battery,
        charging,
    )


@pytest.mark.parametrize(
    ("word", "metric"),
    [
        ("RB", "ups_battery_replace_state"),
        ("OVER", "ups_overload_state"),
        ("FSD", "ups_shutdown_forced_state"),
        ("ALARM", "ups_alarm_state"),
        ("CAL", "ups_calibration_state"),
    ],
    ids=["battery to replace", "overload", "forced shutdown", "alarm", "calibration"],
)
def test_every_warning_has_a_state_of_its_own(word: str, metric: str, values: Values) -> None:
    assert values(read(NutAnswer({"ups.status": f"OL {word}"})))[metric] == 1.0
    assert values(read(NutAnswer({"ups.status": "OL"})))[metric] == 0.0
    assert values(read(NutAnswer({"ups.status": "OL NEWWORD"})))[metric] == "unreadable"


@pytest.mark.parametrize(
    ("written", "expected"),
    [("100", 1.0), ("7.5", 0.075), ("nan", "unreadable"), ("", "unreadable"), ("98 %", "unreadable")],
    ids=["whole", "tenths", "not a number", "empty", "with a unit"],
)
def test_a_number_is_read_or_a_gap(written: str, expected: float | str, values: Values) -> None:
    assert values(read(NutAnswer({"battery.charge": written})))["ups_battery_charge_ratio"] == expected


def test_three_phases_are_three_lines(values: Values) -> None:
    told = values(read(NutAnswer({f"input.L{line}-N.voltage": f"23{line}" for line in (1, 2, 3)})))
    assert [told[f"ups_input_voltage_volts line {line}"] for line in (1, 2, 3)] == [231.0, 232.0, 233.0]


@pytest.mark.parametrize(
    ("answer", "gap", "says"),
    [
        pytest.param(b"ERR ACCESS-DENIED\n", "refused", "ACCESS-DENIED", id="refused"),
        pytest.param(b"ERR DATA-STALE\n", "timed_out", "DATA-STALE", id="stale"),
        pytest.param(b"ERR SOMETHING-NEW\n", "unreadable", "SOMETHING-NEW", id="an unknown error"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\n", "unreadable", "no NUT server", id="another program"),
        pytest.param(b'BEGIN LIST VAR ups\nVAR ups a "b"\n', "unreadable", "middle of the answer", id="torn"),
        pytest.param(b"BEGIN LIST VAR ups\n" + b'VAR ups a "b"\n' * 3000, "unreadable", "more than 2000", id="endless"),
        pytest.param(b"x" * 9000, "unreadable", "more than 4096 bytes", id="an endless line"),
    ],
)
def test_what_is_no_list_is_a_gap_with_what_came_back(serving: Serving, answer: bytes, gap: str, says: str) -> None:
    async def run() -> None:
        async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(answer)
            await writer.drain()
            writer.write_eof()
            await reader.read()

        async with serving(tell) as port:
            await ask(NutSettings(host="127.0.0.1", port=port))

    with pytest.raises(SourceFailed, match=says) as failure:
        asyncio.run(run())
    assert failure.value.gap.word == gap


def test_a_password_goes_to_the_server_and_into_no_sentence(serving: Serving) -> None:
    heard: list[str] = []

    async def run() -> None:
        async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for reply in (b"OK\n", b"ERR INVALID-PASSWORD\n"):
                heard.append((await reader.readline()).decode())
                writer.write(reply)
                await writer.drain()

        async with serving(tell) as port:
            await ask(NutSettings(host="127.0.0.1", port=port, user="watch", password=Secret('plan"ted')))

    with pytest.raises(SourceFailed, match="INVALID-PASSWORD") as failure:
        asyncio.run(run())
    assert heard == ["USERNAME watch\n", 'PASSWORD "plan\\"ted"\n']
    assert failure.value.gap.word == "refused"
    assert "plan" not in failure.value.detail


def test_a_closed_port_is_unreachable(closed_port: int) -> None:
    with pytest.raises(SourceFailed, match=r"LIST VAR ups: connection refused") as failure:
        asyncio.run(ask(NutSettings(host="127.0.0.1", port=closed_port)))
    assert failure.value.gap.word == "unreachable"
