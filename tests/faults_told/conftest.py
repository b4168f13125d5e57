"""A healthy host made of files, faults to lay over it, and programs that answer what was recorded of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agent.hardware.bmc import Bmc
from agent.hardware.command import Answer
from agent.hardware.hypervisor import Nature
from agent.host.root import Root
from readings.model import Clocks, Gap, SourceFailed

FIXTURES = Path(__file__).parents[1] / "fixtures" / "hardware"
ANSWERS = FIXTURES / "answers"
BOOT = "6f1d0c6e-8b5a-4f4e-9d2f-0a1b2c3d4e5f"
NOW = Clocks(BOOT, 22_600 * 10**9, 1_795_521_600 * 10**9)  # 2026-11-24 12:00 UTC


class Recorded:
    """Programs by name; a command is answered by the first pattern all of whose words are in it."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | SourceFailed] = {}
        self.programs: set[str] = set()
        self.asked: list[str] = []

    def say(self, words: str, file: str, code: int = 0, err: str = "") -> None:
        """``words``, beginning with the program, answers with a recorded file ("": nothing)."""
        text = (ANSWERS / file).read_text() if file else ""
        others = {known: answer for known, answer in self.answers.items() if known != words}
        self.answers = {words: Answer(code, text, err), **others}
        self.programs.add(words.split(maxsplit=1)[0])

    def fail(self, words: str, gap: Gap, detail: str) -> None:
        others = {known: answer for known, answer in self.answers.items() if known != words}
        self.answers = {words: SourceFailed(gap, detail), **others}
        self.programs.add(words.split(maxsplit=1)[0])

    def find(self, *names: str) -> str | None:
        return next((f"/usr/sbin/{name}" for name in names if name in self.programs), None)

    def run(self, argv: Sequence[str], _seconds: float) -> Answer:
        asked = " ".join(argv).removeprefix("/usr/sbin/")
        self.asked.append(asked)
        for words, answer in self.answers.items():
            if all(word in asked.split() for word in words.split()):
                if isinstance(answer, SourceFailed):
                    raise answer
                return answer
        raise AssertionError(f"nothing is recorded for {asked!r}")


@pytest.fixture
def programs() -> Recorded:
    """None of them is installed until it says something."""
    return Recorded()


@pytest.fixture
def clocks() -> Callable[[], Clocks]:
    return lambda: NOW


@pytest.fixture
def physical() -> Nature:
    return Nature(False, "", "the test says so")


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A copy of the healthy host, to lay faults over."""
    return Path(shutil.copytree(FIXTURES / "healthy", tmp_path / "host", symlinks=True))


@pytest.fixture
def strike(host: Path) -> Callable[[str], None]:
    """``strike("fan_failed")`` lays that fault over the host."""

    def over(fault: str) -> None:
        shutil.copytree(FIXTURES / fault, host, symlinks=True, dirs_exist_ok=True)

    return over


@pytest.fixture
def bmc(programs: Recorded, physical: Nature) -> Bmc:
    return Bmc(Root(), programs, physical, ("-I", "lanplus", "-H", "192.0.2.1"))
