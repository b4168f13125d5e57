"""Asking a device by SNMP: whom, with what credential, how carefully; the answers as a walk.

An agent is asked one thing at a time, with a limit on everything: a request, a subtree, the whole walk. What it does
not answer is a gap of that subtree with its reason; what it answered before stays.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from collector.subtrees import outermost
from collector.walk import Value, Walk
from readings.model import Gap, SourceFailed

PORT = 161
SYS_UPTIME = "1.3.6.1.2.1.1.3.0"
MOST_PER_SUBTREE, MOST_PER_WALK = 50_000, 250_000
OBJECTS_PER_REQUEST = 20
SILENT_SUBTREES = 2  # in a row: then the rest is not asked any more
FIRST_REPETITIONS, MOST_REPETITIONS = 10, 60
ASK_AGAIN_AFTER, LONGEST_REST = 10, 60  # walks, before a subtree the agent does not have is asked again


@dataclass(frozen=True, slots=True)
class Credential:
    """``version`` 1, 2 or 3. The secrets never appear in a representation, so in no log."""

    version: int = 2
    community: str = field(default="public", repr=False)
    user: str = ""
    authentication: str = ""
    authentication_key: str = field(default="", repr=False)
    privacy: str = ""
    privacy_key: str = field(default="", repr=False)
    context: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an agent listens, what opens it, and how long it may think."""

    host: str
    port: int
    credential: Credential
    timeout_s: float = 3.0
    walk_within_s: float = 60.0
    tolerant: bool = False
    retries: int = 1  # of a request that was not answered

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def no_answer(self) -> str:
        return f"{self}: no answer within {self.timeout_s:g} s (asked {self.retries + 1} times)"


