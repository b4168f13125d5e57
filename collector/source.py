"""What a source is: the subtrees it asks a device for, and a pure function of the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from collector.walk import Walk
from readings.model import Fact, Sample


@dataclass(frozen=True, slots=True)
class Unmapped:
    """Something the device answered that nobody has said the meaning of: its reading is a gap, never "normal"."""

    metric: str
    oid: str
    value: str


Answer = Sample | Fact | Unmapped


@dataclass(frozen=True, slots=True)
class SnmpSource:
    """``roots``: subtrees asked, the first ones needed to make sense of the rest. ``read`` yields what they say."""

    name: str
    roots: tuple[str, ...]
    read: Callable[[Walk], Iterable[Answer]]
