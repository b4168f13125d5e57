"""A fault laid over a healthy host, read by everything the agent watches: the right reading or event, and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.all_sources import AllSources, all_sources
from agent.check import Row, rows
from agent.host.filesystems import METRICS as STATVFS
from agent.host.root import Root
from checklists.criteria import Reading
from checklists.loading import load_rules
from checklists.presence import Absent, Heard
from checklists.verdicts import Verdict
from readings.catalogue import load_catalogue
from readings.delivery.runner import Runner, TakenTick
from readings.model import Clocks, Gap, Severity

Programs = Any  # the one of conftest, which a test folder without packages cannot import
Readings = dict[tuple[str, str], float | Gap]
# Times, what logs count of themselves, and the real disk that lies under the host made of files.
CHANGES_BY_ITSELF = {"source_duration_seconds", "source_answer_age_seconds", "log_events_total", *STATVFS}


def values(taken: TakenTick) -> Readings:
    told: list[Row] = [row for row in rows(taken) if row.metric not in CHANGES_BY_ITSELF]
    return {(row.metric, row.part): row.value for row in told}


@pytest.fixture
def passes(host: Path, clocks: Callable[[], Clocks], programs: Programs) -> Callable[[], TakenTick]:
    """Each call is a pass of one agent; what is told is committed."""
    seen: AllSources = all_sources(Root.under(host), clocks, {}, pace_s=0, programs=programs, wait_s=10)
    runner = Runner([*seen.sources, *seen.logs], clocks)

    def take() -> TakenTick:
        taken = runner.tick()
        for log in seen.logs:
            log.commit()
        return taken

    return take


DIMM = "mc0/dimm0"
DISK, PORT = "0000:03:00.0", "0000:00:01.0"
# fault → what is different afterwards, and the events: (kind, severity, words in the text)
FAULTS: dict[str, tuple[Readings, list[tuple[str, Severity, str]]]] = {
    "memory_corrected": (
        {
            ("memory_corrected_errors_total", DIMM): 3,
            ("memory_corrected_errors_total", "mc0"): 3,
            ("memory_corrected_errors_total", "mc0/csrow0"): 3,
            ("memory_channel_corrected_errors_total", "mc0/csrow0/ch0"): 3,
        },
        [],
    ),
    "memory_uncorrected": (
        {("memory_uncorrected_errors_total", DIMM): 1, ("memory_uncorrected_errors_total", "mc0"): 1},
        [],
    ),
    "memory_counters_reset": (
        {("memory_errors_counted_seconds", "mc0"): 12},
        [("counters_reset", Severity.WARNING, "mc0: memory error counters began anew 12 s ago")],
    ),
    "machine_check": (
        {("machine_checks_total", ""): 1, ("kernel_taint", ""): 16, ("kernel_broken", ""): 1},
        [("kernel_taint", Severity.CRITICAL, "taint bit 4: the processor reported a machine check")],
    ),
    "thermal_event": ({("cpu_thermal_events_total", ""): 7, ("cpu_core_throttles_total", "0"): 7}, []),
    "pcie_fatal": (
        {
            ("pcie_nonfatal_errors_total", DISK): 1,
            ("pcie_fatal_errors_total", DISK): 1,
            ("pcie_port_fatal_errors_total", PORT): 1,
        },
        [],
    ),
    "pcie_link_reduced": (
        {
            ("pcie_link_transfers_per_second", DISK): 2.5e9,
            ("pcie_link_lanes_count", DISK): 1,
            ("pcie_link_reduced", DISK): 1,
        },
        [],
    ),
    "file_system_error": (
        {
            ("filesystem_errors_total", "sdb1"): 1,
            ("filesystem_first_error_time_seconds", "sdb1"): 1_795_500_000,
            ("filesystem_last_error_time_seconds", "sdb1"): 1_795_500_000,
        },
        [],
    ),
    "remounted_read_only": (
        {("filesystem_readonly", "/data"): 1},
        [("remounted_read_only", Severity.CRITICAL, "/data (ext4) takes no more writes")],
    ),
    "kernel_died_of_machine_check": (
        {("crash_records_count", ""): 2, ("source_success", "crash_records"): 1},
        [
            ("crash_record", Severity.ALERT, "Kernel panic - not syncing: Fatal machine check"),
            ("crash_record", Severity.ALERT, "a record of a machine check"),
        ],
    ),
    "fan_failed": ({("fan_rpm", "nct6798 fan1"): 0, ("sensor_alarm", "nct6798 fan1"): 1}, []),
    "sensor_broken": ({("sensor_fault", "nct6798 temp1"): 1}, []),
    "raid_degraded": (
        {
            ("md_disks_active_count", "md0"): 1,
            ("md_disks_missing_count", "md0"): 1,
            ("md_disks_failed_count", "md0"): 1,
        },
        [],
    ),
    "link_flapped": (
        {
            ("network_carrier_changes_total", "eth0"): 3,
            ("network_carrier_up_changes_total", "eth0"): 2,
            ("network_carrier_down_changes_total", "eth0"): 1,
        },
        [],
    ),
    "bond_link_down": ({("bonding_links_up_count", "bond0"): 1}, []),
    "kernel_oops": (
        {("kernel_taint", ""): 128, ("kernel_broken", ""): 1},
        [("kernel_taint", Severity.CRITICAL, "taint bit 7: the kernel died once before")],
    ),
    "out_of_memory": ({("oom_kills_total", ""): 1}, []),
    "hung_task": ({("kernel_hung_tasks_total", ""): 1}, []),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_changes_its_readings_and_tells_its_events(
    fault: str, passes: Callable[[], TakenTick], strike: Callable[[str], None]
) -> None:
    before = passes()
    strike(fault)
    after = passes()
    readings, events = FAULTS[fault]
    was, now = values(before), values(after)
    assert {key: value for key, value in now.items() if was.get(key) != value} == readings
    told = [(event.kind, event.severity, event.text) for _, event in after.events]
    assert [(kind, severity) for kind, severity, _ in told] == [(kind, severity) for kind, severity, _ in events]
    assert all(words in text for (_, _, text), (_, _, words) in zip(told, events, strict=True))
    assert [event for _, event in passes().events] == []


def test_a_healthy_host_tells_no_event_and_names_its_modules(passes: Callable[[], TakenTick]) -> None:
    taken = passes()
    assert taken.events == []
    facts = {fact.key: fact.value for _, fact in taken.facts}
    assert facts["memory.mc0/dimm0"] == "CPU_SrcID#0_MC#0_Chan#0_DIMM#0, channel 0 slot 0, Registered-DDR4, 32768 MiB"
    assert facts["memory.mc0/csrow0/ch0"] == "DIMM_A1"
    assert facts["virtual"] == "no"


def test_a_slow_slot_is_no_reduced_link(passes: Callable[[], TakenTick]) -> None:
    told = values(passes())
    # The disk could do 16 GT/s, the port above it only the 8 they run at.
    assert told["pcie_link_transfers_maximum_per_second", DISK] == 16e9
    assert told["pcie_link_transfers_per_second", DISK] == 8e9
    assert told["pcie_link_reduced", DISK] == 0
    # The port could run 16 lanes and has a device of 4: that is no fault of it.
    assert told["pcie_link_lanes_maximum_count", PORT] == 16
    assert ("pcie_link_reduced", PORT) not in told


def test_ranks_are_counted_where_a_driver_knows_no_modules(host: Path, passes: Callable[[], TakenTick]) -> None:
    rank = host / "sys/devices/system/edac/mc/mc0/rank0"
    rank.mkdir()
    (rank / "dimm_ce_count").write_text("5\n")
    (rank / "dimm_ue_count").write_text("-\n")
    told = values(passes())
    assert told["memory_corrected_errors_total", "mc0/rank0"] == 5
    assert told["memory_uncorrected_errors_total", "mc0/rank0"] is Gap.UNREADABLE


def test_what_is_not_there_is_not_offered_and_never_zero(tmp_path: Path, clocks: Callable[[], Clocks]) -> None:
    seen = all_sources(Root.under(tmp_path), clocks, {}, wait_s=10)
    taken = Runner([*seen.sources, *seen.logs], clocks).tick()
    new = {source.name for source in [*seen.sources, *seen.logs]}
    absent = {source: (gap, detail) for _, source, gap, detail in taken.gaps}
    assert new - set(absent) - {"identity", "facts", "inventory"} == set()  # these tell facts, and here there are none
    assert {gap for gap, _ in absent.values()} == {Gap.NOT_OFFERED}
    assert all(detail for _, detail in absent.values())


def test_every_reading_of_hardware_has_its_row_in_the_catalogue(
    passes: Callable[[], TakenTick], strike: Callable[[str], None]
) -> None:
    strike("file_system_error")
    catalogue = load_catalogue()
    taken = passes()
    failed = {source for _, source, _, _ in taken.gaps}
    assert {metric for metric, _ in values(taken)} - set(catalogue) - failed == set()


@pytest.mark.parametrize(
    ("file", "content", "source"),
    [
        ("proc/interrupts", b"            CPU0       CPU1\nMCE:          1", "machine_checks"),
        ("proc/interrupts", b"", "machine_checks"),
        (
            "proc/interrupts",
            b"            CPU0       CPU1\nMCE:   1   \xff\xfe  Machine check exceptions\n",
            "machine_checks",
        ),
        ("proc/mounts", b"/dev/sda1 / ext4 rw", "filesystem_faults"),
        ("proc/sys/kernel/tainted", b"many\n", "taint"),
        ("var/lib/rasdaemon/ras-mc_event.db", b"SQLite format 3\0 and then no more", "rasdaemon"),
    ],
    ids=["cut off", "empty", "not UTF-8", "cut off mounts", "no number", "no database"],
)
def test_a_damaged_file_is_unreadable_and_no_reading(
    file: str, content: bytes, source: str, host: Path, passes: Callable[[], TakenTick]
) -> None:
    (host / file).parent.mkdir(parents=True, exist_ok=True)
    (host / file).write_bytes(content)
    taken = passes()
    assert [gap for _, name, gap, _ in taken.gaps if name == source] == [Gap.UNREADABLE]


def test_a_total_that_is_cut_off_is_unreadable(host: Path, passes: Callable[[], TakenTick]) -> None:
    device = host / "sys/bus/pci/devices" / DISK
    (device / "aer_dev_fatal").write_text("Undefined 0\nTOTAL_ERR_FATAL 1")
    (device / "aer_dev_nonfatal").write_bytes(b"\xff\xfe\n")
    told = values(passes())
    assert told["pcie_fatal_errors_total", DISK] is Gap.UNREADABLE
    assert told["pcie_nonfatal_errors_total", DISK] is Gap.UNREADABLE


def test_a_counter_that_goes_backwards_is_told_as_it_is(
    passes: Callable[[], TakenTick], strike: Callable[[str], None], host: Path
) -> None:
    strike("pcie_fatal")
    passes()
    (host / "sys/bus/pci/devices" / DISK / "aer_dev_fatal").write_text("TOTAL_ERR_FATAL 0\n")
    told = passes()
    assert values(told)["pcie_fatal_errors_total", DISK] == 0
    assert told.events == []


# Told and kept, and left to whoever verifies: none of these alone means that something is wrong now.
NO_ALARM = {"memory_counters_reset", "thermal_event", "pcie_link_reduced", "link_flapped", "bond_link_down"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_opens_an_alarm_by_a_shipped_rule_or_its_event(
    fault: str, passes: Callable[[], TakenTick], strike: Callable[[str], None]
) -> None:
    before = values(passes())
    strike(fault)
    taken = passes()
    after = values(taken)
    broken = {
        rule.id
        for rule in load_rules(load_catalogue())
        if not isinstance(rule.criterion, Absent | Heard)
        for (metric, part), value in after.items()
        if metric == rule.criterion.metric and rule.parts.holds(part)
        for window in [[Reading(0, before.get((metric, part), value)), Reading(60_000, value)]]
        if rule.criterion.judge(window, 60_000, 120_000).verdict is Verdict.NOT_MET
    }
    alarming = [event for _, event in taken.events if event.severity <= Severity.ERROR]
    assert bool(broken or alarming) == (fault not in NO_ALARM), broken
