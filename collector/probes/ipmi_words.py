"""What a management controller's words mean, each mapped by hand (IPMI 2.0, tables 42-2 and 42-3, said by ipmitool).

A word that is not here makes the state of its sensor a gap; a record of the log with it is still an event.
"""

from __future__ import annotations

from readings.model import Severity

FINE, WARNING, CRITICAL, LOST = 0.0, 1.0, 2.0, 3.0

# How ipmitool abbreviates the state of a sensor with limits.
LIMITS = {
    "ok": FINE,
    **dict.fromkeys(("nc", "unc", "lnc"), WARNING),
    **dict.fromkeys(("cr", "ucr", "lcr"), CRITICAL),
    **dict.fromkeys(("nr", "unr", "lnr"), LOST),
}
# States of sensors without limits, in small letters.
STATES = {
    **dict.fromkeys(
        (
            *("presence detected", "fully redundant", "device present", "device enabled", "drive present"),
            *("limit not exceeded", "state deasserted", "transition to ok", "performance met", "connected"),
            *("s0/g0: working", "transition to running", "transition to active", "present", "enabled", "no event"),
            *("predictive failure deasserted", "configured", "presence detected (module)", "system boot initiated"),
        ),
        FINE,
    ),
    **dict.fromkeys(
        (
            *("predictive failure", "predictive failure asserted", "redundancy degraded", "correctable ecc"),
            *("transition to non-critical from ok", "rebuild in progress", "performance lags", "log almost full"),
            *("correctable ecc logging limit reached", "general chassis intrusion", "throttled", "parity"),
            *("redundancy degraded from fully redundant", "configuration error", "transition to degraded"),
        ),
        WARNING,
    ),
    **dict.fromkeys(
        (
            *("failure detected", "power supply ac lost", "ac lost or out-of-range", "redundancy lost"),
            *("non-redundant: sufficient from redundant", "non-redundant: insufficient resources", "limit exceeded"),
            *("uncorrectable ecc", "drive fault", "in failed array", "in critical array", "config error"),
            *("transition to critical from less severe", "memory scrub failed", "power input lost", "timer expired"),
        ),
        CRITICAL,
    ),
    **dict.fromkeys(
        ("thermal trip", "ierr", "transition to non-recoverable", "bus fatal error", "uncorrectable machine check"),
        LOST,
    ),
}
REDUNDANT = {
    "fully redundant": 1.0,
    **dict.fromkeys(
        (
            *("redundancy lost", "redundancy degraded", "redundancy degraded from fully redundant"),
            *("non-redundant: sufficient from redundant", "non-redundant: insufficient resources"),
        ),
        0.0,
    ),
}
ABSENT = {"device absent", "absent", "not present", "no reading", "disabled", "device disabled"}
# Crossing a limit as the log tells it: "Upper Critical going high".
CROSSED = {"non-critical": WARNING, "critical": CRITICAL, "non-recoverable": LOST}
SEVERITIES = {
    FINE: Severity.NOTICE,
    WARNING: Severity.WARNING,
    CRITICAL: Severity.CRITICAL,
    LOST: Severity.ALERT,
}


def severity(description: str, direction: str) -> Severity:
    """Of a record of the log: a bad state that ended, and a good one that began, are worth no more than a notice.

    >>> severity("Upper Critical going high", "Asserted"), severity("Fully Redundant", "Deasserted")
    (<Severity.CRITICAL: 2>, <Severity.WARNING: 4>)
    """
    words = description.strip().lower()
    state = STATES.get(words)
    if state is None and words.startswith(("upper ", "lower ")):
        state = CROSSED.get(words.split()[1])
    gone = direction.strip().lower().startswith("deassert")
    if gone:
        return Severity.WARNING if state == FINE else Severity.NOTICE
    # What nobody mapped may be anything: it is shown as a warning rather than passed over.
    return Severity.WARNING if state is None else SEVERITIES[state]
