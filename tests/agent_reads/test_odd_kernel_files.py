"""A damaged kernel file is a gap: never a zero, never half a number, never the end of the pass."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.host import kernel_files, load
from agent.host.cpu import Cpu, ratios
from agent.host.filesystems import Filesystems
from agent.host.kernel_files import read_number, read_text
from agent.host.load import count_cpus
from agent.host.memory import Memory
from agent.host.network import NetworkLinks
from agent.host.root import Root
from agent.host.sources import Source, host_sources
from readings.model import Fact, Gap, Sample, SourceFailed

FIXTURES = Path(__file__).parents[1] / "fixtures" / "host" / "everything"
FILES = sorted(str(file.relative_to(FIXTURES)) for file in FIXTURES.rglob("*") if file.is_file())
PROC_FILES = [file for file in FILES if file.startswith("proc/") and "/sys/" not in file]
FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def values(sources: Iterable[Source]) -> dict[tuple[str, str], float]:
    """What could be read; whatever a source raises but SourceFailed is for the runner, and not wanted here."""
    found: dict[tuple[str, str], float] = {}
    for source in sources:
        try:
            for item in source.read():
                if isinstance(item, Sample) and not isinstance(item.value, Gap):
                    found[item.metric, item.part] = item.value
        except SourceFailed:
            continue
    return found


def reading(host: Path) -> list[Source]:
    said = os.statvfs_result((4096, 4096, 100, 50, 40, 10, 5, 5, 0, 255))
    root = Root.under(host)
    return [
        Filesystems(root, lambda _: said),
        *(source for source in host_sources(root) if source.name != "filesystems"),
    ]


@pytest.fixture(scope="module")
def whole() -> dict[tuple[str, str], float]:
    return values(reading(FIXTURES))


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(FIXTURES, tmp_path_factory.mktemp("victim") / "host"))


@FEW
@given(file=st.sampled_from(PROC_FILES), share=st.floats(0, 0.9999))
def test_a_cut_file_gives_no_value_the_whole_one_would_not_give(
    file: str, share: float, victim: Path, whole: dict[tuple[str, str], float]
) -> None:
    original = (FIXTURES / file).read_bytes()
    (victim / file).write_bytes(original[: int(len(original) * share)])
    try:
        left = values(reading(victim))
    finally:
        (victim / file).write_bytes(original)
    # Sums and counts over lines may be smaller when whole lines are missing; a value of one line is that value.
    summed = ("arp_entries_count", "conntrack_", "udp_queue_bytes", "md_disks", "md_s")
    wrong = {
        key: (value, whole.get(key))
        for key, value in left.items()
        if value != whole.get(key) and not key[0].startswith(summed)
    }
    assert wrong == {}


@FEW
@given(file=st.sampled_from(FILES), garbage=st.binary(max_size=300))
def test_garbage_is_a_gap_and_never_stops_the_pass(file: str, garbage: bytes, victim: Path) -> None:
    original = (FIXTURES / file).read_bytes()
    (victim / file).write_bytes(garbage)
    try:
        assert all(math.isfinite(value) for value in values(reading(victim)).values())
    finally:
        (victim / file).write_bytes(original)


@FEW
@given(
    file=st.sampled_from(PROC_FILES),
    at=st.floats(0, 0.999),
    piece=st.sampled_from(
        [b"-1", b"nan", b"inf", b"1e5", b"1_0", b"x", b"", b"99999999999999999999999", b"\xff", b"\0"]
    ),
)
def test_a_word_that_is_no_count_never_becomes_one(file: str, at: float, piece: bytes, victim: Path) -> None:
    original = (FIXTURES / file).read_bytes()
    words = original.split(b" ")
    words[int(len(words) * at)] = piece
    (victim / file).write_bytes(b" ".join(words))
    try:
        said = values(reading(victim))
        assert all(math.isfinite(value) and value < 2**65 for value in said.values())
        assert all(value >= 0 for (metric, _), value in said.items() if metric.endswith(("_total", "_count", "_bytes")))
    finally:
        (victim / file).write_bytes(original)


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("proc/")])
def test_an_empty_file_costs_its_own_source_only(file: str, victim: Path, whole: dict[tuple[str, str], float]) -> None:
    original = (FIXTURES / file).read_bytes()
    (victim / file).write_bytes(b"")
    try:
        left = values(reading(victim))
    finally:
        (victim / file).write_bytes(original)
    assert len(left) > len(whole) * 0.7
    if file == "proc/meminfo":
        assert not any(metric.startswith(("memory_used", "memory_total", "swap_used")) for metric, _ in left)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param([0] * 10, [10, 0, 10, 70, 10, 0, 0, 0, 0, 0], (0.2, 0.1, 0.1, 0.1, 0.0), id="a fifth busy"),
        pytest.param([5] * 10, [5] * 10, (Gap.LOST,) * 5, id="no time between two reads"),
        pytest.param(None, [5] * 10, (Gap.LOST,) * 5, id="the first read"),
        pytest.param([9000] * 10, [10] * 10, (Gap.LOST,) * 5, id="counters began anew"),
        pytest.param(
            [0, 0, 0, 0, 50, 0, 0, 0, 0, 0], [10, 0, 0, 90, 48, 0, 0, 0, 0, 0], (0.1, 0.1, 0.0, 0.0, 0.0),
            id="iowait stepped back a little",
        ),
        pytest.param([0] * 10, [0, 0, 0, 50, 0, 0, 0, 50, 0, 0], (0.5, 0.0, 0.0, 0.0, 0.5), id="half stolen"),
    ],
)  # fmt: skip
def test_shares_of_time(before: Sequence[int] | None, now: Sequence[int], expected: tuple[float | Gap, ...]) -> None:
    assert ratios(before, now) == expected


def test_the_first_pass_has_shares_already(host: Path, later: Callable[[Path], None]) -> None:
    source = Cpu(Root.under(host))
    later(host)
    said = {(sample.metric, sample.part): sample.value for sample in source.read()}
    assert said["cpu_busy_ratio", "total"] == pytest.approx(0.35)
    assert said["cpu_busy_ratio", "1"] == pytest.approx(0.1)


def test_no_share_spans_a_read_that_failed(host: Path) -> None:
    source = Cpu(Root.under(host))
    good = (host / "proc/stat").read_text()
    (host / "proc/stat").write_text("cpu  1 2\n")
    with pytest.raises(SourceFailed, match="fewer than 4 modes"):
        list(source.read())
    (host / "proc/stat").write_text(good)
    said = {(sample.metric, sample.part): sample.value for sample in source.read()}
    assert said["cpu_busy_ratio", "total"] is Gap.LOST


def test_a_file_that_may_not_be_read_is_refused(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, *_: object) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SourceFailed) as failed:
        list(Memory(Root.under(host)).read())
    assert failed.value.gap is Gap.REFUSED


def test_a_host_without_swap_has_no_share_of_it(host: Path) -> None:
    meminfo = host / "proc/meminfo"
    text = meminfo.read_text().replace("8388604", "0").replace("8000000", "0")
    meminfo.write_text(text)
    said = {sample.metric: sample.value for sample in Memory(Root.under(host)).read()}
    assert said["swap_used_bytes"] == 0
    assert said["swap_used_ratio"] is Gap.NOT_OFFERED


def test_an_old_kernel_without_available_memory_is_a_gap(host: Path) -> None:
    meminfo = host / "proc/meminfo"
    lines = meminfo.read_text().splitlines(keepends=True)
    meminfo.write_text("".join(line for line in lines if not line.startswith("MemAvailable")))
    said = {sample.metric: sample.value for sample in Memory(Root.under(host)).read()}
    assert said["memory_used_ratio"] is Gap.NOT_OFFERED
    assert said["memory_available_bytes"] is Gap.NOT_OFFERED


@pytest.mark.parametrize(("text", "cpus"), [("0\n", 1), ("0-3,8-11\n", 8), ("", 0), ("x-y\n", 0), ("3-\n", 1)])
def test_online_cpus(text: str, cpus: int) -> None:
    assert count_cpus(text) == cpus


def test_facts_are_told_once_in_a_while(everything: Root) -> None:
    identity = next(source for source in host_sources(everything) if source.name == "identity")
    first = [fact for fact in identity.read() if isinstance(fact, Fact)]
    assert Fact("hostname", "trade-01") in first
    assert list(identity.read()) == []


def test_processes_are_counted_without_listing_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    links, listed, listings = [120], [str(pid) for pid in range(1, 110)], [0]

    def listing(_: str) -> list[str]:
        listings[0] += 1
        return listed

    monkeypatch.setattr(load, "read_link", lambda _: load.FIRST_PID_NAMESPACE)
    monkeypatch.setattr(load, "links", lambda _: links[0])
    monkeypatch.setattr(load, "entries", listing)
    source = load.Processes(Root())
    assert [next(source.read()).value for _ in range(3)] == [109.0] * 3
    assert listings == [2]
    links[0] = 127
    assert next(source.read()).value == 116.0
    # What the links say is compared with a listing from time to time.
    del listed[50:]
    assert 50.0 in [next(source.read()).value for _ in range(load.RELIST)]


def test_in_a_container_processes_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "read_link", lambda _: "pid:[4026532000]")
    monkeypatch.setattr(load, "entries", lambda _: ["1", "17", "self", "stat"])
    source = load.Processes(Root())
    assert [next(source.read()).value for _ in range(4)] == [2.0] * 4


def test_a_kernel_file_that_stays_open_says_what_is_so_now() -> None:
    first = read_text("/proc/uptime").split()
    while (second := read_text("/proc/uptime").split())[0] == first[0]:
        pass
    assert float(second[0]) > float(first[0])


def test_a_kept_file_whose_device_went_away_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_files, "_kept", {})
    assert read_text("/proc/uptime")
    (descriptor,) = kernel_files._kept.values()
    folder = os.open("/proc", os.O_RDONLY)
    os.dup2(folder, descriptor)  # reading it fails from now on
    os.close(folder)
    assert float(read_text("/proc/uptime").split()[0]) > 0


def test_a_device_without_an_answer_now_is_asked_again_without_opening_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_files, "_kept", {})
    assert read_number("/proc/sys/kernel/pid_max") != Gap.UNREADABLE
    kept = dict(kernel_files._kept)
    with monkeypatch.context() as down:
        down.setattr(kernel_files, "_pread", lambda *_: Path("/proc").readlink())  # EINVAL
        assert read_number("/proc/sys/kernel/pid_max") is Gap.UNREADABLE
        assert read_number("/proc/sys/kernel/threads-max") is Gap.UNREADABLE
    assert kept.items() < kernel_files._kept.items()
    monkeypatch.delattr(os, "open")
    assert isinstance(read_number("/proc/sys/kernel/pid_max"), float)
    assert isinstance(read_number("/proc/sys/kernel/threads-max"), float)


def test_what_seldom_moves_is_read_with_every_change_of_the_link(host: Path) -> None:
    source = NetworkLinks(Root.under(host))
    folder = host / "sys/class/net/eth0"
    said = {sample.metric: sample.value for sample in source.read() if sample.part == "eth0"}
    (folder / "mtu").write_text("9000\n")
    for file, count in (("carrier_changes", 3), ("carrier_down_count", 2)):
        (folder / file).write_text(f"{count}\n")
    now = {sample.metric: sample.value for sample in source.read() if sample.part == "eth0"}
    assert {metric: value for metric, value in now.items() if value != said[metric]} == {
        "network_mtu_bytes": 9000.0,
        "network_carrier_changes_total": 3.0,
        "network_carrier_down_changes_total": 2.0,
    }
