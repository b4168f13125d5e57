"""Real programs as servers of the tests' own: started on a free loopback port, waited for, ended by their process."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 30.0


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, f"{what} did not come about"
        time.sleep(0.05)


def accepts(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def folder_of(user: str) -> Iterator[Path]:
    """A folder under the system's temporary one, which ``user`` may reach and owns where we may give it away."""
    folder = Path(tempfile.mkdtemp(prefix="zhishou-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, user, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def as_user(user: str, folder: Path, command: Sequence[str], **more: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Databases refuse to run as root: they run as the user Debian made for them."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", **more.get("env", {})}
    log = (folder / "out.log").open("ab")
    with log:
        if os.getuid() != 0:
            return subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        entry = pwd.getpwnam(user)
        return subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=entry.pw_uid,
            group=entry.pw_gid,
            extra_groups=[],
        )


@contextmanager
def running(started: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(15)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait(5)
