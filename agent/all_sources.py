"""All that is watched on this host, in the order it is read: put together for `run` and for `check`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent.hardware.command import Asking, Programs
from agent.hardware.hypervisor import nature
from agent.hardware.pace import A_MINUTE
from agent.hardware.sources import hardware_logs, hardware_sources, proven
from agent.host.root import Root
from agent.host.sources import host_sources
from agent.inventory.source import Inventory
from agent.oslog.sources import log_sources
from agent.oslog.telling import LogSource
from agent.system.sources import system_logs, system_sources
from agent.watched.sources import watched_sources
from agent.watched.turns import PATIENCE_S
from readings.delivery.runner import Source
from readings.model import Clocks


@dataclass(frozen=True, slots=True)
class AllSources:
    """``logs`` have a place that is kept with the tick; all others are ``sources``."""

    sources: list[Source]
    logs: list[LogSource]


def all_sources(
    root: Root,
    clocks: Callable[[], Clocks],
    marks: Mapping[str, str],
    *,
    wait_s: float = 0.0,
    pace_s: float = A_MINUTE,
    patience_s: float = PATIENCE_S,
    programs: Asking | None = None,
) -> AllSources:
    """``wait_s``: how long the first answer of a slow program is waited for (``check`` has the time, ``run`` not).

    ``pace_s``: how often what is quick to read and seldom changes is read. ``patience_s``: how long a pass waits for
    what the host's own files name.
    """
    if root.windows:
        return _of_windows(root, clocks, marks, programs, wait_s)
    of_host, logs = host_sources(root), log_sources(root, clocks, marks)
    if root.live and sys.platform != "linux":
        return AllSources(of_host, logs)
    watched, followed = watched_sources(root, clocks, marks, patience_s=patience_s)
    programs, found = programs or Programs(root), nature(root)
    return AllSources(
        [
            *proven(of_host, found),
            *hardware_sources(root, programs, found, wait_s=wait_s, pace_s=pace_s),
            *system_sources(root, clocks, programs, wait_s),
            Inventory(root),
            *watched,
        ],
        [
            *logs,
            *hardware_logs(root, clocks, marks, programs, found, wait_s=wait_s),
            *system_logs(root, clocks, marks, programs, wait_s),
            *followed,
        ],
    )


def _of_windows(
    root: Root, clocks: Callable[[], Clocks], marks: Mapping[str, str], programs: Asking | None, wait_s: float
) -> AllSources:
    from agent.windows import programs as of_windows  # noqa: PLC0415 - no host with Linux needs any of this
    from agent.windows.sources import windows_logs, windows_sources  # noqa: PLC0415 - as above

    asked = programs or of_windows.WindowsPrograms()
    return AllSources(
        [*host_sources(root), *windows_sources(clocks, asked, wait_s)],
        windows_logs(root, clocks, marks, asked, wait_s),
    )
