"""Services of Windows: which should run and do not, and which have another process than before.

``Win32_Service`` through PowerShell, as CSV: ``sc queryex`` says how services are, and not which of them should run.
A service that starts with Windows and stands still is no trouble when something triggers it (Windows starts and stops
those as it likes) unless it ended with an error.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.hardware.command import Asking
from agent.hardware.pace import Asked
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

PACE_S, LIMIT_S = 60.0, 30.0
MOST_SERVICES = 2_000
MOST_TOLD = 50  # a look
LONGEST_NAME = 256  # to Windows, too
NEVER_STARTED = 1077  # winerror.h: no attempt to start it was made since this boot
COLUMNS = ("Name", "StartMode", "State", "ProcessId", "ExitCode", "Triggered")
QUESTION = (
    "[Console]::OutputEncoding=[Text.Encoding]::UTF8;$ProgressPreference='SilentlyContinue';"
    "Get-CimInstance Win32_Service | Select-Object Name,StartMode,State,ProcessId,ExitCode,"
    "@{n='Triggered';e={Test-Path -LiteralPath "
    "('HKLM:\\SYSTEM\\CurrentControlSet\\Services\\'+$_.Name+'\\TriggerInfo')}} | "
    "ConvertTo-Csv -NoTypeInformation"
)


@dataclass(frozen=True, slots=True)
class Service:
    """``pid`` 0: it has no process. ``exit_code``: how it ended last, or that it never started."""

    name: str
    automatic: bool
    state: str
    pid: int
    exit_code: int
    triggered: bool

    @property
    def expected(self) -> bool:
        """Whether it should run now."""
        return self.automatic and (not self.triggered or self.exit_code not in {0, NEVER_STARTED})

    @property
    def running(self) -> bool:
        """``Start Pending`` is neither: what does not get further shows as not running."""
        return self.state == "Running"


class Services:
    name = "services"

    def __init__(
        self, clocks: Callable[[], Clocks], programs: Asking, *, wait_s: float = 0.0, pace_s: float = PACE_S
    ) -> None:
        self._clocks = clocks
        self._programs = programs
        self._taken = 0
        self._before: dict[str, Service] | None = None
        self._pids: dict[str, int] = {}  # of each service, the last process it was seen with
        self._restarts = 0
        self._asked = Asked(self.name, self._ask, pace_s=pace_s, limit_s=LIMIT_S, offered=self._offered, wait_s=wait_s)

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        newest = self._asked.newest()
        told: list[Sample | Event] = []
        if newest.number != self._taken:
            self._taken = newest.number
            told += self._changes(newest.answer)
        return iter([*told, *samples(newest.answer, self._restarts), self._asked.age(newest)])

    def _offered(self) -> None:
        if self._programs.find("powershell.exe") is None:
            raise SourceFailed(Gap.NOT_OFFERED, "powershell: there is no such program to ask for the services")

    def _ask(self) -> dict[str, Service]:
        program = self._programs.find("powershell.exe") or "powershell.exe"
        argv = [program, "-NoLogo", "-NoProfile", "-NonInteractive", "-Command", QUESTION]
        answer = self._programs.run(argv, LIMIT_S)
        services = parse(answer.out)
        if not services:
            raise SourceFailed(Gap.UNREADABLE, f"Get-CimInstance Win32_Service: {answer.last_words()}")
        return services

    def _changes(self, now: dict[str, Service]) -> list[Event]:
        before, self._before = self._before, now
        at = self._clocks().boottime_ns
        told: list[Event] = []
        for service in now.values():
            known = self._pids.get(service.name, 0)
            if service.pid:
                self._pids[service.name] = service.pid
            was = before.get(service.name) if before is not None else None
            restarted = bool(known and service.pid and service.pid != known)
            self._restarts += restarted
            said = change(was, service, known, first_look=before is None)
            if said is not None and len(told) < MOST_TOLD:
                kind, severity, text = said
                told.append(Event(self.name, kind, severity, text, at, None, service.name))
        self._pids = {name: pid for name, pid in self._pids.items() if name in now}
        return told


def change(was: Service | None, service: Service, pid: int, *, first_look: bool) -> tuple[str, Severity, str] | None:
    """(kind, severity, text) of what happened to a service between two looks; ``pid`` is its last known process."""
    stood = was is not None and was.expected and not was.running
    if service.expected and not service.running:
        when = " (when first looked at)" if first_look else ""
        state = service.state.lower()
        text = f"{service.name} should run and is {state}, exit code {service.exit_code}{when}"
        return None if stood else ("service_stopped", Severity.WARNING, text)
    if stood and service.running:
        return "service_recovered", Severity.NOTICE, f"{service.name} is running again"
    if pid and service.pid and service.pid != pid:
        text = f"{service.name} was started again, process {service.pid} instead of {pid}"
        return "service_restarted", Severity.WARNING, text
    return None


def samples(services: dict[str, Service], restarts: int) -> Iterator[Sample]:
    expected = [service for service in services.values() if service.expected]
    yield Sample("services_count", float(len(services)))
    yield Sample("services_stopped_count", float(sum(not service.running for service in expected)))
    yield Sample("services_restarts_total", float(restarts))
    for service in expected:
        yield Sample("service_running", float(service.running), service.name)


def parse(text: str) -> dict[str, Service]:
    """CSV with a line of headings; a line with a number that is none, or cut off, is left out."""
    lines = text.splitlines()
    first = next((number for number, line in enumerate(lines) if line.startswith('"Name"')), None)
    if first is None:
        return {}
    found: dict[str, Service] = {}
    rows = csv.DictReader(io.StringIO("\n".join(lines[first:])))
    try:
        for row in rows:
            service = _service(row)
            if service is not None:
                found[service.name] = service
            if len(found) >= MOST_SERVICES:
                break
    except csv.Error:  # a field beyond all measure: what came before it stays
        pass
    return found


def _service(row: dict[str | None, str | None]) -> Service | None:
    name, mode, state, pid, code, triggered = (row.get(column) or "" for column in COLUMNS)
    numbers = all(word.isascii() and word.isdecimal() and len(word) <= 10 for word in (pid, code))
    if not name or len(name) > LONGEST_NAME or not state or not numbers or triggered not in {"True", "False"}:
        return None
    return Service(name, mode == "Auto", state, int(pid), int(code), triggered == "True")
