"""The logs of this host, each from the place its last tick on disk left off."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agent.host.root import Root
from agent.oslog.journal import Journal
from agent.oslog.kernel_log import KernelLog
from agent.oslog.syslog import Syslog
from agent.oslog.telling import LogSource
from readings.model import Clocks


def log_sources(root: Root, clocks: Callable[[], Clocks], marks: Mapping[str, str]) -> list[LogSource]:
    """``marks`` by source name, as the spool kept them."""
    journal = Journal(root, clocks, marks.get(Journal.name, ""))
    return [
        KernelLog(root, clocks, marks.get(KernelLog.name, "")),
        journal,
        Syslog(root, clocks, marks.get(Syslog.name, ""), wanted=lambda: not journal.offered),
    ]
