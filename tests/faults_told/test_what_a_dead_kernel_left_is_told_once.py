"""pstore and its archive: every record is an event, once, over restarts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.hardware.crash_records import CrashRecords
from agent.host.root import Root
from readings.model import Clocks, Event, Gap, SourceFailed

Watch = Callable[[str], CrashRecords]


@pytest.fixture
def watch(tmp_path: Path, clocks: Callable[[], Clocks]) -> Watch:
    return lambda mark: CrashRecords(Root.under(tmp_path), clocks, mark)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / "sys/fs/pstore"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "var/lib/systemd/pstore"
    folder.mkdir(parents=True)
    return folder


def names(source: CrashRecords) -> list[str]:
    return [item.cursor for item in source.read() if isinstance(item, Event)]


def test_a_record_that_waits_at_the_first_look_is_told_and_then_no_more(kept: Path, watch: Watch) -> None:
    (kept / "dmesg-efi-1").write_text("Oops#1 Part1\n")
    source = watch("")
    assert names(source) == ["dmesg-efi-1"]
    assert names(source) == ["dmesg-efi-1"]  # not committed: told again
    source.commit()
    assert names(source) == []
    assert names(watch(source.mark)) == []


def test_what_was_archived_before_the_first_look_is_counted_only(archive: Path, watch: Watch) -> None:
    (archive / "16900").mkdir()
    (archive / "16900" / "dmesg.txt").write_text("Panic#1\n")
    source = watch("")
    assert names(source) == []
    source.commit()
    (archive / "17001").mkdir()
    (archive / "17001" / "dmesg.txt").write_text("Panic#2 <0>[ 1.0] Kernel panic\n")
    assert names(source) == ["dmesg.txt"]


def test_a_record_that_boot_moved_to_the_archive_while_the_agent_was_away_is_told(
    kept: Path, archive: Path, watch: Watch
) -> None:
    source = watch("")
    names(source)
    source.commit()
    (archive / "dmesg-erst-7").write_text("Panic#1\n")
    assert kept.is_dir()
    assert names(watch(source.mark)) == ["dmesg-erst-7"]


def test_what_is_no_text_is_named(kept: Path, watch: Watch) -> None:
    (kept / "dmesg-efi-1.enc.z").write_bytes(b"\x78\x9c\x00\xff" * 50)
    (event,) = (item for item in watch("").read() if isinstance(item, Event))
    assert "(200 bytes that are no text)" in event.text


def test_many_records_are_told_over_several_passes(kept: Path, watch: Watch) -> None:
    for number in range(50):
        (kept / f"dmesg-efi-{number:02}").write_text("Oops\n")
    source = watch("")
    told: list[str] = []
    for _ in range(4):
        told += names(source)
        source.commit()
    assert len(told) == len(set(told)) == 50


def test_a_kernel_without_pstore_does_not_offer_it(watch: Watch) -> None:
    with pytest.raises(SourceFailed) as failed:
        names(watch(""))
    assert failed.value.gap is Gap.NOT_OFFERED
