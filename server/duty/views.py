"""How a run is laid out for a reader: by device, by section, with what people said otherwise first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from checklists.sentences import Text
from server.duty.lines import CONFIRMED, OPEN, REVIEWED, Line, Run


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` lines are reviewed; ``waiting`` ones are confirmed and wait for another person."""

    total: int
    open: int
    waiting: int
    done: int

    @property
    def complete(self) -> bool:
        return self.done == self.total


@dataclass(frozen=True, slots=True)
class Section:
    """Neighbouring lines of one section of the checklist."""

    id: str
    text: Text
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class DeviceLines:
    """Everything of one device; ``device_no`` "": the lines that are there once."""

    device_no: str
    name: str
    sections: Sequence[Section]
    progress: Progress

    @property
    def lines(self) -> list[Line]:
        return [line for section in self.sections for line in section.lines]


def progress(lines: Iterable[Line]) -> Progress:
    states = [line.state for line in lines]
    return Progress(len(states), states.count(OPEN), states.count(CONFIRMED), states.count(REVIEWED))


def by_device(run: Run) -> list[DeviceLines]:
    """In the order of the run."""
    grouped: dict[str, list[Line]] = {}
    for line in run.lines:
        grouped.setdefault(line.device_no, []).append(line)
    return [
        DeviceLines(device_no, lines[0].device_name, by_section(run, lines), progress(lines))
        for device_no, lines in grouped.items()
    ]


def by_section(run: Run, lines: Sequence[Line]) -> list[Section]:
    """In the order of the checklist's sections; a section without a line is left out."""
    return [
        Section(key, text, inside)
        for key, text in run.template.sections.items()
        if (inside := [line for line in lines if line.spec.section == key])
    ]


def may_confirm(line: Line, posts: Collection[str]) -> bool:
    """Whether it waits for somebody at one of these posts; the act itself asks again."""
    return line.state == OPEN and _at_post(line.spec.operator, posts)


def may_review(line: Line, person: str, posts: Collection[str]) -> bool:
    """Whether it waits for this person's review; the act itself asks again."""
    other = line.confirmed is not None and line.confirmed.by != person
    return line.state == CONFIRMED and other and _at_post(line.spec.reviewer, posts)


def _at_post(wanted: Collection[str], held: Collection[str]) -> bool:
    return not wanted or not set(wanted).isdisjoint(held)


def for_review(run: Run, person: str, posts: Collection[str]) -> list[Line]:
    """What waits for a review by this person, worst first: said otherwise than read, abnormal, without data, the rest.

    Lines the person confirmed are left out: they are for somebody else (2.1-7). So are those of other posts.
    """
    return sorted((line for line in run.lines if may_review(line, person, posts)), key=weight)


def weight(line: Line) -> int:
    """The lower, the sooner somebody should look."""
    if line.override:
        return 0
    order = ("abnormal", "no_data", "", "not_applicable", "normal")
    return 1 + order.index(line.says)
