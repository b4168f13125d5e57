"""Devices that are really asked, each with a secret of its own, and what shows that they were."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.polling.conftest import asking
from tests.probes.peers import free_port, running, until

COMMUNITY = "planted-community-7Q"
AUTH_KEY, PRIVACY_KEY = "planted-auth-key-7Q", "planted-privacy-key-7Q"
CONTROL = "control-in-a-fact-7Q"  # no secret: what must be found by the same search


@contextmanager
def snmp_agent(program: str, folder: Path) -> Iterator[int]:
    """net-snmp's own agent with a community and a user of v3; the port it listens on."""
    port = free_port(socket.SOCK_DGRAM)
    (folder / "snmpd.conf").write_text(
        f"agentAddress udp:127.0.0.1:{port}\nrocommunity {COMMUNITY} 127.0.0.1\n"
        f"createUser watch SHA {AUTH_KEY} AES {PRIVACY_KEY}\nrouser watch priv\nsysName {CONTROL}\nsysLocation room\n"
    )
    env = os.environ | {"SNMP_PERSISTENT_DIR": str(folder / "kept"), "SNMPCONFPATH": str(folder)}
    with (folder / "snmpd.log").open("wb") as log:
        started = subprocess.Popen(
            [program, "-f", "-Lo", "-C", "-c", folder / "snmpd.conf"], stdout=log, stderr=log, env=env
        )
    with running(started):
        until(lambda: _answers(port), "net-snmp's agent")
        yield port


def _answers(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.sendto(asking(COMMUNITY, "1.3.6.1.2.1.1.2.0"), ("127.0.0.1", port))
        try:
            return bool(client.recv(65_535))
        except (TimeoutError, ConnectionError):
            return False


class Sink:
    """Takes whatever datagrams come and answers nonsense: ``heard`` is what came."""

    def __init__(self) -> None:
        self.heard = b""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.port: int = self._socket.getsockname()[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                came, sender = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            self.heard += came
            self._socket.sendto(b"\x30\x82\xff\xff nonsense", sender)

    def close(self) -> None:
        self._ended.set()
        self._thread.join(10)
        self._socket.close()


class Arguments:
    """The command lines of all processes of this machine, looked at again and again: ``seen``."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(0.005):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    self.seen.add((process / "cmdline").read_bytes())
                except OSError:
                    continue

    def close(self) -> None:
        self._ended.set()
        self._thread.join(10)


@contextmanager
def in_a_loop() -> Iterator[Callable[[Callable[[], object]], object]]:
    """``enter(make)`` enters an async context manager in a loop of a thread; all are left at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: object) -> object:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)  # type: ignore[arg-type]  # a coroutine

    with ExitStack() as left:
        left.callback(loop.close)
        left.callback(thread.join, 10)
        left.callback(loop.call_soon_threadsafe, loop.stop)

        def enter(make: Callable[[], object]) -> object:
            manager = make()
            entered = run(manager.__aenter__())  # type: ignore[attr-defined]  # an async context manager
            left.callback(lambda: run(manager.__aexit__(None, None, None)))  # type: ignore[attr-defined]  # the same
            return entered

        yield enter
