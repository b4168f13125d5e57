"""smartctl's answers, recorded: ATA, NVMe and SAS, healthy and failing, and disks that could not be asked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from agent.hardware.hypervisor import Nature
from agent.hardware.smart import Smart, scanned
from agent.hardware.smart_report import report
from readings.model import Fact, Gap, Sample, SourceFailed

Programs = Any  # the one of conftest, which a test folder without packages cannot import
ANSWERS = Path(__file__).parents[1] / "fixtures" / "hardware" / "answers"
GUEST = Nature(True, "KVM/QEMU", "the test says so")


def said(file: str, part: str = "disk") -> dict[str, float | Gap]:
    text = (ANSWERS / file).read_text()
    return {
        item.metric + item.part.removeprefix(part): item.value
        for item in report(part, text)
        if isinstance(item, Sample)
    }


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "smartctl_ata_healthy.json",
            {
                "smart_health_passed": 1,
                "smart_below_threshold": 0,
                "disk_temperature_celsius": 34,
                "disk_powered_on_seconds": 8772 * 3600,
                "smart_reallocated_sectors_total": 0,
                "smart_command_timeouts_total": 1,  # raw 0x1_0001_0001: three counts in one
                "smart_error_log_entries_total": 0,
                "smart_self_tests_failed_count": 0,
                "smart_self_test_passed": 1,
                "smart_long_self_test_age_seconds": (8772 - 8700) * 3600,
            },
        ),
        (
            "smartctl_ata_failing.json",
            {
                "smart_health_passed": 0,
                "smart_below_threshold": 1,
                "smart_exit_status": 216,
                "smart_reallocated_sectors_total": 1904,
                "smart_reported_uncorrected_total": 12,
                "smart_pending_sectors_count": 88,
                "smart_offline_uncorrected_sectors_count": 88,
                "smart_error_log_entries_total": 17,
                "smart_self_tests_failed_count": 2,
                "smart_self_test_passed": 0,
                "smart_long_self_test_age_seconds": Gap.NOT_OFFERED,
            },
        ),
        ("smartctl_ata_prefail.json", {"smart_health_passed": 1, "smart_below_threshold": 1}),
        (
            "smartctl_nvme_healthy.json",
            {"smart_health_passed": 1, "nvme_critical_warning": 0, "nvme_available_spare_ratio": 1.0},
        ),
        (
            "smartctl_nvme_critical.json",
            {
                "smart_health_passed": 0,
                "nvme_critical_warning": 9,
                "nvme_available_spare_ratio": 0.04,
                "nvme_spare_threshold_ratio": 0.1,
                "nvme_life_used_ratio": 1.31,
                "nvme_media_errors_total": 22,
            },
        ),
        (
            "smartctl_nvme_no_log.json",
            {"smart_health_passed": Gap.UNREADABLE, "nvme_critical_warning": Gap.UNREADABLE},
        ),
        (
            "smartctl_sas_healthy.json",
            {
                "smart_health_passed": 1,
                "scsi_grown_defects_count": 0,
                "scsi_uncorrected_errors_total/read": 0,
                "smart_self_test_passed": Gap.NOT_OFFERED,
            },
        ),
        (
            "smartctl_sas_failing.json",
            {
                "smart_health_passed": 0,
                "scsi_grown_defects_count": 311,
                "scsi_uncorrected_errors_total/read": 4,
                "smart_self_tests_failed_count": 1,
                "smart_self_test_passed": 0,
            },
        ),
        ("smartctl_behind_raid_no_data.json", {"smart_health_passed": Gap.UNREADABLE, "smart_exit_status": 4}),
    ],
    ids=lambda value: value.removesuffix(".json") if isinstance(value, str) else "",
)
def test_a_disk_is_read_by_its_kind(file: str, expected: dict[str, float | Gap]) -> None:
    told = said(file)
    assert {metric: told[metric] for metric in expected} == expected


@pytest.mark.parametrize(
    ("file", "virtual", "gap", "words"),
    [
        ("smartctl_behind_raid.json", False, Gap.UNREADABLE, "exit 2: Smartctl open device: /dev/bus/0"),
        ("smartctl_not_allowed.json", False, Gap.REFUSED, "needs root, or CAP_SYS_RAWIO and CAP_SYS_ADMIN"),
        ("smartctl_virtual.json", True, Gap.NOT_OFFERED, "a disk of a virtual machine has no SMART"),
        ("smartctl_virtual.json", False, Gap.UNREADABLE, "Unable to detect device type"),
    ],
    ids=["behind a controller", "not allowed", "in a guest", "the same on a real machine"],
)
def test_a_disk_that_cannot_be_asked_is_a_gap_with_the_reason(file: str, virtual: bool, gap: Gap, words: str) -> None:
    with pytest.raises(SourceFailed) as failed:
        report("disk", (ANSWERS / file).read_text(), virtual=virtual)
    assert failed.value.gap is gap
    assert words in failed.value.detail


@pytest.mark.parametrize("text", ["", "Segmentation fault", "[]", '{"smartctl": 7}', '{"smartctl": {', "[" * 100_000])
def test_what_is_no_answer_of_smartctl_is_unreadable(text: str) -> None:
    with pytest.raises(SourceFailed) as failed:
        report("disk", text)
    assert failed.value.gap is Gap.UNREADABLE


def test_numbers_that_are_none_are_gaps() -> None:
    odd = json.loads((ANSWERS / "smartctl_ata_healthy.json").read_text())
    odd["temperature"] = {"current": "hot"}
    odd["ata_smart_attributes"]["table"][0]["raw"] = {"value": None}
    odd["power_on_time"] = 7
    told = {item.metric: item.value for item in report("disk", json.dumps(odd)) if isinstance(item, Sample)}
    assert told["disk_temperature_celsius"] is Gap.UNREADABLE
    assert told["smart_reallocated_sectors_total"] is Gap.UNREADABLE
    assert told["disk_powered_on_seconds"] is Gap.NOT_OFFERED


def test_hours_of_a_self_test_go_round_after_sixteen_bits() -> None:
    old = json.loads((ANSWERS / "smartctl_ata_healthy.json").read_text())
    old["power_on_time"] = {"hours": 65_546}
    old["ata_smart_self_test_log"]["extended"]["table"][0]["lifetime_hours"] = 65_526
    told = {item.metric: item.value for item in report("disk", json.dumps(old)) if isinstance(item, Sample)}
    assert told["smart_long_self_test_age_seconds"] == 20 * 3600
    old["ata_smart_self_test_log"]["extended"]["table"][0]["lifetime_hours"] = 4
    told = {item.metric: item.value for item in report("disk", json.dumps(old)) if isinstance(item, Sample)}
    assert told["smart_long_self_test_age_seconds"] == 6 * 3600


@pytest.fixture
def disks(programs: Programs) -> Programs:
    programs.say("smartctl --scan", "smartctl_scan.json")
    programs.say("smartctl -x /dev/sda", "smartctl_ata_failing.json", 216)
    programs.say("smartctl -x /dev/nvme0", "smartctl_nvme_healthy.json")
    programs.say("smartctl -x /dev/sdc", "smartctl_sas_healthy.json")
    programs.say("smartctl -x -d megaraid,3 /dev/bus/0", "smartctl_behind_raid.json", 2)
    return programs


def verdicts(items: Iterable[Sample | Fact]) -> dict[str, float | Gap]:
    samples = [item for item in items if isinstance(item, Sample)]
    return {item.part: item.value for item in samples if item.metric == "smart_health_passed"}


def test_every_disk_smartctl_finds_is_asked_and_named(disks: Programs, physical: Nature) -> None:
    items = list(Smart(disks, physical, wait_s=20).read())
    assert verdicts(items) == {"sda": 0, "nvme0": 1, "sdc": 1, "bus/0 megaraid,3": Gap.UNREADABLE}
    facts = {item.key: item.value for item in items if isinstance(item, Fact)}
    assert facts["disk.sda.serial"] == "SERIAL0001"
    assert facts["disk.sdc.model"] == "EXAMPLE MG07"
    # What --scan calls "scsi" may be a SATA disk: only what lies behind a controller is asked by its type.
    assert sorted(asked for asked in disks.asked if " -d " in asked) == [
        "smartctl --json=c -x -d megaraid,3 /dev/bus/0"
    ]
    assert "INQUIRY failed" in facts["disk.bus/0 megaraid,3.unreadable"]


def test_one_disk_that_hangs_is_a_gap_and_the_others_are_told(disks: Programs, physical: Nature) -> None:
    disks.fail("smartctl -x /dev/sda", Gap.TIMED_OUT, "smartctl: no answer in 30 s, killed")
    told = verdicts(Smart(disks, physical, wait_s=20).read())
    assert told["sda"] is Gap.TIMED_OUT
    assert told["nvme0"] == 1


def test_without_the_program_or_a_disk_it_is_not_offered(programs: Programs) -> None:
    for file in ("", "smartctl_scan_nothing.json"):
        if file:
            programs.say("smartctl --scan", file)
        with pytest.raises(SourceFailed) as failed:
            list(Smart(programs, GUEST, wait_s=20).read())
        assert failed.value.gap is Gap.NOT_OFFERED
        assert "a virtual machine has none of its own (KVM/QEMU: the test says so)" in failed.value.detail


@pytest.mark.parametrize("text", ["", "no devices", '{"devices": [7]}', '{"devices": 7}'])
def test_a_scan_that_is_garbage_is_unreadable(text: str) -> None:
    with pytest.raises(SourceFailed) as failed:
        scanned(text)
    assert failed.value.gap is Gap.UNREADABLE
