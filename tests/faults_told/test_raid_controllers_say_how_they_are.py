"""storcli's answers, recorded: a controller, its volume and its disk, healthy and degraded, and none at all."""

from __future__ import annotations

from typing import Any

import pytest

from agent.hardware.hypervisor import Nature
from agent.hardware.raid_controller import RaidController, answers
from readings.model import Fact, Gap, Sample, SourceFailed

Programs = Any  # the one of conftest, which a test folder without packages cannot import
DISK = "c0/e252/s0"


def record(programs: Programs, state: str) -> None:
    programs.say("storcli64 show J", f"storcli_show_{state}.json")
    programs.say("storcli64 /call/vall J", f"storcli_volumes_{state}.json")
    programs.say("storcli64 /call/eall/sall J", f"storcli_disks_{state}.json")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (
            "healthy",
            {
                ("raid_controller_healthy", "c0"): 1,
                ("raid_volume_healthy", "c0/v0"): 1,
                ("raid_disk_healthy", DISK): 1,
                ("raid_disk_media_errors_total", DISK): 0,
                ("raid_disk_other_errors_total", DISK): 0,
                ("raid_disk_predicted_failures_total", DISK): 0,
                ("raid_disk_smart_alert", DISK): 0,
                ("disk_temperature_celsius", DISK): 33,
            },
        ),
        (
            "degraded",
            {
                ("raid_controller_healthy", "c0"): 0,
                ("raid_volume_healthy", "c0/v0"): 0,
                ("raid_disk_healthy", DISK): 0,
                ("raid_disk_media_errors_total", DISK): 41,
                ("raid_disk_other_errors_total", DISK): 0,
                ("raid_disk_predicted_failures_total", DISK): 1,
                ("raid_disk_smart_alert", DISK): 1,
                ("disk_temperature_celsius", DISK): 33,
            },
        ),
    ],
    ids=["healthy", "degraded"],
)
def test_a_controller_is_read(
    state: str, expected: dict[tuple[str, str], float], programs: Programs, physical: Nature
) -> None:
    record(programs, state)
    items = list(RaidController(programs, physical, wait_s=20).read())
    told = {(item.metric, item.part): item.value for item in items if isinstance(item, Sample)}
    assert told.pop(("source_answer_age_seconds", "raid_controller")) is not None
    assert told == expected
    facts = {item.key: item.value for item in items if isinstance(item, Fact)}
    assert facts == {"raid.c0": "EXAMPLE 9361-8i", f"raid.{DISK}": "EXAMPLE MG07 SERIAL0004"}


def failure(programs: Programs, physical: Nature) -> SourceFailed:
    with pytest.raises(SourceFailed) as failed:
        list(RaidController(programs, physical, wait_s=20).read())
    return failed.value


def test_without_program_or_controller_it_is_not_offered(programs: Programs, physical: Nature) -> None:
    assert failure(programs, physical).gap is Gap.NOT_OFFERED
    programs.say("storcli64 show J", "storcli_no_controller.json", 1)
    failed = failure(programs, physical)
    assert (failed.gap, failed.detail) == (Gap.NOT_OFFERED, "storcli: No Controller found")


@pytest.mark.parametrize("text", ["", "Segmentation fault", "{}", '{"Controllers": [7]}', '{"Controllers": [{}]}'])
def test_garbage_is_unreadable(text: str) -> None:
    with pytest.raises(SourceFailed) as failed:
        answers(text)
    assert failed.value.gap is Gap.UNREADABLE


def test_a_controller_whose_disks_fail_to_answer_is_unreadable_and_not_healthy(
    programs: Programs, physical: Nature
) -> None:
    record(programs, "healthy")
    programs.say("storcli64 /call/eall/sall J", "smartctl_scan.json")
    assert failure(programs, physical).gap is Gap.UNREADABLE
