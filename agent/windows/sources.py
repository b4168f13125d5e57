"""Every source of a host with Windows beside what psutil says of it (agent/host/portable.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from agent.hardware.command import Asking
from agent.host.root import Root
from agent.oslog.telling import LogSource
from agent.system.restarts import Restarts
from agent.windows.event_log import SystemLog
from agent.windows.identity import WindowsIdentity
from agent.windows.services import Services
from agent.windows.starts import look
from readings.delivery.runner import Source
from readings.model import Clocks


def windows_sources(clocks: Callable[[], Clocks], programs: Asking, wait_s: float = 0.0) -> list[Source]:
    """``wait_s``: how long the first answer of a slow program is waited for."""
    return [Services(clocks, programs, wait_s=wait_s), WindowsIdentity(clocks)]


def windows_logs(
    root: Root, clocks: Callable[[], Clocks], marks: Mapping[str, str], programs: Asking, wait_s: float = 0.0
) -> list[LogSource]:
    """``marks`` by source name, as the spool kept them."""
    stopped = partial(look, programs, clocks)
    return [
        SystemLog(programs, clocks, marks.get(SystemLog.name, "")),
        Restarts(root, clocks, programs, marks.get(Restarts.name, ""), wait_s, look=stopped),
    ]
