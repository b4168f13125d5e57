"""Every source of how the operating system stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agent.hardware.command import Asking
from agent.host.root import Root
from agent.oslog.telling import LogSource
from agent.system.chrony import Chrony
from agent.system.restarts import Restarts
from agent.system.taint import Taint
from agent.system.units import Units
from readings.delivery.runner import Source
from readings.model import Clocks


def system_sources(root: Root, clocks: Callable[[], Clocks], programs: Asking, wait_s: float = 0.0) -> list[Source]:
    """``wait_s``: how long the first answer of a slow program is waited for."""
    return [Units(root, clocks, programs, wait_s=wait_s), Chrony(root, programs, wait_s)]


def system_logs(
    root: Root, clocks: Callable[[], Clocks], marks: Mapping[str, str], programs: Asking, wait_s: float = 0.0
) -> list[LogSource]:
    """``marks`` by source name, as the spool kept them."""
    return [
        Taint(root, clocks, marks.get(Taint.name, "")),
        Restarts(root, clocks, programs, marks.get(Restarts.name, ""), wait_s),
    ]
