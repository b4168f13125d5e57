"""MegaRAID and PERC controllers through ``storcli … J``: their volumes, their disks, and the errors of each disk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from agent.hardware.command import Asking
from agent.hardware.hypervisor import Nature
from agent.hardware.pace import Asked
from readings.model import Fact, Gap, Sample, SourceFailed

PACE_S, COMMAND_S = 600.0, 60.0
PROGRAMS = ("storcli64", "storcli", "perccli64", "perccli")
MOST_CONTROLLERS = 32
FINE_HEALTH = {"opt": 1.0, "optimal": 1.0}
FINE_VOLUME = {"Optl": 1.0}
# Online, spare, good and not used; a disk in JBOD mode belongs to the system.
FINE_DISK = {"Onln": 1.0, "GHS": 1.0, "DHS": 1.0, "UGood": 1.0, "JBOD": 1.0}
COUNTS = {
    "Media Error Count": "raid_disk_media_errors_total",
    "Other Error Count": "raid_disk_other_errors_total",
    "Predictive Failure Count": "raid_disk_predicted_failures_total",
}
ALERT = "S.M.A.R.T alert flagged by drive"
DRIVE = re.compile(r"^Drive (/c\d+(?:/e\d+)?/s\d+)$")
TEMPERATURE = re.compile(r"^\s*(-?\d+)\s*C")
Json = Mapping[str, Any]


class RaidController:
    name = "raid_controller"

    def __init__(self, programs: Asking, found: Nature, wait_s: float = 0.0) -> None:
        self._programs = programs
        self._found = found
        self._taken = 0
        self._asked = Asked(
            self.name, self._ask, pace_s=PACE_S, limit_s=3 * COMMAND_S, offered=self._offered, wait_s=wait_s
        )

    def read(self) -> Iterator[Sample | Fact]:
        """Raises SourceFailed."""
        newest = self._asked.newest()
        fresh, self._taken = newest.number != self._taken, newest.number
        told = [item for item in newest.answer if fresh or isinstance(item, Sample)]
        return iter([*told, self._asked.age(newest)])

    def _offered(self) -> None:
        if self._programs.find(*PROGRAMS) is None:
            why = "no MegaRAID or PERC controller, or its maker's program is not installed"
            raise SourceFailed(Gap.NOT_OFFERED, f"storcli: {why}{self._found.because()}")

    def _ask(self) -> list[Sample | Fact]:
        program = self._programs.find(*PROGRAMS) or PROGRAMS[0]
        overview = self._programs.run([program, "show", "J"], COMMAND_S).out
        told = list(controllers(overview))
        volumes = self._programs.run([program, "/call/vall", "show", "all", "J"], COMMAND_S).out
        told += [item for answer in answers(volumes, empty=True) for item in read_volumes(answer)]
        disks = self._programs.run([program, "/call/eall/sall", "show", "all", "J"], COMMAND_S).out
        told += [item for answer in answers(disks, empty=True) for item in read_disks(answer)]
        return told


def answers(text: str, *, empty: bool = False) -> list[Json]:
    """``Response Data`` of each controller that answered. Raises SourceFailed, unless one may have nothing to show."""
    try:
        said: Any = json.loads(text)
        listed = [(one["Command Status"], one.get("Response Data", {})) for one in said["Controllers"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SourceFailed(Gap.UNREADABLE, f"storcli: not its JSON: {text[:120]!r}") from error
    good: list[Json] = [data for status, data in listed if status.get("Status") == "Success" and isinstance(data, dict)]
    failed = [str(status.get("Description", "")) for status, _ in listed if status.get("Status") != "Success"]
    if good or (empty and all(_nothing_there(words) for words in failed)):
        return good
    words = failed[0] if failed else "no controller answered"
    gap = Gap.NOT_OFFERED if _nothing_there(words) else Gap.REFUSED if "privilege" in words.lower() else Gap.UNREADABLE
    raise SourceFailed(gap, f"storcli: {words[:200]}")


def _nothing_there(words: str) -> bool:
    return bool(re.search(r"\bno (?:controller|vds?|pds?|drives?|virtual drives?)\b|not found", words, re.IGNORECASE))


def controllers(text: str) -> Iterator[Sample | Fact]:
    """``System Overview`` of ``show J``: one row a controller. Raises SourceFailed."""
    rows = [row for data in answers(text) for row in _rows(data.get("System Overview"))][:MOST_CONTROLLERS]
    if not rows:
        raise SourceFailed(Gap.NOT_OFFERED, "storcli show: it finds no controller")
    for row in rows:
        part = f"c{row.get('Ctl')}"
        health = str(row.get("Hlth", ""))
        known: float | Gap = FINE_HEALTH.get(health.lower(), 0.0) if health else Gap.UNREADABLE
        yield Sample("raid_controller_healthy", known, part)
        yield Fact(f"raid.{part}", str(row.get("Model", ""))[:200])


def read_volumes(data: Json) -> Iterator[Sample]:
    """The rows under ``/c0/v0``: their path is a key, their ``State`` is ``Optl`` or what is wrong."""
    for key, rows in data.items():
        if re.fullmatch(r"/c\d+/v\d+", key):
            for row in _rows(rows):
                yield Sample("raid_volume_healthy", _known(row, FINE_VOLUME), key[1:])
    for row in _rows(data.get("Virtual Drives")):
        yield Sample("raid_volume_healthy", _known(row, FINE_VOLUME), f"v{row.get('DG/VD')}")


def read_disks(data: Json) -> Iterator[Sample | Fact]:
    """``Drive /c0/e252/s0`` holds its row, ``Drive /c0/e252/s0 - Detailed Information`` its counters."""
    for key, rows in data.items():
        place = DRIVE.match(key)
        if place is None:
            continue
        part = place[1][1:]
        detailed = data.get(f"{key} - Detailed Information")
        state, attributes = (
            detailed.get(f"{key} {what}") if isinstance(detailed, dict) else None
            for what in ("State", "Device attributes")
        )
        for row in _rows(rows):
            yield Sample("raid_disk_healthy", _known(row, FINE_DISK), part)
            serial = str(attributes.get("SN", "")).strip() if isinstance(attributes, dict) else ""
            yield Fact(f"raid.{part}", f"{str(row.get('Model', '')).strip()} {serial}"[:200].strip())
        known: Json = state if isinstance(state, dict) else {}
        for name, metric in COUNTS.items():
            value = known.get(name)
            yield Sample(metric, float(value) if isinstance(value, int) else _missing(known), part)
        alert = str(known.get(ALERT, "")).lower()
        yield Sample("raid_disk_smart_alert", {"no": 0.0, "yes": 1.0}.get(alert, _missing(known)), part)
        warm = TEMPERATURE.match(str(known.get("Drive Temperature", "")))
        yield Sample("disk_temperature_celsius", float(warm[1]) if warm else Gap.NOT_OFFERED, part)


def _missing(known: Json) -> Gap:
    """A disk whose details are not there at all was not read; one that lacks a count has none."""
    return Gap.NOT_OFFERED if known else Gap.UNREADABLE


def _known(row: Json, fine: Mapping[str, float]) -> float | Gap:
    state = row.get("State")
    return fine.get(state.strip(), 0.0) if isinstance(state, str) and state.strip() else Gap.UNREADABLE


def _rows(table: Any) -> list[Json]:
    return [row for row in table if isinstance(row, dict)] if isinstance(table, list) else []
