"""A Windows that is a list of records and a CSV: wevtutil and powershell answer from them as their documents say."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agent.hardware.command import Answer
from readings.model import Clocks, SourceFailed

FIXTURES = Path(__file__).parents[1] / "fixtures" / "windows"
STARTED_NS = 1_795_499_000 * 10**9  # 2026-11-24T05:43:20Z
NOW = Clocks("windows-2026-11-24T05:43:20.500000000", 22_600 * 10**9, STARTED_NS + 22_600 * 10**9)


class Windows:
    """``log``: one Event element each, oldest first. ``asked``: the argument lists of every question."""

    def __init__(self) -> None:
        self.log = (FIXTURES / "system.xml").read_text(encoding="utf-8").splitlines()
        self.services = (FIXTURES / "services.csv").read_text(encoding="utf-8")
        self.missing: set[str] = set()
        self.answer: Answer | SourceFailed | None = None  # to every question, instead of the log's own
        self.asked: list[list[str]] = []

    def find(self, *names: str) -> str | None:
        return next((name for name in names if name not in self.missing), None)

    def run(self, argv: Sequence[str], _seconds: float) -> Answer:
        self.asked.append(list(argv))
        if isinstance(self.answer, SourceFailed):
            raise self.answer
        if self.answer is not None:
            return self.answer
        return Answer(0, self.services if argv[0] == "powershell.exe" else self._records(argv), "")

    def _records(self, argv: Sequence[str]) -> str:
        xpath = next(word for word in argv if word.startswith("/q:"))
        most = int(next(word for word in argv if word.startswith("/c:")).removeprefix("/c:"))
        found = [record for record in self.log if _is_meant(record, xpath)]
        if "/rd:true" in argv:
            found.reverse()
        return "\r\n".join(found[:most])


def _is_meant(record: str, xpath: str) -> bool:
    """The four forms of question the agent asks."""
    if since := re.search(r"EventRecordID>=(\d+)", xpath):
        return int(_in(record, r"<EventRecordID>(\d+)")) >= int(since[1])
    if after := re.search(r"@SystemTime>='([^']+)'", xpath):
        return _in(record, r"SystemTime='([^']+)'") >= after[1]
    pairs = re.findall(r"Provider\[@Name='([^']+)'\] and \(([^)]+)\)", xpath)
    number = _in(record, r"<EventID[^>]*>(\d+)")
    provider = _in(record, r"Provider Name='([^']+)'")
    return not pairs or any(provider == name and f"EventID={number}" in ids.split(" or ") for name, ids in pairs)


def _in(record: str, pattern: str) -> str:
    found = re.search(pattern, record)
    assert found is not None, record
    return found[1]


@pytest.fixture
def windows() -> Windows:
    return Windows()


@pytest.fixture
def clocks() -> Callable[[], Clocks]:
    """22,600 s after the start, on 2026-11-24 at 12:00 UTC."""
    return lambda: NOW


@pytest.fixture
def record() -> Callable[..., str]:
    """One more record for the log: an error of a driver, if nothing else is said."""

    def make(number: int, text: str = "broken", level: int = 2, at: str = "2026-11-24T09:00:00.0000000Z") -> str:
        return (
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='driver'/>"
            f"<EventID>1</EventID><Level>{level}</Level><TimeCreated SystemTime='{at}'/>"
            f"<EventRecordID>{number}</EventRecordID></System>"
            f"<RenderingInfo Culture='en-US'><Message>{text}</Message></RenderingInfo></Event>"
        )

    return make
