"""A management controller that OpenIPMI's ``ipmi_sim`` plays: a temperature with limits and a redundant group."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.probes.peers import free_port, running, until

PASSWORD = "planted12"
USER = "ADMIN"
EVERY_STATE = "000111111111111"
LAN = """name "simbmc"
set_working_mc 0x20
startlan 1
addr 127.0.0.1 {port}
priv_limit admin
allowed_auths_callback none md2 md5 straight
allowed_auths_user none md2 md5 straight
allowed_auths_operator none md2 md5 straight
allowed_auths_admin none md2 md5 straight
guid a123456789abcdefa123456789abcdef
endlan
console 127.0.0.1 {console}
user 2 true "{user}" "{password}" admin 10 none md2 md5 straight
"""
EMULATION = """mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
sensor_add 0x20 0 1 0x01 0x01 poll 200 file "{temperature}"
sensor_set_threshold 0x20 0 1 settable 111000 100 90 80 0 0 0
sensor_set_event_support 0x20 0 1 enable scanning per-state {states}
sensor_add 0x20 0 2 0x08 0x0b
sensor_set_event_support 0x20 0 2 enable scanning per-state {states}
sensor_set_bit_clr_rest 0x20 0 2 0 1 0
main_sdr_add 0x20 {full}
main_sdr_add 0x20 {compact}
mc_enable 0x20
"""


class SimulatedBmc:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.console = free_port(socket.SOCK_DGRAM), free_port()
        self._held: socket.socket | None = None
        self.warm(25)
        lan = LAN.format(port=self.port, console=self.console, user=USER, password=PASSWORD)
        (folder / "lan.conf").write_text(lan)
        limits = (0, 20, 30, 10, 255, 0, 100, 90, 80, 0, 0, 0, 2, 2, 0, 0, 0)
        masks = (0x95, 0x7A, 0x95, 0x7A, 0x3F, 0x3F)
        # IPMI 2.0, 43.1 and 43.2: a full record of degrees C, a compact one of a power supply's redundancy.
        full = (0x20, 0, 1, 7, 1, 0x7F, 0x68, 1, 1, *masks, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, *limits)
        compact = (0x20, 0, 2, 10, 1, 0x67, 0x40, 8, 0x0B, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xC0, *(0,) * 10)
        (folder / "sim.emu").write_text(
            EMULATION.format(
                temperature=folder / "temp1",
                states=" ".join([EVERY_STATE] * 4),
                full=record(1, 1, full, "Inlet Temp"),
                compact=record(2, 2, compact, "PS Redundancy"),
            )
        )
        (folder / "state").mkdir()

    def warm(self, celsius: int) -> None:
        """The simulator reads this file several times a second."""
        written = self.folder / "temp1.new"
        written.write_text(f"{celsius}\n")
        written.rename(self.folder / "temp1")

    def command(self, line: str) -> None:
        """To its console; the connection stays, because the simulator dies when the console goes."""
        if self._held is None:
            self._held = socket.create_connection(("127.0.0.1", self.console), 10)
        self._held.sendall(line.encode() + b"\n")

    def tool(self, *words: str) -> str:
        command = ["ipmitool", "-I", "lanplus", "-C", "3", "-H", "127.0.0.1", "-p", str(self.port), "-U", USER, "-E"]
        env = os.environ | {"IPMI_PASSWORD": PASSWORD, "TZ": "UTC"}
        told = subprocess.run(
            [*command, "-N", "1", "-R", "1", *words], capture_output=True, text=True, check=False, env=env
        )
        return told.stdout if told.returncode == 0 else ""

    def close(self) -> None:
        if self._held is not None:
            self._held.close()


def record(number: int, kind: int, body: tuple[int, ...], name: str) -> str:
    whole = [*body, 0xC0 | len(name), *name.encode()]
    return " ".join(f"0x{byte:02x}" for byte in (number, 0, 0x51, kind, len(whole), *whole))


@contextmanager
def simulated_bmc(folder: Path, program: str) -> Iterator[SimulatedBmc]:
    made = SimulatedBmc(folder)
    command = [program, "-c", "lan.conf", "-f", "sim.emu", "-s", "state", "-n"]
    with (folder / "out.log").open("wb") as log:
        started = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    with running(started):
        try:
            until(lambda: bool(made.tool("sel", "time", "set", "now")), "the simulated controller")
            yield made
        finally:
            made.close()
