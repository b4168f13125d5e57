"""Sessions with command lines: what is refused before connecting, pagers, moods of devices, old SSH, one at a time."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import asyncssh
import msgspec
import pytest

from collector.cli.platforms import PLATFORMS, only_reading
from collector.cli.ssh import CliAnswer, CliSettings, Sessions
from collector.probes.stated import Secret
from readings.model import SourceFailed
from tests.cli_backup.device import CONFIGURATION, PASSWORD, USER, Device
from tests.loopback import serving
from tests.probes.peers import accepts, free_port, running, until

SHOW = "display current-configuration"
SwitchedOn = Callable[[Device], CliSettings]


def look(sessions: Sessions, settings: CliSettings, *commands: str) -> CliAnswer:
    return asyncio.run(sessions.ask(settings, commands or (SHOW,)))


@pytest.mark.parametrize("mood", ["fine", "stubborn"], ids=["the pager goes off", "the pager stays on"])
def test_all_pages_come_back_as_the_device_has_them(sessions: Sessions, switched_on: SwitchedOn, mood: str) -> None:
    device = Device(mood=mood)
    answer = look(sessions, switched_on(device))
    assert answer.outputs == {SHOW: CONFIGURATION}
    assert answer.refused == {}
    assert "screen-length 0 temporary" in device.heard


def test_several_commands_are_asked_in_one_session_and_a_refused_one_stands_apart(
    sessions: Sessions, switched_on: SwitchedOn
) -> None:
    device = Device(answers={"display version": "VRP (R) software, Version 5.170", SHOW: CONFIGURATION})
    answer = look(sessions, switched_on(device), "display version", "display fan", SHOW)
    assert answer.outputs == {"display version": "VRP (R) software, Version 5.170", SHOW: CONFIGURATION}
    assert list(answer.refused) == ["display fan"]
    assert "Unrecognized command" in answer.refused["display fan"]
    assert device.most_sessions == 1


@pytest.mark.parametrize(
    "command",
    [
        "reboot",
        "system-view",
        "display version | redirect x",
        "display version\nreboot",
        "display  version",
        "undo display version",
        "",
    ],
    ids=["a restart", "setting", "a pipe", "a second line", "almost", "with a word before", "nothing"],
)
def test_what_does_not_only_read_is_refused_before_anything_is_connected(
    sessions: Sessions, switched_on: SwitchedOn, command: str
) -> None:
    device = Device()
    with pytest.raises(SourceFailed, match="not among the commands that only read") as failure:
        look(sessions, switched_on(device), "display version", command)
    assert failure.value.gap.word == "refused"
    assert (device.heard, device.most_sessions) == ([], 0)


def test_an_unknown_platform_is_named_with_those_that_are_known(sessions: Sessions) -> None:
    settings = CliSettings(host="127.0.0.1", platform="abacus", user=USER)
    with pytest.raises(SourceFailed, match="no platform is called 'abacus' \\(known: huawei_vrp") as failure:
        look(sessions, settings)
    assert failure.value.gap.word == "not_offered"


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_command_of_a_platform_only_shows(name: str) -> None:
    platform = only_reading(name, ())
    assert all(command.split()[0] in {"show", "display"} for command in (*platform.commands, platform.configuration))
    assert all(command.split()[0] in {"terminal", "screen-length"} for command in platform.pager_off)


@pytest.mark.parametrize(
    ("mood", "gap", "says"),
    [
        pytest.param("hangs", "timed_out", f"{SHOW}: silent for", id="hangs"),
        pytest.param("drops", "unreachable", f"{SHOW}: .*(cut off|closed)", id="drops the connection"),
    ],
)
def test_a_device_that_fails_in_the_middle_is_a_gap_that_names_the_command(
    sessions: Sessions, switched_on: SwitchedOn, mood: str, gap: str, says: str
) -> None:
    settings = msgspec.structs.replace(switched_on(Device(mood=mood)), time_limit_s=1.0)
    with pytest.raises(SourceFailed, match=says) as failure:
        look(sessions, settings)
    assert failure.value.gap.word == gap


def test_a_wrong_password_is_refused_and_stands_in_no_sentence(sessions: Sessions, switched_on: SwitchedOn) -> None:
    settings = msgspec.structs.replace(switched_on(Device()), password=Secret("planted-other"))
    with pytest.raises(SourceFailed, match="user or password refused") as failure:
        look(sessions, settings)
    assert failure.value.gap.word == "refused"
    assert "planted" not in f"{failure.value.detail} {failure.value.__cause__!r}"


def test_nothing_of_a_password_is_logged(
    sessions: Sessions, switched_on: SwitchedOn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    look(sessions, switched_on(Device()))
    assert PASSWORD not in caplog.text


def test_a_closed_port_is_unreachable(sessions: Sessions) -> None:
    settings = CliSettings(host="127.0.0.1", port=free_port(), platform="huawei_vrp", user=USER)
    with pytest.raises(SourceFailed, match="connection refused") as failure:
        look(sessions, settings)
    assert failure.value.gap.word == "unreachable"


def test_a_port_that_speaks_no_ssh_times_out(sessions: Sessions) -> None:
    async def run() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()

        async with serving(silent) as port:
            settings = CliSettings(host="127.0.0.1", port=port, platform="huawei_vrp", user=USER, time_limit_s=0.5)
            await sessions.ask(settings, (SHOW,))

    with pytest.raises(SourceFailed, match=r"sign-in: no SSH within 0\.5 s") as failure:
        asyncio.run(run())
    assert failure.value.gap.word == "timed_out"


# The library below says that such exchanges are old, which is what is tried.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_a_device_with_old_key_exchange_and_ciphers_is_still_read(sessions: Sessions, switched_on: SwitchedOn) -> None:
    old: dict[str, Any] = {
        "server_host_keys": [asyncssh.generate_private_key("ssh-rsa", key_size=2048)],
        "kex_algs": ["diffie-hellman-group14-sha1"],
        "encryption_algs": ["aes128-cbc"],
        "mac_algs": ["hmac-sha1"],
        "signature_algs": ["ssh-rsa"],
    }
    assert look(sessions, switched_on(Device(options=old))).outputs[SHOW] == CONFIGURATION


def test_a_device_has_one_session_at_a_time(sessions: Sessions, switched_on: SwitchedOn) -> None:
    device = Device(answers={"display version": "V1", "display clock": "noon"})
    settings = switched_on(device)

    async def run() -> list[CliAnswer]:
        asked = [sessions.ask(settings, (command,)) for command in ("display version", "display clock") * 2]
        return list(await asyncio.gather(*asked))

    assert [list(answer.outputs.values()) for answer in asyncio.run(run())] == [["V1"], ["noon"], ["V1"], ["noon"]]
    assert device.most_sessions == 1


def test_a_device_stays_busy_until_its_session_really_ended(sessions: Sessions, switched_on: SwitchedOn) -> None:
    device = Device(mood="hangs")
    impatient = msgspec.structs.replace(switched_on(device), time_limit_s=2.0, whole_limit_s=0.6)
    told: list[str] = []

    async def run() -> None:
        for _ in range(3):
            try:
                await sessions.ask(impatient, (SHOW,))
            except SourceFailed as failure:
                told.append(failure.gap.word)

    asyncio.run(run())
    assert told == ["timed_out"] * 3
    assert device.most_sessions == 1


def test_one_device_that_hangs_does_not_hold_up_another(sessions: Sessions, switched_on: SwitchedOn) -> None:
    hung = msgspec.structs.replace(switched_on(Device(mood="hangs")), time_limit_s=3.0)
    well = switched_on(Device())
    ended: list[str] = []

    async def ask(name: str, settings: CliSettings) -> None:
        try:
            await sessions.ask(settings, (SHOW,))
        except SourceFailed as failure:
            name = f"{name} {failure.gap.word}"
        ended.append(name)

    async def run() -> None:
        await asyncio.gather(ask("hung", hung), ask("well", well))

    asyncio.run(run())
    assert ended == ["well", "hung timed_out"]


# In a process of its own, because its threads raise when a session ends.
SIMULATED = """
import json, sys, time
from fakenos import FakeNOS, Nos
told = json.load(sys.stdin)
nos = Nos(name="vrp_like", initial_prompt="<{base_prompt}>", commands=told["commands"])
FakeNOS({"hosts": {"SW-B": {**told["host"], "nos": {"plugin": "vrp_like"}}}}, plugins=[nos]).start()
time.sleep(120)
"""


def test_a_simulated_switch_of_another_project_is_read(sessions: Sessions) -> None:
    port, prompt = free_port(), "<{base_prompt}>"
    commands = {
        "screen-length 0 temporary": {"output": "", "prompt": prompt},
        "display version": {"output": "Huawei Versatile Routing Platform Software", "prompt": prompt},
        SHOW: {"output": CONFIGURATION.replace("SW-A", "SW-B"), "prompt": prompt},
        "_default_": {"output": "Error: Unrecognized command", "prompt": prompt},
    }
    told = {"commands": commands, "host": {"username": USER, "password": PASSWORD, "port": port}}
    quiet: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = subprocess.Popen([sys.executable, "-c", SIMULATED], **quiet)
    assert started.stdin is not None
    with running(started), started.stdin as stdin:
        stdin.write(json.dumps(told).encode())
        stdin.close()
        until(lambda: accepts(port), "the simulated switch")
        settings = CliSettings(
            host="127.0.0.1", port=port, platform="huawei_vrp", user=USER, password=Secret(PASSWORD), time_limit_s=10.0
        )
        answer = look(sessions, settings, "display version", SHOW, "display fan")
    assert answer.outputs["display version"] == "Huawei Versatile Routing Platform Software"
    assert answer.outputs[SHOW].splitlines()[1] == "sysname SW-B"
    assert list(answer.refused) == ["display fan"]
