"""How bad it is what a BMC says: the states of sensors and the texts of its log (IPMI 2.0, tables 42-2 and 42-3)."""

from __future__ import annotations

import re

from readings.model import Severity

# The state ipmitool gives to a sensor with thresholds, as 0 fine, 1 warning, 2 critical, 3 beyond recovery.
STATES = {
    "ok": 0.0,
    **dict.fromkeys(("nc", "unc", "lnc"), 1.0),
    **dict.fromkeys(("cr", "ucr", "lcr"), 2.0),
    **dict.fromkeys(("nr", "unr", "lnr"), 3.0),
}
NOT_RECOVERABLE = re.compile(r"non-?recoverable|\bfatal|machine check|thermal trip|\bIERR\b", re.IGNORECASE)
CRITICAL = re.compile(
    r"(?<!non-)\bcritical|uncorrect|failure detected|\bfailed\b|fault\b|\bAC lost|redundancy lost"
    r"|non-redundant|degraded|\bNMI\b|power off/down|config(?:uration)? error|drive removed"
    r"|in failed array|run-?time (?:critical )?stop|bus (?:time-?out|error)|state asserted|\bPERR\b|\bSERR\b"
    r"|limit reached|memory scrub failed|hard reset|watchdog",
    re.IGNORECASE,
)
ERROR = re.compile(
    r"correctable|predictive|\berror\b|rebuild|in critical array|intrusion|lan leash lost", re.IGNORECASE
)
WARNING = re.compile(r"non-critical|log (?:almost )?full|log area|cleared|logging disabled|throttled", re.IGNORECASE)
# Words that hold one of those above and mean that all is well, or that somebody acted.
FINE = re.compile(
    r"fully redundant|presence detected|s0/g0|initiated by power up|soft(?:-|ware) (?:off|reset)", re.IGNORECASE
)


def severity(description: str, direction: str) -> Severity:
    """Of a record of the log. Only what is asserted is bad; that something good went away is worth a look."""
    gone, fine = direction.strip().lower().startswith("deassert"), FINE.search(description) is not None
    if gone or fine:
        return Severity.WARNING if gone and fine else Severity.NOTICE
    for pattern, level in (
        (NOT_RECOVERABLE, Severity.ALERT),
        (CRITICAL, Severity.CRITICAL),
        (ERROR, Severity.ERROR),
        (WARNING, Severity.WARNING),
    ):
        if pattern.search(description):
            return level
    return Severity.NOTICE


def state_of(words: str) -> float:
    """Of a sensor without thresholds, from the states it is in (``Presence detected, Power Supply AC lost``)."""
    found = [word.strip() for word in words.split(",") if not FINE.search(word)]
    if any(NOT_RECOVERABLE.search(word) for word in found):
        return 3.0
    if any(CRITICAL.search(word) for word in found):
        return 2.0
    return 1.0 if any(pattern.search(word) for word in found for pattern in (ERROR, WARNING)) else 0.0
