"""Who may speak for devices besides its own, asked of whoever knows; what a sender may not say is taken out.

What was taken out of a batch is kept with it, so that it is read again from the disk exactly as it was accepted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np

from readings.wire import Batch, Block, SourceGap


class Rights(Protocol):
    """No wait and no database: it is asked with every batch of a collector."""

    def is_collector(self, sender_id: str) -> bool: ...

    def withheld(self, sender_id: str, own_no: str, batch: Batch, times: Sequence[int]) -> dict[str, list[int]]:
        """By device the indexes of the ticks of which the sender must not speak."""
        ...


class OwnDeviceOnly:
    """Where nobody collects."""

    def is_collector(self, _sender_id: str) -> bool:
        return False

    def withheld(self, _sender_id: str, _own_no: str, _batch: Batch, _times: Sequence[int]) -> dict[str, list[int]]:
        return {}


def without(batch: Batch, withheld: Mapping[str, Sequence[int]]) -> Batch:
    """The batch without what it says of these devices at these ticks."""
    bad = {device: frozenset(ticks) for device, ticks in withheld.items()}
    return msgspec.structs.replace(
        batch,
        blocks=[left for block in batch.blocks if (left := _block(block, bad.get(block.device))) is not None],
        gaps=[kept for gap in batch.gaps if (kept := _gap(gap, bad.get(gap.device))) is not None],
        events=[event for event in batch.events if event.tick not in bad.get(event.device, ())],
        facts=[fact for fact in batch.facts if fact.tick not in bad.get(fact.device, ())],
    )


def _block(block: Block, bad: frozenset[int] | None) -> Block | None:
    if not bad or bad.isdisjoint(block.ticks):
        return block
    rows = [row for row, tick in enumerate(block.ticks) if tick not in bad]
    if not rows:
        return None
    matrix = np.frombuffer(block.values, dtype="<f8").reshape(len(block.ticks), -1)
    return msgspec.structs.replace(block, ticks=[block.ticks[row] for row in rows], values=matrix[rows].tobytes())


def _gap(gap: SourceGap, bad: frozenset[int] | None) -> SourceGap | None:
    if not bad or bad.isdisjoint(gap.ticks):
        return gap
    ticks = [tick for tick in gap.ticks if tick not in bad]
    return msgspec.structs.replace(gap, ticks=ticks) if ticks else None
