"""What a record of the System log means: its kind and severity, and words that say so in every language of Windows.

The log as a whole is the operating system's own, so its errors are of the kind ``kernel_log``, which the verification
before going live judges. It is less proof than Linux's facility 0: an administrator can have a program write there.
The message is in the host's language. Words in English stand before it where nobody may approve to ignore the line
(checklists/verification/allowing.py knows them): hardware error, panic, I/O error.
"""

from __future__ import annotations

from agent.windows.records import Record
from readings.model import Severity

KERNEL, USER, CLEARED, CORRECTED = "kernel_log", "user_log", "log_cleared", "hardware_corrected"
WHEA = "Microsoft-Windows-WHEA-Logger"
FATAL_IDS = frozenset({1, 16, 18, 20})
UNCORRECTED_IDS = frozenset({4, 6, 8, 10, 12, 13, 14, 15})
CORRECTED_IDS = frozenset({2, 5, 7, 9, 11, 17, 19})
STORAGE = frozenset(
    {
        *("disk", "ntfs", "microsoft-windows-ntfs", "refs", "storahci", "stornvme", "msahci", "iastora", "iastorv"),
        *("volmgr", "volsnap", "partmgr", "cdrom", "mpio", "microsoft-windows-storport", "microsoft-windows-disk"),
    }
)
# Warnings to Windows: error during paging, reset of a device, an operation that was retried, a disk that went away.
# Linux tells each of them as an error.
STORAGE_WARNINGS = frozenset({51, 129, 153, 157})
WRITTEN_BY_HAND = frozenset({"EventCreate"})  # eventcreate.exe: an administrator's own words

Meaning = tuple[str, Severity, str]
KNOWN: dict[tuple[str, int], Meaning] = {
    ("Microsoft-Windows-Kernel-Power", 41): (
        *(KERNEL, Severity.CRITICAL),
        "unplanned stop, the system was not shut down before this start",
    ),
    ("EventLog", 6008): (KERNEL, Severity.ERROR, "unplanned stop"),
    ("Microsoft-Windows-WER-SystemErrorReporting", 1001): (KERNEL, Severity.CRITICAL, "kernel panic (bug check)"),
    ("BugCheck", 1001): (KERNEL, Severity.CRITICAL, "kernel panic (bug check)"),
    ("Microsoft-Windows-Eventlog", 104): (CLEARED, Severity.ERROR, "a log was cleared"),
}
# Severities as agent/hardware/rasdaemon.py gives them. What was corrected is told and fails no verification.
KNOWN |= {(WHEA, number): (KERNEL, Severity.ALERT, "fatal hardware error") for number in FATAL_IDS}
KNOWN |= {(WHEA, number): (KERNEL, Severity.CRITICAL, "uncorrected hardware error") for number in UNCORRECTED_IDS}
KNOWN |= {(WHEA, number): (CORRECTED, Severity.ERROR, "corrected hardware error") for number in CORRECTED_IDS}


def meaning(record: Record) -> Meaning | None:
    """(kind, severity, text); None for what is no error and no trouble."""
    found = KNOWN.get((record.provider, record.event)) or _by_level(record)
    if found is None:
        return None
    kind, severity, words = found
    said = f"{record.provider} {record.event}"
    return kind, severity, ": ".join(part for part in (said, words, record.text) if part)


def _by_level(record: Record) -> Meaning | None:
    storage = record.provider.lower() in STORAGE
    if record.level not in {1, 2} and not (storage and record.event in STORAGE_WARNINGS):
        return None
    kind = USER if record.provider in WRITTEN_BY_HAND else KERNEL
    return kind, Severity.CRITICAL if record.level == 1 else Severity.ERROR, "I/O error" if storage else ""
