"""Kernel lines somebody approved to ignore, and the kinds of line nobody can."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from checklists.rule_fields import Fields, RuleError

LONGEST_PATTERN = 200
MOST_ALLOWED = 100
# Name → what a line of the kind contains, and lines as kernels write them, on which every pattern is tried.
NEVER: dict[str, tuple[re.Pattern[str], tuple[str, ...]]] = {
    "panic": (re.compile(r"\bpanic\b", re.IGNORECASE), ("Kernel panic - not syncing: Fatal exception", "Kernel panic")),
    "oops": (
        re.compile(r"\bOops\b|\bBUG\b|general protection fault|unable to handle", re.IGNORECASE),
        (
            "Oops: 0000 [#1] SMP NOPTI",
            "BUG: unable to handle page fault for address: ffffa1b2",
            "kernel BUG at mm/slub.c:306!",
            "general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP",
        ),
    ),
    "lockup": (
        re.compile(r"lock-?up|\bstalls?\b", re.IGNORECASE),
        (
            "watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:1187]",
            "NMI watchdog: Watchdog detected hard LOCKUP on cpu 3",
            "rcu: INFO: rcu_sched detected stalls on CPUs/tasks:",
        ),
    ),
    "hung task": (
        re.compile(r"blocked for more than", re.IGNORECASE),
        ("INFO: task jbd2/sda1-8:412 blocked for more than 120 seconds.",),
    ),
    "I/O error": (
        re.compile(r"I/O error", re.IGNORECASE),
        (
            "blk_update_request: I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x0",
            "critical medium error, I/O error, dev sdb, sector 5120",
            "Buffer I/O error on dev dm-0, logical block 0, async page read",
            "EXT4-fs (sda1): I/O error while writing superblock",
            'XFS (dm-1): metadata I/O error in "xfs_trans_read_buf_map" at daddr 0x80 len 8 error 5',
        ),
    ),
    "machine check": (
        re.compile(r"\bMCEs?\b|\bmce:|machine check|hardware error", re.IGNORECASE),
        (
            "mce: [Hardware Error]: Machine check events logged",
            "mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 8: cc00010000010091",
            "{1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 1",
            "EDAC MC0: 1 UE memory read error (machine check)",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """Lines ``pattern`` is found in do not count until the end of the UTC day ``expires``."""

    pattern: re.Pattern[str]
    reason: str
    approver: str
    expires: date

    @property
    def until_ms(self) -> int:
        end = datetime(self.expires.year, self.expires.month, self.expires.day, tzinfo=UTC) + timedelta(days=1)
        return round(end.timestamp() * 1000)

    def holds(self, text: str, at_ms: int) -> bool:
        return at_ms < self.until_ms and never(text) is None and self.pattern.search(text) is not None


def never(text: str) -> str | None:
    """The kind of line ``text`` is if nobody can allow it."""
    return next((kind for kind, (found, _) in NEVER.items() if found.search(text)), None)


def allowed(fields: Fields) -> Allowed:
    """One entry of a profile. Raises RuleError."""
    entry = Allowed(_pattern(fields), fields.text("reason"), fields.text("approver"), _day(fields))
    fields.done()
    return entry


def _pattern(fields: Fields) -> re.Pattern[str]:
    where, written = fields.name("pattern"), fields.text("pattern")
    if len(written) > LONGEST_PATTERN:
        raise RuleError(f"{where}: longer than {LONGEST_PATTERN} characters")
    try:
        pattern = re.compile(written)
    except re.error as error:
        raise RuleError(f"{where}: {written!r} is no regular expression: {error}") from error
    if pattern.search(""):
        raise RuleError(f"{where}: {written!r} is found in every line")
    for kind, (found, lines) in NEVER.items():
        if found.search(written) or any(pattern.search(line) for line in lines):
            raise RuleError(f"{where}: {written!r} is found in lines of {kind}, which can never be allowed")
    return pattern


def _day(fields: Fields) -> date:
    where, written = fields.name("expires"), fields.any("expires")
    if written is None:
        raise RuleError(f"{where}: is missing")
    try:
        return written if type(written) is date else date.fromisoformat(str(written))
    except ValueError as error:
        raise RuleError(f"{where}: {written!r} is not a day such as 2027-06-30") from error
