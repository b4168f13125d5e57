"""Batches as senders make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from readings import wire
from readings.model import GAP_FLOATS, Gap
from server.inbox.arrival import Arrival, Sender

SECOND = 1000
START = 1_800_000_000_000
Values = Mapping[tuple[str, str], float | Gap]


def batch(rows: Sequence[tuple[int, Values | Gap]], source: str = "host", **more: object) -> wire.Batch:
    """Ticks (number, values or the source's gap); the series are those of the first row with values."""
    ticks = [wire.Tick(number, 0, number * 10**9, number * 10**9) for number, _ in rows]
    given = [(at, values) for at, (_, values) in enumerate(rows) if not isinstance(values, Gap)]
    blocks = []
    if given:
        series = list(given[0][1])
        matrix = np.array([[as_float(values[pair]) for pair in series] for _, values in given], dtype="<f8")
        block = wire.Block("", source, [at for at, _ in given], wire.pack_series(series), matrix.tobytes())
        blocks.append(block)
    gaps = [
        wire.SourceGap("", source, [at], int(values), "as told")
        for at, (_, values) in enumerate(rows)
        if isinstance(values, Gap)
    ]
    return wire.Batch(["boot"], ticks, blocks, gaps, interval_s=15.0, **more)  # type: ignore[arg-type]  # by name


def as_float(value: float | Gap) -> float:
    return GAP_FLOATS[value] if isinstance(value, Gap) else float(value)


@dataclass
class Host:
    """A sender that ticks every 15 s; tick 0 is read at START."""

    device_no: str = "SRV-1"
    last_id: int = 0
    sent: list[Arrival] = field(default_factory=list)

    def at(self, number: int) -> int:
        return START + number * 15 * SECOND

    def arrival(
        self,
        rows: Sequence[tuple[int, Values | Gap]],
        newest: tuple[int, Values | Gap] | None = None,
        *,
        source: str = "host",
        received: int | None = None,
        **more: object,
    ) -> Arrival:
        self.last_id += 1
        last = newest[0] if newest else rows[-1][0]
        made = Arrival(
            id=self.last_id,
            sender=Sender(f"agent-of-{self.device_no}", self.device_no),
            epoch="e1",
            received_ms=self.at(last) + 200 if received is None else received,
            batch=batch(rows, source, **more),
            newest=batch([newest], source) if newest else None,
            times=[self.at(number) for number, _ in rows],
            newest_ms=self.at(newest[0]) if newest else None,
            inferred=False,
        )
        self.sent.append(made)
        return made
