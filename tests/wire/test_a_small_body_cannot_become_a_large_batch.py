"""zstd makes a few kilobytes of millions of like entries: they are refused before anything is made of them."""

from __future__ import annotations

from typing import Any

import pytest

from readings.wire import (
    MAX_TICKS,
    Batch,
    Block,
    Dropped,
    SourceGap,
    Tick,
    WireError,
    WireFact,
    pack_batch,
    unpack_batch,
)

TICKS = [Tick(number, 0, number, number) for number in range(1, MAX_TICKS + 1)]
EVERY_OTHER = list(range(0, MAX_TICKS, 2))
TOO_MUCH: dict[str, dict[str, Any]] = {
    "boots": {"boots": ["boot"] * 101},
    "blocks": {"blocks": [Block("", "load", [0], b"\x90", b"")] * 20_001},
    "gaps": {"gaps": [SourceGap("", "load", [0], 1)] * 2_001},
    "stretches": {"gaps": [SourceGap("", "load", EVERY_OTHER, 1)]},
    "indexes": {"blocks": [Block("", "load", list(range(MAX_TICKS)), b"\x90", b"")] * 101},
    "facts": {"facts": [WireFact("", 0, "serial", "1")] * 5_001},
    "dropped": {"dropped": [Dropped(1, 1, "boot", 0, 0, 0, 0)] * 1_001},
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_too_many_of_anything_are_refused_so_that_the_sender_halves_its_batch(what: str) -> None:
    batch = Batch(**{"boots": ["boot"], "ticks": TICKS, **TOO_MUCH[what]})
    with pytest.raises(WireError) as refusal:
        unpack_batch(pack_batch(batch))
    assert (refusal.value.status, refusal.value.reason) == (413, "too_large")


def test_a_whole_day_of_every_source_failing_is_taken() -> None:
    gaps = [SourceGap("", f"source {number}", list(range(5760)), 1) for number in range(30)]
    assert len(unpack_batch(pack_batch(Batch(["boot"], TICKS[:5760], gaps=gaps))).gaps) == 30
