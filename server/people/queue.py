"""The queue before the door: a flood of sign-ins waits for itself, not for the threads everybody else is served by."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from server.people.passwords import AT_ONCE

P = ParamSpec("P")
T = TypeVar("T")

_turns: RunVar[anyio.CapacityLimiter] = RunVar("turns at the door")  # of each event loop its own


async def one_of_a_few(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``work`` in a thread as soon as fewer than ``AT_ONCE`` others of this loop do."""
    try:
        limiter = _turns.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(AT_ONCE)
        _turns.set(limiter)
    return await anyio.to_thread.run_sync(partial(work, *args, **kwargs), limiter=limiter)
