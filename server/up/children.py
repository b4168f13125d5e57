"""Child processes: started, listened to, started again when they die, ended in order."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

SUPERVISOR = "ZHISHOU_SUPERVISOR"  # read by zhishou.py: the child ends when we do, in whatever way
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
STEADY_S = 60.0  # whoever lived this long is started again at once when it dies

Say = Callable[[str], None]


def command(*words: str) -> list[str]:
    """This very program in another process; -P: a stray zhishou.py in the current folder is not it."""
    return [sys.executable, "-P", "-m", "zhishou", *words]


@dataclass
class Child:
    """One role. Its lines go to ``say``, each behind its name."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    say: Say
    pass_fds: Sequence[int] = ()
    running: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    wait_s: float = FIRST_WAIT_S
    start_again_at: float | None = None
    _reader: threading.Thread | None = field(default=None, repr=False)

    def start(self, at: float) -> None:
        """``at``: monotonic seconds. The main thread must call it: the child ends with the thread that started it."""
        self.running = subprocess.Popen(  # noqa: S603 - our own program, no shell
            command(*self.words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self.environment, SUPERVISOR: str(os.getpid())},
            pass_fds=self.pass_fds,
            start_new_session=True,  # Ctrl-C in a terminal reaches us alone: we end them in order
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self.started_at, self.start_again_at = at, None
        assert self.running.stdout is not None
        self._reader = threading.Thread(target=self._repeat, args=(self.running.stdout,), daemon=True)
        self._reader.start()

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.running.poll() if self.running is not None else None

    def watch(self, at: float) -> None:
        """Start it again when it has died and has waited long enough; say both."""
        code = self.exit_code()
        if code is None:
            return
        if self.start_again_at is None:
            if at - self.started_at >= STEADY_S:
                self.wait_s = FIRST_WAIT_S
            self.start_again_at = at + self.wait_s
            self.say(f"{self.name} ended ({ending(code)}); starting it again in {self.wait_s:g} s")
            self.wait_s = min(self.wait_s * 2, LONGEST_WAIT_S)
        elif at >= self.start_again_at:
            self.start(at)

    def stop(self, patience_s: float) -> None:
        """SIGTERM, and SIGKILL for whoever does not listen."""
        if self.running is None:
            return
        if self.running.poll() is None:
            self.running.terminate()
            try:
                self.running.wait(patience_s)
            except subprocess.TimeoutExpired:
                self.say(f"{self.name} does not stop within {patience_s:g} s: killing it")
                self.running.kill()
                self.running.wait()
        if self._reader is not None:
            self._reader.join(patience_s)

    def _repeat(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                self.say(f"{self.name:<9} | {line.rstrip()}")


def ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
