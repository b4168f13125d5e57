"""The kernel of this machine: what a program writes into its log is never taken for its own, and its own errors are.

An error cannot be taken out of a kernel's log again, and a host that is being verified must not have one. So these
tests run only where they are asked for: ZHISHOU_REAL_KERNEL_ERROR=1, or CI=true.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.clocks import clocks_of
from agent.host.root import Root
from agent.oslog.kernel_log import KernelLog
from readings.model import Event, Severity
from tests.agent_logs.real_faults import damage_a_filesystem, run_out_of_memory

ASKED = os.environ.get("ZHISHOU_REAL_KERNEL_ERROR") == "1" or os.environ.get("CI") == "true"
on_request = pytest.mark.skipif(not ASKED, reason="leaves an error in this kernel's log: ZHISHOU_REAL_KERNEL_ERROR=1")

# As /dev/kmsg of Linux 6 gave them, read after the two faults of real_faults.py.
RECORDED = {
    "EXT4-fs error (device loop0)": (
        b"2,548,6860865581,-;EXT4-fs error (device loop0): htree_dirblock_to_tree:1077: inode #12: block 1618: comm ls:"
        b" bad entry in directory: rec_len % 4 != 0 - offset=0, inode=2434358551, rec_len=59486, size=1024 fake=0\n"
    ),
    "Memory cgroup out of memory": (
        b"3,679,6908260431,-;Memory cgroup out of memory: Killed process 15003 (python) total-vm:49252kB,"
        b" anon-rss:38912kB, file-rss:6588kB, shmem-rss:0kB, UID:0 pgtables:140kB oom_score_adj:0\n"
    ),
}


def opened() -> KernelLog:
    """This kernel's log, all told that was in it."""
    log = KernelLog(Root(), clocks_of(Root()))
    while told(log):
        pass
    return log


def told(log: KernelLog) -> list[Event]:
    found = [item for item in log.read() if isinstance(item, Event)]
    log.commit()
    return found


@on_request
@pytest.mark.peer("root")
def test_what_a_program_writes_is_told_as_its_own() -> None:
    log, text = opened(), f"test {os.getpid()}: EXT4-fs error (device sda1): 磁盘"
    with Path("/dev/kmsg").open("wb", buffering=0) as kernel:
        kernel.write(f"<3>{text}\n".encode())
    assert [(event.kind, event.severity) for event in told(log) if event.text == text] == [("user_log", Severity.ERROR)]


@on_request
@pytest.mark.peer("root", "unshare", "mount", "mkfs.ext4", "debugfs", "loop device")
def test_a_damaged_filesystem_is_told_as_an_error_of_the_kernel(tmp_path: Path) -> None:
    log = opened()
    text = damage_a_filesystem(tmp_path)
    kinds = {(event.kind, event.severity <= Severity.ERROR) for event in told(log) if event.text.startswith(text)}
    assert kinds == {("kernel_log", True)}


@on_request
@pytest.mark.skipif(not os.access("/sys/fs/cgroup/memory", os.W_OK), reason="no control groups of version 1 here")
def test_a_process_killed_for_its_memory_is_told_as_an_error_of_the_kernel(tmp_path: Path) -> None:
    log = opened()
    text = run_out_of_memory(tmp_path)
    kinds = {(event.kind, event.severity <= Severity.ERROR) for event in told(log) if event.text.startswith(text)}
    assert kinds == {("kernel_log", True)}


@pytest.mark.parametrize("text", RECORDED)
def test_the_same_errors_as_they_were_recorded(tmp_path: Path, text: str) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "kmsg").write_bytes(RECORDED[text])
    (event,) = told(KernelLog(Root.under(tmp_path), clocks_of(Root())))
    assert event.kind == "kernel_log"
    assert event.severity <= Severity.ERROR
    assert event.text.startswith(text)
