"""A power cut while batches are accepted, sealed and released: all that was acknowledged is there, and once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.power_cut import cut_centre


@pytest.mark.peer("gcc")
def test_nothing_acknowledged_is_missing_and_nothing_is_there_twice(tmp_path: Path) -> None:
    losses = cut_centre(tmp_path, cuts=12, seed=5)
    assert losses.cuts == 12
    assert losses.acknowledged > 0
    assert (losses.missing, losses.doubled) == (0, 0)
