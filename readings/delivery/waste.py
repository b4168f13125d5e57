"""What had to be given up: spans of ticks, to be told to the centre once, with the batch that follows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from readings.delivery.shelf import Head, Span
from readings.delivery.tick import StoredTick
from readings.wire import Dropped

MOST_SPANS = 1_000


class Waste:
    """Spans in the order of their ticks. ``changed``: the file does not hold them yet."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self.spans = list(spans)
        self.changed = False

    def copy(self) -> Waste:
        twin = Waste(self.spans)
        twin.changed = self.changed
        return twin

    def add(self, row: Head | StoredTick) -> None:
        """Give up ``row``; it joins the span that ends right before it in the same boot."""
        self.changed = True
        dropped = Dropped(row.number, row.number, row.boot_id, row.boottime, row.boottime, row.wall, row.wall)
        for index in range(len(self.spans) - 1, -1, -1):
            span = self.spans[index]
            joins = span.before_seq == row.seq and span.epoch == row.epoch and span.dropped.boot_id == row.boot_id
            if joins:
                longer = msgspec.structs.replace(
                    span.dropped, last=row.number, until_boottime=row.boottime, until_wall=row.wall
                )
                self.spans[index] = replace(span, before_seq=row.seq + 1, dropped=longer)
                return
        # The earlier neighbour of another boot or epoch now stands before a row that is gone too.
        self.spans = [
            replace(span, before_seq=row.seq + 1) if span.before_seq == row.seq else span for span in self.spans
        ]
        self.spans.append(Span(row.seq + 1, row.epoch, dropped))
        self.spans.sort(key=lambda span: span.before_seq)
        del self.spans[:-MOST_SPANS]

    def add_lost_file(self, oldest: Head, newest: StoredTick) -> None:
        """Give up all from ``oldest`` to ``newest``: the file that held them is gone."""
        self.changed = True
        boottime = oldest.boottime if oldest.boot_id == newest.boot_id else 0
        first = oldest.number if oldest.epoch == newest.epoch else 1
        told = Dropped(first, newest.number, newest.boot_id, boottime, newest.boottime, oldest.wall, newest.wall)
        self.spans.append(Span(newest.seq + 1, newest.epoch, told))

    def told_with(self, epoch: str, last_seq: int) -> list[Dropped]:
        """What a batch of ``epoch`` that ends at ``last_seq`` says. Numbers of another epoch mean nothing in it: 0."""
        return [
            span.dropped if span.epoch == epoch else msgspec.structs.replace(span.dropped, first=0, last=0)
            for span in self.spans
            if span.before_seq <= last_seq
        ]

    def answered(self, first_seq: int, last_seq: int) -> None:
        """Batches over these rows were taken: what they told is told."""
        kept = [span for span in self.spans if not first_seq <= span.before_seq <= last_seq]
        self.changed |= len(kept) != len(self.spans)
        self.spans = kept

    def move(self, by: int) -> None:
        self.spans = [replace(span, before_seq=span.before_seq + by) for span in self.spans]
        self.changed = bool(self.spans) or self.changed
