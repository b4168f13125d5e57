"""Batches as an agent would post them, made by the thousand: each distinct, for tests and for loads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from readings.wire import Batch, Block, Clock, Envelope, Exchange, Tick, pack_batch, pack_envelope, pack_series

SECOND_NS = 1_000_000_000
START_WALL_NS = 1_795_000_000 * SECOND_NS


def series_of(count: int, source: str = "load") -> list[tuple[str, str]]:
    """Names of real shape: a few metrics with many parts."""
    return [(f"{source}_metric_{number // 8}_ratio", f"part {number % 8}") for number in range(count)]


@dataclass(slots=True)
class Agent:
    """An agent in memory: counts ticks, keeps no spool. Times in ns; ``wall_ahead_ns`` is its wall clock's error."""

    device_no: str
    series: Sequence[tuple[str, str]] = field(default_factory=lambda: series_of(200))
    epoch: str = "epoch-1"
    boot_id: str = "boot-1"
    interval_ns: int = 15 * SECOND_NS
    booted_ns: int = START_WALL_NS
    wall_ahead_ns: int = 0
    number: int = 0
    seed: int = 0
    exchange: Exchange | None = None
    ticks_behind: int = 0  # > 0: its clock stands at tick ``ticks_behind``, all ticks before are a backlog

    def now_ns(self, number: int | None = None) -> int:
        """True UTC of a tick."""
        return self.booted_ns + (self.number if number is None else number) * self.interval_ns

    def tick(self, number: int) -> Tick:
        boottime = number * self.interval_ns
        return Tick(number, 0, boottime, self.booted_ns + boottime + self.wall_ahead_ns)

    def values(self, ticks: int) -> NDArray[np.float64]:
        """Values that compress like real ones: a slow walk of two decimals, different in every batch."""
        random = np.random.default_rng((self.seed, self.number))
        steps = random.integers(-3, 4, size=(ticks, len(self.series)))
        return np.round(50 + np.cumsum(steps, axis=0) / 4 + self.number % 97, 2)

    def batch(self, ticks: int = 1, blocks: int = 1) -> Batch:
        """The next ticks, their series shared out over ``blocks`` sources."""
        first = self.number + 1
        values = self.values(ticks)
        self.number += ticks
        shares = np.array_split(np.arange(len(self.series)), blocks)
        return Batch(
            boots=[self.boot_id],
            ticks=[self.tick(number) for number in range(first, first + ticks)],
            blocks=[
                Block(
                    "",
                    f"source {share}",
                    list(range(ticks)),
                    pack_series([self.series[column] for column in columns]),
                    np.ascontiguousarray(values[:, columns], dtype="<f8").tobytes(),
                )
                for share, columns in enumerate(shares)
            ],
            interval_s=self.interval_ns / 1e9,
        )

    def clock(self) -> Clock:
        boottime = max(self.number, self.ticks_behind) * self.interval_ns
        return Clock(self.boot_id, boottime, self.booted_ns + boottime + self.wall_ahead_ns, self.exchange)

    def envelope(self, batch: Batch, newest: Batch | None = None) -> bytes:
        """Posted at the moment of the last tick."""
        return pack_envelope(
            Envelope(
                1,
                self.epoch,
                batch.ticks[0].number,
                batch.ticks[-1].number,
                self.clock(),
                pack_batch(batch),
                pack_batch(newest) if newest is not None else b"",
            )
        )

    def body(self, ticks: int = 1, blocks: int = 1) -> bytes:
        return self.envelope(self.batch(ticks, blocks))

    def bodies(self, count: int, ticks: int = 1, blocks: int = 1) -> Iterator[bytes]:
        return (self.body(ticks, blocks) for _ in range(count))

    def hello(self) -> bytes:
        return pack_envelope(Envelope(1, self.epoch, 0, 0, self.clock()))
