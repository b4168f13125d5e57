"""Commands whose number or exit code is a reading, run as the user and within the time the host's root gave them."""

from __future__ import annotations

import math
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.host.kernel_files import gap_for
from agent.host.root import Root
from agent.watched.accounts import account_of
from agent.watched.child import Account, Ended, run
from agent.watched.things import Watch, WatchedCommand
from agent.watched.turns import PATIENCE_S, Answered, Turns
from readings.model import Event, Gap, Sample, Severity, SourceFailed

METRICS = ("watched_command_value", "watched_command_exit_code", "watched_command_duration_seconds")
NUMBER = re.compile(rb"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)(?![\w.,:/-])")
SLACK_S = 30.0  # a pass may come later than a pace is up


@dataclass(frozen=True, slots=True)
class Outcome:
    """``why`` is "" when it ran to its end within its limits."""

    value: float | Gap
    exit_code: float | Gap
    seconds: float | Gap
    why: str = ""


class Commands:
    name = "watched_commands"

    def __init__(
        self, root: Root, watch: Callable[[], Watch[WatchedCommand]], *, patience_s: float = PATIENCE_S
    ) -> None:
        self._root = root
        self._watch = watch
        self._turns: Turns[WatchedCommand, Outcome] = Turns(self._run, patience_s=patience_s)
        self._told: dict[str, str] = {}  # what was last said of a command that fails

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        watch = self._watch()
        watch.check("commands")
        if not self._root.live:
            raise SourceFailed(Gap.NOT_OFFERED, "commands: run on the running system only")
        answers = self._turns.take({command: command.every_s for command in watch.things})
        now = self._turns.now()
        for command, answered in answers.items():
            outcome = newest(command, answered, now)
            yield from self._tell(command.name, outcome)
            values = (outcome.value, outcome.exit_code, outcome.seconds)
            for metric, value in zip(METRICS, values, strict=True):
                if command.number or metric != METRICS[0]:
                    yield Sample(metric, value, command.name)
            age = Gap.TIMED_OUT if answered is None else now - answered.at_s
            yield Sample("watched_command_age_seconds", age, command.name)
        for name in watch.left_out:
            yield Sample("watched_command_exit_code", Gap.UNREADABLE, name)

    def _tell(self, name: str, outcome: Outcome) -> Iterator[Event]:
        if outcome.why and self._told.get(name) != outcome.why:
            yield Event(self.name, "watched_command_failed", Severity.WARNING, f"{name}: {outcome.why}")
        self._told[name] = outcome.why

    def _run(self, command: WatchedCommand) -> Outcome:
        try:
            account = self._account(command)
            return outcome_of(command, run(command.argv, command.time_limit_s, account))
        except (LookupError, SourceFailed) as error:
            return Outcome(Gap.REFUSED, Gap.REFUSED, Gap.REFUSED, f"as user {command.user}: {error}")
        except OSError as error:
            gap = gap_for(error)
            return Outcome(gap, gap, gap, f"{command.argv[0]}: {error.strerror or error}")

    def _account(self, command: WatchedCommand) -> Account | None:
        """None: the agent is that user already. Raises LookupError, SourceFailed, OSError."""
        account = account_of(self._root, command.user)
        if account.uid == 0:
            check_roots_own(command.argv[0])
        if account.uid == os.geteuid():
            return None
        if os.geteuid() != 0:
            raise PermissionError(1, f"the agent is user {os.geteuid()} and may not become {command.user} (CAP_SETUID)")
        return account


def newest(command: WatchedCommand, answered: Answered[Outcome] | None, now: float) -> Outcome:
    """The last outcome, unless the next one should have come by now."""
    late = (Gap.TIMED_OUT,) * 3
    if answered is None:
        return Outcome(*late)
    if now - answered.at_s > command.every_s + command.time_limit_s + SLACK_S:
        return Outcome(*late, f"has not come back since {now - answered.at_s:.0f} s")
    return answered.answer


def outcome_of(command: WatchedCommand, ended: Ended) -> Outcome:
    """What its end means. A number counts only of a command that ended with 0."""
    if ended.late:
        return Outcome(
            Gap.TIMED_OUT, Gap.TIMED_OUT, Gap.TIMED_OUT, f"killed after its time limit of {command.time_limit_s:g} s"
        )
    if ended.too_much:
        return Outcome(Gap.UNREADABLE, Gap.UNREADABLE, ended.seconds, "killed: it said more than 64 KiB")
    code = float(ended.code)
    if not command.number:
        return Outcome(Gap.NOT_OFFERED, code, ended.seconds)
    if ended.code != 0:
        return Outcome(Gap.UNREADABLE, code, ended.seconds, f"ended with {ended.code}, so its number does not count")
    value = number_in(ended.output)
    if value is None:
        said = ended.output[:60].decode("utf-8", "replace")
        return Outcome(Gap.UNREADABLE, code, ended.seconds, f"{said!r} does not begin with a number")
    return Outcome(value, code, ended.seconds)


def number_in(output: bytes) -> float | None:
    """The number the output begins with, None when it begins with anything else ("12:30" and "1.2.3" are none).

    >>> number_in(b" 42 orders\\n"), number_in(b"1.2.3")
    (42.0, None)
    """
    found = NUMBER.match(output)
    if found is None:
        return None
    value = float(found[1])
    return value if math.isfinite(value) else None


def check_roots_own(program: str) -> None:
    """Raises PermissionError: somebody else could have written what root would run, or its folders; OSError."""
    for named in {program, os.path.realpath(program)}:
        path = named
        while path != "/":
            said = os.stat(path)  # noqa: PTH116 - text paths, as everywhere here
            if said.st_uid != 0 or said.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise PermissionError(1, f"{path} could be written by others than root, who would run it")
            path = os.path.dirname(path)  # noqa: PTH120 - text paths, as everywhere here
