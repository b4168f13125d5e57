"""The command as people run it: real processes, a folder of their own, a port nobody else has."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

WITHIN_S = 90.0
DEAF = ("--trap-port", "0", "--syslog-port", "0")  # the ports it would take are everybody's
PROGRAM = [sys.executable, "-P", "-m", "zhishou"]


def environment(**more: str) -> dict[str, str]:
    """Ours, without what the tester's own shell may say about Zhishou."""
    return {**{key: value for key, value in os.environ.items() if not key.startswith("ZHISHOU_")}, **more}


@dataclass
class Up:
    """A running ``zhishou up``: its lines so far, its address, its children."""

    program: subprocess.Popen[str]
    data: Path
    lines: list[str] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.program.stdout is not None
        with self.program.stdout:
            for line in self.program.stdout:
                with self.news:
                    self.lines.append(line.rstrip())
                    self.news.notify_all()

    def wait_for(self, pattern: str, times: int = 1) -> str:
        """The line in which the pattern stands for the nth time."""

        def found() -> list[str]:
            return [line for line in self.lines if re.search(pattern, line)]

        with self.news:
            assert self.news.wait_for(lambda: len(found()) >= times, WITHIN_S), "\n".join(self.lines)
            return found()[times - 1]

    @property
    def url(self) -> str:
        return self.wait_for(r"watches this machine: http").rpartition(" ")[2]

    def child(self, words: str) -> psutil.Process:
        """The child whose command line has these words."""
        [found] = [child for child in psutil.Process(self.program.pid).children() if words in " ".join(child.cmdline())]
        return found

    def stop(self) -> int:
        self.program.terminate()
        return self.program.wait(WITHIN_S)


def left_running(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that do not end by themselves within a while. One that ended and waits for init to notice is no process."""

    def running(process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    end = time.monotonic() + WITHIN_S
    while (left := [process for process in processes if running(process)]) and time.monotonic() < end:
        time.sleep(0.05)
    return left


Start = Callable[..., Up]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """``start()`` runs ``zhishou up``; whatever a test leaves running ends with it."""
    started: list[Up] = []

    def up(*words: str, env: Mapping[str, str] | None = None) -> Up:
        data = tmp_path / "data"
        program = subprocess.Popen(
            [*PROGRAM, "up", "--data", str(data), "--port", "0", *DEAF, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment(**(env or {})),
            text=True,
            cwd=tmp_path,
        )
        started.append(Up(program, data))
        return started[-1]

    yield up
    for each in started:
        if each.program.poll() is None:
            each.stop()


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """``run("token", "list")`` on the folder ``data`` in tmp_path."""

    def command(*words: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=WITHIN_S,
            input=stdin,
            env=environment(ZHISHOU_DATA=str(tmp_path / "data"), **env),
            cwd=tmp_path,
        )

    return command
