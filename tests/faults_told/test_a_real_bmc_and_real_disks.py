"""ipmitool beside a simulated BMC (OpenIPMI's ipmi_sim), and smartctl beside the disks of this machine."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.hardware.bmc import Bmc
from agent.hardware.bmc_log import BmcLog
from agent.hardware.bmc_sensors import BmcSensors
from agent.hardware.command import Programs
from agent.hardware.hypervisor import Nature, nature
from agent.hardware.smart import Smart
from agent.host.root import Root
from readings.model import Clocks, Event, Fact, Gap, Sample, Severity, SourceFailed

PASSWORD = "secret12"
SECONDS = 20.0
EVERY_STATE = "000111111111111"


class SimulatedBmc:
    """One temperature with limits at 80, 90 and 100 ℃, and a group of power supplies that is redundant or not."""

    def __init__(self, folder: Path, port: int, console: int) -> None:
        self.folder = folder
        self.port = port
        self._console = console
        self._held: socket.socket | None = None
        self.warm(25)
        (folder / "lan.conf").write_text(lan_conf(port, console))
        (folder / "sim.emu").write_text(emulation(folder / "temp1"))
        (folder / "state").mkdir()

    @property
    def remote(self) -> list[str]:
        return [
            *("-I", "lanplus", "-C", "3", "-H", "127.0.0.1", "-p", str(self.port)),
            *("-U", "ADMIN", "-P", PASSWORD, "-N", "1", "-R", "1"),
        ]

    def ask(self, *words: str) -> str:
        told = subprocess.run(["ipmitool", *self.remote, *words], capture_output=True, text=True, check=False)
        return told.stdout if told.returncode == 0 else ""

    def warm(self, celsius: int) -> None:
        """The simulator reads this file twice a second."""
        written = self.folder / "temp1.new"
        written.write_text(f"{celsius}\n")
        written.rename(self.folder / "temp1")

    def command(self, line: str) -> None:
        """To its console; the connection stays, because the simulator dies when the console goes."""
        if self._held is None:
            self._held = socket.create_connection(("127.0.0.1", self._console), SECONDS)
        self._held.sendall(line.encode() + b"\n")

    def close(self) -> None:
        if self._held is not None:
            self._held.close()


def lan_conf(port: int, console: int) -> str:
    allowed = "\n".join(
        f"allowed_auths_{who} none md2 md5 straight" for who in ("callback", "user", "operator", "admin")
    )
    return (
        f'name "simbmc"\nset_working_mc 0x20\nstartlan 1\naddr 127.0.0.1 {port}\npriv_limit admin\n{allowed}\n'
        f"guid a123456789abcdefa123456789abcdef\nendlan\nconsole 127.0.0.1 {console}\n"
        f'user 2 true "ADMIN" "{PASSWORD}" admin 10 none md2 md5 straight\n'
    )


def emulation(temperature: Path) -> str:
    states = " ".join([EVERY_STATE] * 4)
    return f"""mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
