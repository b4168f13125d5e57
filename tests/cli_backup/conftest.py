"""How the tests here switch devices on, and sign in to them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from collector.cli.ssh import CliSettings, Sessions
from collector.probes.stated import Secret
from readings.catalogue import Catalogue, load_catalogue
from tests.cli_backup.device import PASSWORD, USER, Device, Gate


@pytest.fixture(scope="session")
def loop_of_devices() -> Iterator[asyncio.AbstractEventLoop]:
    """Devices live in a thread of their own: who asks them has a loop for itself."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def switched_on(loop_of_devices: asyncio.AbstractEventLoop) -> Iterator[Callable[[Device], CliSettings]]:
    """``switched_on(Device())`` is how to sign in to it."""
    servers: list[asyncssh.SSHAcceptor] = []
    gates: list[Gate] = []

    def gate() -> Gate:
        gates.append(Gate())
        return gates[-1]

    def run(work: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, loop_of_devices)
        return future.result(20)

    def on(device: Device) -> CliSettings:
        options: dict[str, Any] = {
            "server_host_keys": [asyncssh.generate_private_key("ssh-ed25519")],
            "line_editor": False,
            **device.options,
        }

        async def listen() -> asyncssh.SSHAcceptor:
            return await asyncssh.create_server(gate, "127.0.0.1", 0, process_factory=device.serve, **options)

        server: asyncssh.SSHAcceptor = run(listen())
        servers.append(server)
        device.port = server.get_port()
        return CliSettings(
            host="127.0.0.1",
            port=device.port,
            platform="huawei_vrp",
            user=USER,
            password=Secret(PASSWORD),
            time_limit_s=5.0,
        )

    async def off(server: asyncssh.SSHAcceptor) -> None:
        server.close()
        await server.wait_closed()

    async def hang_up(gate: Gate) -> None:
        gate.connection.abort()
        await gate.connection.wait_closed()

    yield on
    for each in gates:
        run(hang_up(each))
    for server in servers:
        run(off(server))


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    made = Sessions(tmp_path / "known_hosts")
    yield made
    made.close()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()
