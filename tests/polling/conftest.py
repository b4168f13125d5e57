"""Real agents on loopback: snmpsim playing recordings, and a small one of ours that misbehaves as it is told."""

from __future__ import annotations

import bz2
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api

from collector.device_files import load_device_types
from collector.device_type import DeviceType
from collector.protocols.snmp import Credential, Target
from collector.walk import Value
from readings.catalogue import load_catalogue
from readings.model import Clocks, Gap
from tests.recordings import recordings

PROTOCOL = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
V3_USER = (
    *("--v3-user=watcher", "--v3-auth-key=authpass12", "--v3-auth-proto=SHA"),
    *("--v3-priv-key=privpass12", "--v3-priv-proto=AES"),
)


@pytest.fixture(scope="session")
def types() -> dict[str, DeviceType]:
    return load_device_types(load_catalogue())


@pytest.fixture
def clocks() -> Callable[[], Clocks]:
    return lambda: Clocks("boot", 1_000_000_000, 1_800_000_000_000_000_000)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cut(name: str, keep: str) -> str:
    """A recording's lines whose OID matches, standing still: what snmpsim would vary is what it begins with."""
    path = recordings()[name]
    opened = bz2.decompress(path.read_bytes()) if path.suffix == ".bz2" else path.read_bytes()
    lines = [line for line in opened.decode("latin-1").splitlines() if re.match(keep, line)]
    varied = re.compile(r"(.*?\|\d+):numeric\|.*initial=(\d+).*")
    return "\n".join(varied.sub(r"\1|\2", line) for line in lines) + "\n"


def snmprec_line(oid: str, value: Value | None) -> str:
    """A value as a line of a recording. What kind of number it was is not known any more: 64 bits hold all."""
    if isinstance(value, bytes):
        return f"{oid}|4x|{value.hex()}\n"
    if isinstance(value, str):
        return f"{oid}|6|{value}\n" if value.count(".") != 3 else f"{oid}|64|{value}\n"
    if value is None or isinstance(value, Gap):
        return ""
    return f"{oid}|{2 if value < 0 else 70}|{value}\n"


class Responder:
    """snmpsim over a folder of recordings; ``target("name")`` is the agent that plays name.snmprec."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            *(str(Path(sys.executable).with_name("snmpsim-command-responder")), f"--data-dir={self.folder}"),
            *(f"--cache-dir={self.folder / 'cache'}", f"--agent-udpv4-endpoint=127.0.0.1:{self.port}", *V3_USER),
        ]
        log = (self.folder / "log").open("ab")
        environment = {**os.environ, "SNMPSIM_ALLOW_ROOT": "true"}
        self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        log.close()
        self._wait()

    def _wait(self) -> None:
        """It says "listening" before it listens: ask until it answers."""
        request = asking("geist", "1.3.6.1.2.1.1.2.0")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.2)
            for _ in range(150):
                assert self.process is not None
                assert self.process.poll() is None, (self.folder / "log").read_text()
                client.sendto(request, ("127.0.0.1", self.port))
                try:
                    client.recvfrom(65_535)
                except TimeoutError:
                    continue
                return
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def target(self, name: str, version: int = 2, **more: object) -> Target:
        return Target("127.0.0.1", self.port, Credential(version, community=name), **more)  # type: ignore[arg-type]  # of a test's own


@pytest.fixture(scope="session")
def responder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Responder]:
    """Four devices cut to what is polled of them."""
    folder = tmp_path_factory.mktemp("agents")
    usual = r"1\.3\.6\.1\.2\.1\.(1|2|31|47|99)\."
    (folder / "geist.snmprec").write_text(cut("geist-temperature-sensor", r"1\.3\.6\.1\."))
    (folder / "eaton.snmprec").write_text(cut("eaton-93e-80", r"1\.3\.6\.1\.(2\.1\.(1|2|33)|4\.1\.534)\."), "latin-1")
    (folder / "cisco.snmprec").write_text(
        cut("cisco-c3750", usual + r"|1\.3\.6\.1\.4\.1\.9\.9\.(13|48|91)\.|1\.3\.6\.1\.4\.1\.9\.9\.109\.1\.1\."),
        "latin-1",
    )
    (folder / "self.snmprec").write_text((folder / "geist.snmprec").read_text())  # the context without a name, for v3
    running = Responder(folder, free_port())
    running.start()
    yield running
    running.stop()


def asking(community: str, oid: str) -> bytes:
    """A GET of SNMP v2c, as octets."""
    pdu = PROTOCOL.GetRequestPDU()
    PROTOCOL.apiPDU.set_defaults(pdu)
    PROTOCOL.apiPDU.set_varbinds(pdu, [(PROTOCOL.ObjectIdentifier(oid), PROTOCOL.null)])
    message = PROTOCOL.Message()
    PROTOCOL.apiMessage.set_defaults(message)
    PROTOCOL.apiMessage.set_community(message, community)
    PROTOCOL.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


# What an agent of ours answers: for the OIDs asked and whether by GETBULK → ([(oid, value)], error-status), or octets.
Script = Callable[[list[str], bool], tuple[list[tuple[str, object]], int] | bytes | None]


class ScriptedAgent:
    """An SNMP v2c agent that answers what ``script`` says."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def target(self, **more: object) -> Target:
        return Target("127.0.0.1", int(self._socket.getsockname()[1]), Credential(), **more)  # type: ignore[arg-type]  # of a test's own

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                octets, sender = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            answer = self._answer(octets)
            if answer is not None:
                self._socket.sendto(answer, sender)

    def _answer(self, octets: bytes) -> bytes | None:
        message, _ = decoder.decode(octets, asn1Spec=PROTOCOL.Message())
        request = PROTOCOL.apiMessage.get_pdu(message)
        bulk = request.isSameTypeWith(PROTOCOL.GetBulkRequestPDU())
        asked = [str(oid) for oid, _ in PROTOCOL.apiPDU.get_varbinds(request)]
        said = self._script(asked, bulk)
        if said is None or isinstance(said, bytes):
            return said
        values, status = said
        response = PROTOCOL.GetResponsePDU()
        PROTOCOL.apiPDU.set_defaults(response)
        PROTOCOL.apiPDU.set_request_id(response, PROTOCOL.apiPDU.get_request_id(request))
        PROTOCOL.apiPDU.set_error_status(response, status)
        PROTOCOL.apiPDU.set_varbinds(response, [(PROTOCOL.ObjectIdentifier(oid), value) for oid, value in values])
        answer = PROTOCOL.Message()
        PROTOCOL.apiMessage.set_defaults(answer)
        PROTOCOL.apiMessage.set_community(answer, "public")
        PROTOCOL.apiMessage.set_pdu(answer, response)
        return bytes(encoder.encode(answer))


@pytest.fixture
def scripted() -> Iterator[Callable[[Script], ScriptedAgent]]:
    running: list[ScriptedAgent] = []

    def start(script: Script) -> ScriptedAgent:
        running.append(ScriptedAgent(script))
        return running[-1]

    yield start
    for agent in running:
        agent.close()


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where something listens that never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as quiet:
        quiet.bind(("127.0.0.1", 0))
        yield int(quiet.getsockname()[1])
