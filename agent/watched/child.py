"""One program run to its end: no shell, an empty environment, a time limit and a limit on what it may say.

It runs in a session of its own, and whatever is left of its process group is killed when it ended or had to end.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess

MOST_OUTPUT_BYTES = 64 * 1024
REAP_WITHIN_S = 2.0
LOOK_EVERY_S = 0.1
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


class Unkilled(OSError):  # noqa: N818 - it reads as the sentence it makes
    """The program was killed and is still there: it hangs in the kernel."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who a program runs as; None in ``run``: as whoever the agent is."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended. ``code`` is negative for a signal; ``late``: it was killed at the time limit."""

    code: int
    output: bytes
    seconds: float
    late: bool = False
    too_much: bool = False


def run(
    argv: Sequence[str], time_limit_s: float, account: Account | None = None, most_bytes: int = MOST_OUTPUT_BYTES
) -> Ended:
    """Raises OSError: it cannot be started (PermissionError: nor as that account); Unkilled."""
    import subprocess  # noqa: PLC0415 - half a megabyte only hosts that run something need

    identity: dict[str, Any] = {}
    if account is not None:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": account.groups}
    started = time.monotonic()
    try:
        child = subprocess.Popen(  # noqa: S603 - argv is what root wrote on this host, and no shell reads it
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=ENVIRONMENT,
            start_new_session=True,
            umask=0o077,
            **identity,
        )
    except subprocess.SubprocessError as error:
        raise PermissionError(1, f"cannot be started as that user: {error}") from error
    output, late, too_much = b"", False, False
    try:
        output, late, too_much = _listen(child, started + time_limit_s, most_bytes)
        if not late and not too_much:
            late = not _ends(child, started + time_limit_s)
    finally:
        _end(child)
    return Ended(child.returncode, output, time.monotonic() - started, late, too_much)


def _listen(child: subprocess.Popen[bytes], until: float, most_bytes: int) -> tuple[bytes, bool, bool]:
    """(what it said, whether time ran out, whether it said too much)."""
    assert child.stdout is not None
    descriptor, said = child.stdout.fileno(), b""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLHUP)
    while len(said) <= most_bytes:
        left = until - time.monotonic()
        if left <= 0:
            return said, not _ends(child, until), False
        ended = _ends(child, 0.0)
        if not poll.poll(0 if ended else min(left, LOOK_EVERY_S) * 1000):
            if ended:  # a child of its own may hold the pipe open: what counts is the program itself
                return said, False, False
            continue
        chunk = os.read(descriptor, 16 * 1024)
        if not chunk:
            return said, False, False
        said += chunk
    return said[:most_bytes], False, True


def _ends(child: subprocess.Popen[bytes], until: float) -> bool:
    """Whether it ended until then. It is not waited for: its number stays its own, and its group's, until it is."""
    pause = 0.001
    while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        left = until - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(pause * 2, 0.05)
    return True


def _end(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    if child.stdout is not None:
        child.stdout.close()
    if not _ends(child, time.monotonic() + REAP_WITHIN_S):
        raise Unkilled(110, f"process {child.pid} was killed and hangs in the kernel")
    child.wait()