sensor_add 0x20 0 1 0x01 0x01 poll 500 file "{temperature}"
sensor_set_threshold 0x20 0 1 settable 111000 100 90 80 0 0 0
sensor_set_event_support 0x20 0 1 enable scanning per-state {states}
sensor_add 0x20 0 2 0x08 0x0b
sensor_set_event_support 0x20 0 2 enable scanning per-state {states}
sensor_set_bit_clr_rest 0x20 0 2 0 1 0
main_sdr_add 0x20 {full_record(1, "Inlet Temp")}
main_sdr_add 0x20 {compact_record(2, "PS Redundancy")}
mc_enable 0x20
"""


def full_record(number: int, name: str) -> str:
    """SDR type 01h (IPMI 2.0, 43.1): degrees C, one a count, with readable thresholds."""
    masks = (0x95, 0x7A, 0x95, 0x7A, 0x3F, 0x3F)
    limits = (0, 20, 30, 10, 255, 0, 100, 90, 80, 0, 0, 0, 2, 2, 0, 0, 0)
    body = (0x20, 0, number, 7, 1, 0x7F, 0x68, 1, 1, *masks, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, *limits)
    return sdr(number, 1, body, name)


def compact_record(number: int, name: str) -> str:
    """SDR type 02h (43.2): power supply, redundancy."""
    body = (0x20, 0, number, 10, 1, 0x67, 0x40, 8, 0x0B, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xC0, *(0,) * 10)
    return sdr(number, 2, body, name)


def sdr(number: int, kind: int, body: tuple[int, ...], name: str) -> str:
    whole = [*body, 0xC0 | len(name), *name.encode()]
    return " ".join(f"0x{byte:02x}" for byte in (number, 0, 0x51, kind, len(whole), *whole))


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


@pytest.fixture
def simulated(tmp_path: Path, peer: Callable[[str], str]) -> Iterator[SimulatedBmc]:
    made = SimulatedBmc(tmp_path, free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM))
    command = [peer("ipmi_sim"), "-c", "lan.conf", "-f", "sim.emu", "-s", "state", "-n"]
    with (tmp_path / "out.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        until(lambda: bool(made.ask("sel", "time", "set", "now")))
        yield made
    finally:
        made.close()
        process.kill()
        process.wait()


@pytest.fixture
def bmc(simulated: SimulatedBmc, physical: Nature) -> Bmc:
    return Bmc(Root(), Programs(Root()), physical, simulated.remote)


def clocks_now() -> Clocks:
    return Clocks("boot", time.clock_gettime_ns(time.CLOCK_MONOTONIC), time.time_ns())


def settle(log: BmcLog) -> None:
    for thread in threading.enumerate():
        if thread.name == log.name:
            thread.join(SECONDS)


def looked(log: BmcLog) -> list[Event]:
    """What is told until the answer to a question asked from now on has been told; then it is committed."""
    settle(log)
    told = list(log.read())
    settle(log)
    told += log.read()
    log.commit()
    found = [item for item in told if isinstance(item, Event)]
    return list({event.text: event for event in found}.values())  # not committed between the two: told twice


def states(bmc: Bmc) -> dict[str, float | Gap]:
    items = BmcSensors(bmc, wait_s=SECONDS).read()
    return {item.part: item.value for item in items if item.metric == "bmc_sensor_state"}


@pytest.mark.peer("ipmi_sim", "ipmitool")
def test_a_crossed_limit_a_lost_redundancy_and_an_erased_log_are_told(simulated: SimulatedBmc, bmc: Bmc) -> None:
    log = BmcLog(bmc, clocks_now, wait_s=SECONDS, pace_s=0)
    looked(log)
    assert states(bmc) == {"Inlet Temp": 0, "PS Redundancy": 0}

    simulated.warm(95)
    until(lambda: "Upper Critical" in simulated.ask("sel", "list"))
    assert states(bmc)["Inlet Temp"] == 2
    told = {event.text.split(", ")[1]: event for event in looked(log)}
    assert told["Upper Critical going high"].severity is Severity.CRITICAL
    assert told["Upper Non-critical going high"].severity is Severity.WARNING
    assert "Reading 95 > Threshold 90 degrees C" in told["Upper Critical going high"].text
    assert looked(log) == []

    simulated.command("sensor_set_bit_clr_rest 0x20 0 2 1 1 1")
    until(lambda: "Redundancy Lost" in simulated.ask("sel", "list"))
    assert states(bmc)["PS Redundancy"] == 2
    assert Severity.CRITICAL in [event.severity for event in looked(log) if "Redundancy Lost" in event.text]

    simulated.ask("sel", "clear")
    (erased,) = looked(log)
    assert (erased.kind, erased.severity) == ("bmc_log_erased", Severity.ERROR)

    simulated.warm(25)
    until(lambda: "Deasserted" in simulated.ask("sel", "list"))
    assert {event.severity for event in looked(log)} == {Severity.NOTICE}


@pytest.mark.peer("ipmi_sim", "ipmitool")
def test_a_bmc_that_died_is_a_gap(simulated: SimulatedBmc, physical: Nature) -> None:
    elsewhere = [*simulated.remote[:7], str(free_port(socket.SOCK_DGRAM)), *simulated.remote[8:]]
    with pytest.raises(SourceFailed) as failed:
        list(BmcSensors(Bmc(Root(), Programs(Root()), physical, elsewhere), wait_s=SECONDS).read())
    assert failed.value.gap is Gap.UNREACHABLE


class OneDisk(Programs):
    """The real programs, but the list of disks names one that smartctl would not."""

    def __init__(self, listed: Path) -> None:
        super().__init__(Root())
        self._listed = listed

    def run(self, argv, seconds):  # type: ignore[no-untyped-def]  # as in Programs
        if "--scan" in argv:
            argv = ["/bin/cat", str(self._listed)]
        return super().run(argv, seconds)


@pytest.mark.peer("smartctl")
def test_the_real_smartctl_on_something_without_smart_is_a_gap_with_its_words(tmp_path: Path) -> None:
    listed = tmp_path / "scan.json"
    listed.write_text('{"devices": [{"name": "/dev/null", "type": ""}]}')
    items = list(Smart(OneDisk(listed), nature(Root()), wait_s=60).read())
    (verdict,) = (item.value for item in items if isinstance(item, Sample) and item.metric == "smart_health_passed")
    assert verdict in {Gap.NOT_OFFERED, Gap.UNREADABLE}
    (words,) = (item.value for item in items if isinstance(item, Fact))
    assert "exit 1: /dev/null: Unable to detect device type" in words


@pytest.mark.peer("smartctl")
def test_the_real_smartctl_finds_disks_or_says_that_there_are_none() -> None:
    smart = Smart(Programs(Root()), nature(Root()), wait_s=120)
    try:
        verdicts = [item for item in smart.read() if isinstance(item, Sample) and item.metric == "smart_health_passed"]
    except SourceFailed as failed:
        if failed.gap is not Gap.NOT_OFFERED:
            raise
    else:
        assert verdicts