@dataclass(slots=True)
class Manner:
    """What was learnt of one agent: how many rows it gives at once, how many a subtree has, what it does not have."""

    repetitions: int = FIRST_REPETITIONS
    most: int = MOST_REPETITIONS
    careful: bool = False  # once something was too much: slowly from then on, and never as much again
    absent: dict[str, tuple[int, int]] = field(default_factory=dict)  # subtree → walks it rests yet, and in all
    rows: dict[str, int] = field(default_factory=dict)  # subtree → how many it had

    def rows_to_ask(self, root: str) -> int:
        """At once. One more than there were shows the end; more would make a weak agent look for what we let go."""
        return min(self.repetitions, self.rows.get(root, self.repetitions) + 1)

    def counted(self, root: str, rows: int) -> None:
        self.rows[root] = rows
        if rows:
            self.absent.pop(root, None)

    def has_not(self, root: str) -> None:
        """It rests, longer each time: what is built in later is found within the hour."""
        _, rested = self.absent.get(root, (0, ASK_AGAIN_AFTER // 2))
        rests = min(LONGEST_REST, rested * 2)
        self.absent[root] = rests, rests

    def rests(self, root: str) -> bool:
        """Whether ``root`` is left out of this walk."""
        left, in_all = self.absent.get(root, (0, 0))
        if left > 0:
            self.absent[root] = left - 1, in_all
        return left > 0

    def answered_well(self) -> None:
        more = max(1, self.repetitions // 4) if self.careful else self.repetitions
        self.repetitions = min(self.most, self.repetitions + more)

    def was_too_much(self) -> None:
        self.careful = True
        self.most = max(1, self.repetitions * 3 // 4)
        self.repetitions = max(1, self.repetitions // 2)


@dataclass(frozen=True, slots=True)
class Rows:
    """A subtree as the agent gave it; ``gap`` and ``remark`` say what kept it from being whole."""

    values: dict[str, Value]
    gap: Gap | None = None
    remark: str = ""


class Agent(Protocol):
    """An SNMP agent to be asked; every method raises SourceFailed alone."""

    async def get(self, objects: Sequence[str]) -> dict[str, Value]:
        """Those of ``objects`` it has."""
        ...

    async def rows(self, root: str, manner: Manner, until: float = math.inf) -> Rows:
        """Everything beneath ``root``, as far as it comes until the event loop's clock says ``until``."""
        ...

    async def has_nothing_at(self, root: str) -> bool:
        """After a subtree came back empty: does the agent itself say that it has nothing there?"""
        ...


@dataclass(slots=True)
class Asked:
    """A walk and what is to be said about how it went."""

    answers: dict[str, Value] = field(default_factory=dict)
    troubles: dict[str, Gap] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def walk(self) -> Walk:
        return Walk(self.answers, self.troubles)

    def trouble(self, roots: Sequence[str], gap: Gap, remark: str) -> None:
        self.troubles.update(dict.fromkeys(roots, gap))
        if remark and remark not in self.remarks:
            self.remarks.append(remark)


async def ask(agent: Agent, roots: Sequence[str], manner: Manner, within_s: float) -> Asked:
    """Ask for everything beneath ``roots``. Raises SourceFailed when the agent does not answer at all.

    The first thing asked is how long it has been up: a dead device costs one request, not one for each subtree.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    asked = Asked(await agent.get([SYS_UPTIME]))
    wanted = [root for root in outermost(roots) if not manner.rests(root)]
    single = [root for root in wanted if root.endswith(".0")]
    await _objects(agent, single, asked)
    silent = 0
    subtrees = [root for root in wanted if not root.endswith(".0")]
    for at, root in enumerate(subtrees):
        if loop.time() > until:
            asked.trouble(subtrees[at:], Gap.TIMED_OUT, f"not all was answered within {within_s:g} s")
            break
        if len(asked.answers) > MOST_PER_WALK:
            asked.trouble(subtrees[at:], Gap.UNREADABLE, f"more than {MOST_PER_WALK} values")
            break
        silent = silent + 1 if not await _subtree(agent, root, manner, asked, until) else 0
        if silent >= SILENT_SUBTREES:
            asked.trouble(subtrees[at:], Gap.TIMED_OUT, f"it fell silent at {root}")
            break
    return asked


async def _objects(agent: Agent, objects: Sequence[str], asked: Asked) -> None:
    for at in range(0, len(objects), OBJECTS_PER_REQUEST):
        some = objects[at : at + OBJECTS_PER_REQUEST]
        try:
            asked.answers.update(await agent.get(some))
        except SourceFailed as failed:
            asked.trouble(some, failed.gap, failed.detail)
            if failed.gap is Gap.TIMED_OUT:
                asked.trouble(objects[at:], failed.gap, failed.detail)
                return


async def _subtree(agent: Agent, root: str, manner: Manner, asked: Asked, until: float) -> bool:
    """Whether the agent answered, be it with nothing."""
    try:
        rows = await agent.rows(root, manner, until)
        asked.answers.update(rows.values)
        if rows.gap is not None:
            asked.trouble([root], rows.gap, rows.remark)
        elif len(rows.values) >= manner.repetitions:
            manner.answered_well()  # who has no more than comes at once need not be asked for more
        elif not rows.values:
            if await agent.has_nothing_at(root):
                manner.has_not(root)
            else:
                asked.trouble([root], Gap.REFUSED, f"{root}: answered with an error")
    except SourceFailed as failed:
        asked.trouble([root], failed.gap, f"{root}: {failed.detail}")
        return failed.gap is not Gap.TIMED_OUT
    return True


def text_with_port(address: str) -> tuple[str, int]:
    """``host``, ``host:port`` or ``[v6]:port``. Raises ValueError.

    >>> text_with_port("10.0.0.1"), text_with_port("[::1]:1161")
    (('10.0.0.1', 161), ('::1', 1161))
    """
    host, colon, port = address.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):
        return address.strip("[]"), PORT
    if not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError(f"{address!r}: {port!r} is no port")
    return host.strip("[]"), int(port)


def environment_credential(environment: Mapping[str, str], written: Credential) -> Credential:
    """``written`` with the secrets the environment has for it: those of a command line are seen by everybody."""
    key = environment.get("ZHISHOU_SNMP_AUTH", "")
    privacy = environment.get("ZHISHOU_SNMP_PRIV", "")
    return Credential(
        version=written.version,
        community=written.community or environment.get("ZHISHOU_SNMP_COMMUNITY", "public"),
        user=written.user,
        authentication=written.authentication if key else "",
        authentication_key=key,
        privacy=written.privacy if key and privacy else "",
        privacy_key=privacy,
        context=written.context,
    )
