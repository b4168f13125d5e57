"""ipmitool's answers about sensors, recorded: healthy, at fault, not read, and no BMC at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from agent.hardware.bmc import Bmc
from agent.hardware.bmc_sensors import BmcSensors, parse
from agent.hardware.hypervisor import Nature
from agent.host.root import Root
from readings.model import Clocks, Gap, Sample, SourceFailed

Programs = Any  # the one of conftest, which a test folder without packages cannot import
ANSWERS = Path(__file__).parents[1] / "fixtures" / "hardware" / "answers"


def values(items: Iterable[object]) -> dict[str, float | Gap]:
    samples = [item for item in items if isinstance(item, Sample)]
    return {f"{item.metric} {item.part}".rstrip(): item.value for item in samples}


def test_a_healthy_bmc_gives_values_states_and_what_is_not_read(bmc: Bmc, programs: Programs) -> None:
    programs.say("ipmitool sdr elist", "ipmitool_sdr_healthy.txt")
    told = values(BmcSensors(bmc, wait_s=20).read())
    assert told["bmc_temperature_celsius Inlet Temp"] == 24
    assert told["bmc_fan_rpm Fan1A"] == 5880
    assert told["bmc_voltage_volts 12V"] == 12.06
    assert told["bmc_current_amperes PS1 Current"] == 0.4
    assert told["bmc_power_watts Pwr Consumption"] == 126
    assert told["bmc_redundant PS Redundancy"] == 1
    states = {key: value for key, value in told.items() if key.startswith("bmc_sensor_state")}
    assert states.pop("bmc_sensor_state SEL") is Gap.NOT_OFFERED  # "No Reading"
    assert states.pop("bmc_sensor_state Temp") is Gap.NOT_OFFERED  # "Disabled"
    assert set(states.values()) == {0.0}
    assert len(states) == 9


def test_every_fault_of_a_sensor_is_its_state(bmc: Bmc, programs: Programs) -> None:
    programs.say("ipmitool sdr elist", "ipmitool_sdr_fault.txt")
    told = values(BmcSensors(bmc, wait_s=20).read())
    assert {key.removeprefix("bmc_sensor_state "): value for key, value in told.items() if "sensor_state" in key} == {
        "Inlet Temp": 1,
        "CPU1 Temp": 2,
        "Fan1A": 3,
        "12V": 0,
        "PS1 Current": Gap.NOT_OFFERED,
        "PS Redundancy": 2,
        "PS1 Status": 2,
        "Drive 3": 2,
        "Intrusion": 1,
    }
    assert told["bmc_redundant PS Redundancy"] == 0


def test_a_sensor_that_ceases_to_give_readings_is_unreadable() -> None:
    gave = {sample.part for sample in parse((ANSWERS / "ipmitool_sdr_healthy.txt").read_text())}
    told = values(parse((ANSWERS / "ipmitool_sdr_fault.txt").read_text(), gave))
    assert told["bmc_sensor_state PS1 Current"] is Gap.UNREADABLE
    assert "bmc_current_amperes PS1 Current" not in told


def test_sensors_of_one_name_keep_apart() -> None:
    told = parse("Temp | 0Eh | ok  |  3.1 | 51 degrees C\nTemp | 0Fh | ok  |  3.2 | 49 degrees C\n")
    assert [item.part for item in told] == ["Temp", "Temp", "Temp 0Fh 3.2", "Temp 0Fh 3.2"]


@pytest.mark.parametrize("text", ["", "Get SDR command failed", "a | b | c\n", "\ufffd\ufffd|\n"])
def test_garbage_for_sensors_is_unreadable(text: str) -> None:
    with pytest.raises(SourceFailed) as failed:
        parse(text)
    assert failed.value.gap is Gap.UNREADABLE


def test_without_a_bmc_it_is_not_offered_and_says_so(
    tmp_path: Path, programs: Programs, clocks: Callable[[], Clocks]
) -> None:
    found = Nature(True, "VMware", "DMI says so")
    with pytest.raises(SourceFailed) as failed:
        list(BmcSensors(Bmc(Root.under(tmp_path), programs, found)).read())
    assert failed.value.gap is Gap.NOT_OFFERED
    assert "there is no BMC" in failed.value.detail
    assert "(VMware: DMI says so)" in failed.value.detail


def test_a_bmc_without_a_program_to_ask_it_names_the_program(
    tmp_path: Path, programs: Programs, physical: Nature
) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "ipmi0").touch()
    with pytest.raises(SourceFailed) as failed:
        Bmc(Root.under(tmp_path), programs, physical).offered()
    assert (failed.value.gap, "Debian: ipmitool" in failed.value.detail) == (Gap.NOT_OFFERED, True)


def test_a_bmc_that_does_not_answer_is_unreachable(bmc: Bmc, programs: Programs) -> None:
    programs.say("ipmitool sdr elist", "", 1, "Error: Unable to establish IPMI v2 / RMCP+ session\n")
    with pytest.raises(SourceFailed) as failed:
        list(BmcSensors(bmc, wait_s=20).read())
    assert failed.value.gap is Gap.UNREACHABLE
