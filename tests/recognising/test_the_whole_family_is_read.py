"""Every public recording of a real device is read: none stops us, and what is understood may only become more."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from collector.actions.check import explain_recording
from collector.device_type import DeviceType
from collector.explained import Explained
from readings.catalogue import Catalogue
from readings.model import Gap
from tests.recordings import recordings

GOLDEN = Path(__file__).parent / "golden" / "family.json"
# The largest unfold to 240 MB, mostly routes and neighbours nobody polls: their beginning is enough here.
MOST_BYTES = 24 * 2**20
PHYSICAL = {"celsius", "ratio", "rpm", "volts", "amperes", "watts", "hertz", "dbm"}
NOT_OF_A_SENSOR = ("cpu_", "memory_", "swap_", "filesystem_")


@dataclass(frozen=True, slots=True)
class Understood:
    """What was made of one recording."""

    type: str
    interfaces: int
    sensors: int
    states: int


def understood(explained: Explained, catalogue: Catalogue) -> Understood:
    known = [sample for sample in explained.reading.samples if not isinstance(sample.value, Gap)]
    count = Counter(sample.metric for sample in known)
    sensors = sum(
        number
        for metric, number in count.items()
        if catalogue[metric].unit in PHYSICAL and not metric.startswith(NOT_OF_A_SENSOR)
    )
    states = sum(
        number
        for metric, number in count.items()
        if catalogue[metric].kind == "state" and not metric.startswith("interface_")
    )
    return Understood(explained.reading.type.id, count["interface_state"], sensors, states)


@pytest.fixture(scope="module")
def kept() -> dict[str, Understood]:
    return {name: Understood(**row) for name, row in json.loads(GOLDEN.read_text()).items()} if GOLDEN.is_file() else {}


@pytest.mark.parametrize("name", recordings())
def test_a_recording_is_read_and_never_worse_than_before(
    name: str,
    types: dict[str, DeviceType],
    catalogue: Catalogue,
    kept: dict[str, Understood],
    request: pytest.FixtureRequest,
) -> None:
    explained = explain_recording(recordings()[name], types, MOST_BYTES)
    now = understood(explained, catalogue)
    assert [sample.metric for sample in explained.reading.samples if sample.metric not in catalogue] == []
    series = Counter((sample.metric, sample.part) for sample in explained.reading.samples)
    assert [key for key, times in series.items() if times > 1] == []
    if request.config.getoption("--accept"):
        accept(name, now)
        return
    before = kept[name]
    assert now.type == before.type or before.type.startswith("generic_")
    assert now.interfaces >= before.interfaces
    assert now.sensors >= before.sensors
    assert now.states >= before.states


def accept(name: str, now: Understood) -> None:
    rows = json.loads(GOLDEN.read_text()) if GOLDEN.is_file() else {}
    rows[name] = {"type": now.type, "interfaces": now.interfaces, "sensors": now.sensors, "states": now.states}
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(rows[key])}" for key in sorted(rows))
    GOLDEN.write_text(f"{{\n{lines}\n}}\n")


def test_most_devices_are_known_by_more_than_the_standards(kept: dict[str, Understood]) -> None:
    known = [name for name, row in kept.items() if not row.type.startswith("generic_")]
    assert len(kept) == len(recordings())
    assert len(known) >= 79
