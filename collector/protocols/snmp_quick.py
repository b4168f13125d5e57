"""gufo-snmp behind a guard: it is fast, and it hides errors, loops and dead sessions, so each is looked for here.

Error replies come back as ``None`` or as nothing at all; a walk that does not increase goes on for ever; a reply of
more than 4 kB cannot be decoded; after its agent restarted a v3 session is dead for ever.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar, cast

from gufo.snmp import NoSuchInstance, SnmpAuthError, SnmpDecodeError, SnmpError
from gufo.snmp._fast import GetIter

from collector.protocols.snmp import MOST_PER_SUBTREE, SYS_UPTIME, Manner, Rows, Target
from collector.protocols.snmp_line import Line, Row, line_to
from collector.walk import Value
from readings.model import Gap, SourceFailed

RESTARTS = 4  # of one subtree, each with half as many rows at once

T = TypeVar("T")


class QuickAgent:
    """One session with one agent, one request in flight. A new session begins whenever the old one fell silent."""

    def __init__(self, target: Target) -> None:
        if target.credential.context:
            raise SourceFailed(Gap.REFUSED, "a context needs the tolerant transport")
        self._target = target
        self._line: Line | None = None

    async def get(self, objects: Sequence[str]) -> dict[str, Value]:
        return await self._answered(lambda line: self._got(line, objects))

    async def _got(self, line: Line, objects: Sequence[str]) -> dict[str, Value]:
        found = await line.get_many(objects)
        if not found:  # the agent has none of them, or refused all for one
            return await self._one_by_one(line, objects)
        return {oid: value for oid, value in found.items() if value is not None}

    async def _one_by_one(self, line: Line, objects: Sequence[str]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for oid in objects:
            try:
                value = await line.get(oid)
            except NoSuchInstance:
                continue
            if value is not None:
                found[oid] = value
            elif self._target.credential.version > 1:  # v1 has no other word for "not here" than an error
                found[oid] = Gap.REFUSED
        return found

    async def rows(self, root: str, manner: Manner, until: float = math.inf) -> Rows:
        retries = self._target.retries
        for _ in range(RESTARTS):
            try:
                return await self._subtree(root, manner, until, retries)
            except SnmpDecodeError as error:
                # A reply larger than the buffer: the same in smaller pieces.
                if not _is_too_large(error) or manner.repetitions == 1:
                    raise _failed(error, self._target) from error
                manner.was_too_much()
            except (OSError, SnmpError) as error:
                if not isinstance(error, TimeoutError) or manner.repetitions == 1 or _is_refused(error):
                    raise _failed(error, self._target) from error
                manner.was_too_much()
                if not await self._still_answers():
                    raise _failed(error, self._target) from error
                retries = 0  # it is not the network that loses the answers
        return Rows({}, Gap.TIMED_OUT, f"{root}: no answer, however little was asked at once")

    async def has_nothing_at(self, root: str) -> bool:
        async def nothing(line: Line) -> bool:
            try:
                return await line.get(root) is not None
            except NoSuchInstance:
                return True

        if await self._answered(nothing):
            return True
        # Again v1: an agent that answers anything lets us in.
        return self._target.credential.version == 1 and bool(await self.get([SYS_UPTIME]))

    async def _subtree(self, root: str, manner: Manner, until: float, retries: int) -> Rows:
        """Answer after answer, each looked at as a whole: a row at a time would cost more than decoding them."""
        loop = asyncio.get_running_loop()
        values: dict[str, Value] = {}
        ask = Line.next_row if self._target.credential.version == 1 else Line.next_rows
        place = GetIter(root, manner.rows_to_ask(root))
        while True:
            rows = await self._asked(lambda line: ask(line, place), retries)
            ended = not rows or rows[-1] is None
            if rows and ended:
                rows.pop()
            known = len(values)
            values.update(cast("list[tuple[str, Value]]", rows))
            if len(values) < known + len(rows):
                return Rows(values, Gap.UNREADABLE, f"{root}: the agent went back to {_repeated(values, known, rows)}")
            if ended:
                break
            if loop.time() > until:
                return Rows(values, Gap.TIMED_OUT, f"{root}: it did not come to an end in time")
            if len(values) > MOST_PER_SUBTREE:
                return Rows(values, Gap.UNREADABLE, f"{root}: more than {MOST_PER_SUBTREE} rows")
        values.pop(root, None)
        manner.counted(root, len(values))
        return Rows(values)

    async def _answered(self, ask: Callable[[Line], Awaitable[T]]) -> T:
        """What ``ask`` says. Raises SourceFailed alone."""
        try:
            return await self._asked(ask, self._target.retries)
        except (OSError, SnmpError) as error:
            raise _failed(error, self._target) from error

    async def _asked(self, ask: Callable[[Line], Awaitable[T]], retries: int) -> T:
        """Again on a new line when it fails, ``retries`` times; what cannot get better is raised at once."""
        while True:
            try:
                if self._line is None:
                    self._line = await line_to(self._target)
                return await ask(self._line)
            except (OSError, SnmpError) as error:
                self._line = None
                if retries <= 0 or isinstance(error, SnmpAuthError) or _is_too_large(error):
                    raise
                retries -= 1

    async def _still_answers(self) -> bool:
        try:
            return bool(await self.get([SYS_UPTIME]))
        except SourceFailed:
            return False


def _repeated(values: Iterable[str], known: int, rows: Sequence[Row | None]) -> str:
    """The first of ``rows`` that stands twice, or among the first ``known`` of ``values``."""
    seen = set(list(values)[:known])
    for row in rows:
        if row is not None:
            if row[0] in seen:
                return row[0]
            seen.add(row[0])
    return ""


def _is_too_large(error: BaseException) -> bool:
    """A reply larger than gufo's buffer ends in the middle."""
    return isinstance(error, SnmpDecodeError) and "incomplete" in str(error).lower()


def _is_refused(error: BaseException) -> bool:
    """A closed port arrives as a timeout that says so, or whose cause does (v3, while it opens)."""
    said = f"{error} {error.__cause__ or ''}".lower()
    return isinstance(error, ConnectionRefusedError) or "refused" in said


def _failed(error: Exception, target: Target) -> SourceFailed:
    if isinstance(error, SnmpAuthError):
        return SourceFailed(Gap.REFUSED, f"{target}: the user or its key is not accepted")
    if _is_refused(error):
        return SourceFailed(Gap.UNREACHABLE, f"{target}: nothing listens there")
    if isinstance(error, TimeoutError):
        return SourceFailed(Gap.TIMED_OUT, target.no_answer())
    if isinstance(error, OSError):
        return SourceFailed(Gap.UNREACHABLE, f"{target}: {error}")
    return SourceFailed(Gap.UNREADABLE, f"{target}: {type(error).__name__}: {error}")
