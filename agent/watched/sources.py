"""Every source of watched things, each looking at what the files in allowed.d name at that moment."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

from agent.host.root import Root
from agent.host.sources import Source
from agent.oslog.telling import LogSource
from agent.watched.allowed import Allowed
from agent.watched.certificates import Certificates
from agent.watched.commands import Commands
from agent.watched.files import Files
from agent.watched.ports import Ports
from agent.watched.processes import Processes
from agent.watched.things import Watch
from agent.watched.turns import PATIENCE_S
from readings.model import Clocks

Thing = TypeVar("Thing")


def watched_sources(
    root: Root,
    clocks: Callable[[], Clocks],
    marks: Mapping[str, str],
    *,
    patience_s: float = PATIENCE_S,
    owner: int = 0,
) -> tuple[list[Source], list[LogSource]]:
    """(sources, those with a place in a log). ``patience_s``: how long a pass waits for what takes its time."""
    if (root.live and sys.platform != "linux") or not hasattr(os, "O_DIRECTORY"):
        return [], []  # the trust rests on owners and modes as Linux has them
    allowed = Allowed(root.etc, owner)

    def watch(section: str, things: Callable[[], tuple[Thing, ...]]) -> Callable[[], Watch[Thing]]:
        return lambda: Watch(things(), allowed.left_out.get(section, {}))

    sources: list[Source] = [
        allowed,  # first: what it reads anew is in force in the same pass
        Processes(root, clocks, watch("processes", lambda: allowed.named.processes)),
        Ports(root, watch("ports", lambda: allowed.named.ports), patience_s=patience_s),
        Certificates(root, clocks, watch("certificates", lambda: allowed.named.certificates), patience_s=patience_s),
        Commands(root, watch("commands", lambda: allowed.named.commands), patience_s=patience_s),
    ]
    return sources, [Files(root, clocks, watch("files", lambda: allowed.named.files), marks.get(Files.name, ""))]
