"""Power cut at any moment: every tick whose append returned is in the spool, once; nothing sent is made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.power_cut import cut_spool


@pytest.mark.peer("gcc")
def test_no_tick_that_was_kept_is_missing_after_a_power_cut(tmp_path: Path) -> None:
    losses = cut_spool(tmp_path, cuts=60, seed=20)
    assert losses.cuts == 60
    assert losses.acknowledged > 0
    assert (losses.missing, losses.doubled, losses.aside) == (0, 0, 0)
