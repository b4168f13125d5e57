"""Where no module and no call of Linux is there, the package imports, checks a host's files, and keeps a spool."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FIXTURE = Path(__file__).parents[1] / "fixtures" / "host" / "everything"
# What CPython has on Linux and not on Windows, as far as somebody could lean on it.
BEGIN = """
import os, signal, socket, sys, time, types
import subprocess, threading, logging, json, sqlite3, tempfile, zoneinfo, locale, random, platform, httpx  # need some
ABSENT = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "spwd", "crypt", "nis", "psutil"}
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
for name in ABSENT & sys.modules.keys():
    del sys.modules[name]
sys.meta_path.insert(0, Absent())
for name in ("O_CLOEXEC O_NONBLOCK O_DIRECTORY O_NOFOLLOW O_SYNC statvfs fstatvfs uname getuid geteuid getgid getegid "
             "getloadavg sched_getaffinity setsid fork mkfifo chown fchown fchmod pipe2 sysconf getpgid killpg "
             "timerfd_create eventfd pread pwrite posix_fallocate fdatasync sendfile setpriority nice wait4").split():
    if hasattr(os, name):
        delattr(os, name)
for name in [name for name in dir(time) if name.startswith(("CLOCK_", "clock_", "pthread_"))]:
    delattr(time, name)
for name in ("SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1", "alarm", "setitimer", "pthread_sigmask"):
    delattr(signal, name)
del socket.AF_UNIX
sys.path.insert(0, sys.argv[1])
"""
IMPORT = """
import pkgutil, agent, readings
for package in (agent, readings):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name != "agent.host.portable":  # psutil, which has a Windows of its own
            __import__(module.name)
print("imported")
"""
CHECK = """
from zhishou import main
sys.exit(main(["agent", "check", "--json", "--root", sys.argv[2], "--state", sys.argv[3]]))
"""
SPOOL = """
locked = []
msvcrt = types.ModuleType("msvcrt")
msvcrt.LK_NBLCK = 2
msvcrt.locking = lambda descriptor, mode, count: locked.append((mode, count))
sys.modules["msvcrt"] = msvcrt
from pathlib import Path
from agent.clocks import clocks_of
from readings.delivery.credential import Credential, keep, kept
from agent.host.root import Root
from agent.host.sources import host_sources
from agent.running import Passes
from agent.oslog.sources import log_sources
from agent.oslog.self_test import self_test_of
from readings.delivery.spool import Spool
root = Root.under(sys.argv[2])
clocks = clocks_of(root)
spool = Spool(Path(sys.argv[3]) / "spool.db")
logs = log_sources(root, clocks, {})
Passes([*host_sources(root), self_test_of(root, clocks, logs)], logs, spool, clocks).take()
assert spool.counters().waiting == 1
spool.close()
assert locked == [(2, 1)]
keep(Path(sys.argv[3]), Credential("https://a.example", "a", "b", "c"))
assert kept(Path(sys.argv[3])).device_no == "b"
print("kept")
"""


def without_linux(code: str, state: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-I", "-c", BEGIN + code, str(Path(__file__).parents[2]), str(FIXTURE), str(state)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(("code", "last"), [(IMPORT, "imported"), (SPOOL, "kept")], ids=["imports", "keeps a spool"])
def test_what_is_there_is_enough(code: str, last: str, tmp_path: Path) -> None:
    said = without_linux(code, tmp_path)
    assert said.returncode == 0, said.stderr
    assert said.stdout.split()[-1] == last


def test_check_reads_the_files_of_a_host(tmp_path: Path) -> None:
    said = without_linux(CHECK, tmp_path)
    assert said.returncode == 0, said.stderr
    rows = {(row["metric"], row["part"]): row.get("value", row.get("gap")) for row in json.loads(said.stdout)}
    assert rows["source_success", "memory"] == 1
    assert rows["memory_total_bytes", ""] > 0
    failed = [part for (metric, part), value in rows.items() if metric == "source_success" and value == 0]
    assert failed == [], "what is not there is not offered, and nothing fails for want of a module"
