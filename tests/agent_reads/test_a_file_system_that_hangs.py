"""A dead NFS server is a gap of its own mount: the pass goes on, and no thread is spent on it again."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from agent.host.filesystems import Filesystems, parse
from agent.host.patience import Patience
from agent.host.root import Root
from readings.model import Gap, Sample

GOOD = os.statvfs_result((4096, 4096, 100, 50, 40, 10, 5, 5, 0, 255))


def sizes(source: Filesystems) -> dict[str, float | Gap]:
    return {sample.part: sample.value for sample in source.read() if sample.metric == "filesystem_size_bytes"}


def test_a_hung_mount_is_timed_out_and_the_others_are_read(everything: Root) -> None:
    answered = threading.Event()
    asked: list[str] = []

    def statvfs(path: str) -> os.statvfs_result:
        asked.append(path)
        if path.endswith("/mnt/filer"):
            answered.wait(30)
        return GOOD

    source = Filesystems(everything, statvfs, patience_s=0.05)
    try:
        for _ in range(2):
            said = sizes(source)
            assert said.pop("/mnt/filer") is Gap.TIMED_OUT
            assert set(said.values()) == {409_600.0}
        # While the first question hangs it is not asked again.
        assert sum(path.endswith("/mnt/filer") for path in asked) == 1
    finally:
        answered.set()
    came_back = threading.Event()
    while sizes(source)["/mnt/filer"] is Gap.TIMED_OUT:
        came_back.wait(0.01)
    assert sizes(source)["/mnt/filer"] == 409_600.0


def test_at_most_so_many_questions_hang_at_once() -> None:
    never = threading.Event()

    def hang(_: str) -> str:
        never.wait(30)
        return ""

    before = threading.active_count()
    patience = Patience(hang, 0.001)
    answers = patience.ask([str(number) for number in range(50)])
    assert all(isinstance(answer, TimeoutError) for answer in answers)
    assert threading.active_count() - before <= 16
    never.set()


@pytest.mark.parametrize(
    ("error", "gap"),
    [
        pytest.param(OSError(116, "Stale file handle"), Gap.UNREADABLE, id="stale handle"),
        pytest.param(PermissionError(13, "Permission denied"), Gap.REFUSED, id="not allowed"),
    ],
)
def test_an_error_is_the_reason_of_that_mount(error: OSError, gap: Gap, everything: Root) -> None:
    def statvfs(path: str) -> os.statvfs_result:
        if path.endswith("/boot"):
            raise error
        return GOOD

    said = sizes(Filesystems(everything, statvfs))
    assert said["/boot"] is gap
    assert said["/"] == 409_600.0


def test_what_df_says_is_what_is_said(everything: Root) -> None:
    said = {(sample.metric, sample.part): sample.value for sample in Filesystems(everything, lambda _: GOOD).read()}
    assert said["filesystem_used_ratio", "/"] == pytest.approx(50 / 90)
    assert said["filesystem_inodes_used_ratio", "/"] == pytest.approx(0.5)
    assert said["filesystem_readonly", "/boot"] == 1.0
    assert said["filesystem_size_bytes", "/srv/market data"] == 409_600.0


def test_the_mount_that_hides_another_is_the_one_that_counts() -> None:
    text = "a / ext4 rw 0 0\nb /data ext4 rw 0 0\nc /data ext4 ro 0 0\nd /data/x proc rw 0 0\n"
    assert [(mount.point, mount.readonly) for mount in parse("mounts", text)] == [("/", False), ("/data", True)]


def test_the_root_of_a_container_is_read() -> None:
    assert [mount.point for mount in parse("mounts", "overlay / overlay rw 0 0\n")] == ["/"]


def test_a_real_file_system_says_what_the_system_says(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/mounts").write_text("disk / ext4 rw 0 0\n")
    said: dict[str, Sample] = {sample.metric: sample for sample in Filesystems(Root.under(tmp_path)).read()}
    assert said["filesystem_size_bytes"].value == os.statvfs(tmp_path).f_blocks * os.statvfs(tmp_path).f_frsize
