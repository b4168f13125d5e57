"""What the pages may know of the centre: plain answers, all times in ms since the epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Text = Mapping[str, str]  # {"zh": …, "en": …}


@dataclass(frozen=True, slots=True)
class Ledger:
    """One device as the ledger has it."""

    device_no: str
    name: str
    kind: str = "server"
    location: str = ""
    purpose: str = ""
    owner_post: str = ""
    interval_s: float = 15.0
    created_ms: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a device stands: health, why, since when its newest tick is, and whether its agent speaks."""

    health: str
    reason: Text
    seen_ms: int | None
    agent: str


@dataclass(frozen=True, slots=True)
class Value:
    """The newest reading of a series: a value, or None with the gap's word."""

    metric: str
    part: str
    value: float | None
    gap: str | None
    at_ms: int
    stale: bool
    unit: str
    name: Text
    states: Mapping[int, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one part; ``rate``: a counter as its increase per second."""

    metric: str
    part: str = ""
    rate: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """A series over time, None where it has a gap or a hole begins.

    ``avg`` is the value itself where ``min`` and ``max`` are empty (as read).
    """

    t: Sequence[int]
    avg: Sequence[float | None]
    min: Sequence[float | None] = ()
    max: Sequence[float | None] = ()


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch in which nothing of the device was read, and the reason's word."""

    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Cover:
    slots: int
    filled: int
    holes: Sequence[Hole] = ()


@dataclass(frozen=True, slots=True)
class FindingRow:
    rule: str
    part: str
    verdict: str
    severity: str
    since_ms: int | None
    sentence: Text
    value: float | None = None
    unit: str = ""
    limit: Text = field(default_factory=dict)
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    at_ms: int
    source: str
    severity: int
    text: str
    count: int
    inferred: bool
    kind: str = ""


@dataclass(frozen=True, slots=True)
class SourceRow:
    name: str
    at_ms: int
    gap: str | None
    detail: str
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A rule's threshold on a metric, in base units, for the dashed line of a chart."""

    value: float
    severity: str


class Sight(Protocol):
    """Everything a page asks. An unknown device number gives None or nothing, never an error."""

    def ledger(self) -> Sequence[Ledger]: ...
    def device(self, device_no: str) -> Ledger | None: ...
    def stand(self, ledgers: Sequence[Ledger], now_ms: int) -> Sequence[Standing]:
        """How each of them stands, in their order; one question for the whole fleet."""
        ...

    def version(self, device_no: str | None) -> int:
        """Grows with everything new of the device (None: of any), so that a stream knows when to look."""
        ...

    def latest(self, device_no: str, now_ms: int) -> Sequence[Value]: ...
    def parts(self, device_no: str, metric: str) -> Sequence[str]: ...
    def courses(
        self, device_no: str, wanted: Sequence[Series], *, start_ms: int, end_ms: int, step_ms: int | None
    ) -> Mapping[Series, Course]:
        """``step_ms`` None: as read. A series nobody knows is not in the answer."""
        ...

    def coverage(self, device_no: str, start_ms: int, end_ms: int) -> Cover: ...
    def findings(self, device_no: str) -> Sequence[FindingRow]: ...
    def events(self, device_no: str, start_ms: int, end_ms: int, limit: int) -> Sequence[EventRow]: ...
    def sources(self, device_no: str, now_ms: int) -> Sequence[SourceRow]: ...
    def facts(self, device_no: str) -> Sequence[tuple[str, str]]: ...
    def limits(self, device_no: str, metric: str, part: str) -> Sequence[Limit]: ...
    def unit(self, metric: str) -> str: ...
