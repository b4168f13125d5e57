"""Clocks that stand still, and the spool the logs' places are kept in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from agent.oslog.telling import LogSource
from readings.model import Clocks, Event, Sample

BOOT = "6f1d0c6e-8b5a-4f4e-9d2f-0a1b2c3d4e5f"
NOW = Clocks(BOOT, 1_000 * 10**9, 1_795_500_000 * 10**9)


@pytest.fixture
def clocks() -> Callable[[], Clocks]:
    """1,000 s after boot, on 2026-11-24."""
    return lambda: NOW


@pytest.fixture
def told() -> Callable[[LogSource], list[Event]]:
    """What a log tells in one pass."""

    def read(source: LogSource) -> list[Event]:
        return [item for item in source.read() if isinstance(item, Event)]

    return read


@pytest.fixture
def counted() -> Callable[[LogSource], dict[str, float]]:
    """The counters of a log after one more pass."""

    def read(source: LogSource) -> dict[str, float]:
        items: Iterable[object] = source.read()
        return {item.metric: float(item.value) for item in items if isinstance(item, Sample)}

    return read


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """/var/log of a host under ``tmp_path``."""
    folder = tmp_path / "var" / "log"
    folder.mkdir(parents=True)
    return folder
