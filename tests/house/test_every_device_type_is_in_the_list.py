"""docs/devices.md names every device type, with its vendor, kind and what proves it; nothing else."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from collector.device_files import load_device_types
from readings.catalogue import load_catalogue

ROW = re.compile(r"\| `(\w+)` \| ([^|]+) \| (\w+) \| ([^|]+) \|")


@pytest.fixture
def rows(root: Path) -> list[tuple[str, str, str, str]]:
    return ROW.findall((root / "docs" / "devices.md").read_text(encoding="utf-8"))


def test_every_type_has_its_row(rows: list[tuple[str, str, str, str]], root: Path) -> None:
    kept = json.loads((root / "tests/recognising/golden/family.json").read_text())
    recorded = Counter(row["type"] for row in kept.values())
    types = load_device_types(load_catalogue())
    expected = {(one.id, one.vendor or "any", one.kind, proof(recorded[one.id])) for one in types.values()}
    assert set(rows) == expected
    assert len(rows) == len(types)


def proof(recordings: int) -> str:
    return f"{recordings} recording{'s' if recordings > 1 else ''}" if recordings else "its MIB"
