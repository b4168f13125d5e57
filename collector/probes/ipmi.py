"""A server's management controller over the network: ``ipmitool -I lanplus``, sensors and the event log (SEL).

The password goes to ipmitool by its environment, which only the same user can read; never by its arguments.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from collector.probes.failing import failed
from collector.probes.stated import NO_SECRET, Host, LimitS, Port, Secret, Settings
from readings.model import Gap, SourceFailed

MOST_BYTES = 4 * 2**20
FOLDERS = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
NO_SESSION = "unable to establish"
# Get Channel Authentication Capabilities outside any session (IPMI 2.0, 22.13): every controller answers this one.
ARE_YOU_THERE = bytes.fromhex("0600ff07000000000000000000092018c88100388e04b5")


class IpmiSettings(Settings, frozen=True, kw_only=True):
    """``cipher``: 3 is what controllers of every age offer; newer ones also 17. ``USER`` is enough to read."""

    host: Host
    port: Port = 623
    user: Annotated[str, Meta(min_length=1, max_length=16, pattern=r"^[^-\s]\S*$")]
    password: Secret = NO_SECRET
    cipher: Annotated[int, Meta(ge=0, le=17)] = 3
    privilege: Literal["USER", "OPERATOR", "ADMINISTRATOR"] = "USER"
    retries: Annotated[int, Meta(ge=1, le=4)] = 2
    time_limit_s: LimitS = 30.0


@dataclass(frozen=True, slots=True)
class IpmiAnswer:
    """What ipmitool said: ``sdr elist``, ``sel info``, ``sel time get``, and ``sel elist`` if the log had changed."""

    sensors: str
    log_summary: str
    clock: str
    log: str | None


async def ask(settings: IpmiSettings, known_summary: str = "") -> IpmiAnswer:
    """Raises SourceFailed. The log is listed only if its summary is another than ``known_summary``."""
    sensors = await _run(settings, "sdr", "elist")
    summary = await _run(settings, "sel", "info")
    clock = await _run(settings, "sel", "time", "get")
    log = None if summary == known_summary else await _run(settings, "sel", "elist")
    return IpmiAnswer(sensors, summary, clock, log)


async def _run(settings: IpmiSettings, *words: str) -> str:
    """One command. Raises SourceFailed."""
    program = shutil.which("ipmitool", path=FOLDERS)
    if program is None:
        raise SourceFailed(Gap.NOT_OFFERED, "ipmitool: there is no such program here (Debian: ipmitool)")
    tried = f"ipmitool {' '.join(words)} on {settings.host} port {settings.port} as {settings.user}"
    command = [program, "-I", "lanplus", "-H", settings.host, "-p", str(settings.port), "-U", settings.user, "-E"]
    command += ["-C", str(settings.cipher), "-L", settings.privilege, "-N", "1", "-R", str(settings.retries), *words]
    surroundings = {"PATH": FOLDERS, "LC_ALL": "C", "TZ": "UTC", "HOME": "/nonexistent"}
    started = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**surroundings, "IPMI_PASSWORD": settings.password.reveal()},
        cwd="/",
        start_new_session=True,
        limit=MOST_BYTES,
    )
    try:
        async with asyncio.timeout(settings.time_limit_s):
            out, err = await started.communicate()
    except TimeoutError as error:
        raise SourceFailed(Gap.TIMED_OUT, f"{tried}: no answer in {settings.time_limit_s:g} s, killed") from error
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
    said = err.decode("utf-8", "replace")
    if started.returncode and NO_SESSION in said.lower():
        raise await _no_session(settings, tried, said)
    if len(out) > MOST_BYTES:
        raise SourceFailed(Gap.UNREADABLE, f"{tried}: said more than {MOST_BYTES} bytes")
    if started.returncode and not out.strip():
        raise SourceFailed(Gap.UNREADABLE, f"{tried}: {_last_words(said, settings.password)}")
    return out.decode("utf-8", "replace")


def _last_words(said: str, password: Secret) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return password.hidden_in(lines[0][:200]) if lines else "it failed without a word"


async def _no_session(settings: IpmiSettings, tried: str, said: str) -> SourceFailed:
    """ipmitool says the same of silence and of a wrong password, so whether somebody is there is asked without one."""
    if "address lookup" in said.lower():
        return SourceFailed(Gap.UNREACHABLE, f"{tried}: the name is not known")
    loop = asyncio.get_running_loop()
    try:
        places = await loop.getaddrinfo(settings.host, settings.port, type=socket.SOCK_DGRAM)
        family, kind, number, _, address = places[0]
        with socket.socket(family, kind, number) as asking:
            asking.setblocking(False)
            await loop.sock_connect(asking, address)
            async with asyncio.timeout(1.0 + settings.retries):
                await loop.sock_sendall(asking, ARE_YOU_THERE)
                await loop.sock_recv(asking, 256)
    except OSError as error:
        return failed(error, tried, settings.time_limit_s)
    why = f"it answers but gives no session: wrong user, password, privilege ({settings.privilege})"
    return SourceFailed(Gap.REFUSED, f"{tried}: {why} or cipher suite ({settings.cipher})")
