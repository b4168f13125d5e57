"""A records database of its own for each test, and a sender."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.records import Records
from tests.judging.sent import Host


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records(tmp_path / "records.db")
    yield opened
    opened.close()


@pytest.fixture
def host() -> Host:
    return Host()
