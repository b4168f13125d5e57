"""One session at a time with a device's command line: netmiko in a thread, commands that only read, time limits."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import netmiko
import paramiko  # type: ignore[import-untyped]  # its types are a package of their own
from msgspec import Meta

from collector.cli.host_keys import HostKeys, fingerprint, known_as, shown_key
from collector.cli.platforms import Platform, is_refusal, only_reading
from collector.cli.private_keys import private_key
from collector.cli.terminal import at_more, at_prompt, rendered
from collector.probes import tcp
from collector.probes.failing import failed
from collector.probes.stated import NO_SECRET, Host, LimitS, Name, Port, Secret, Settings
from readings.model import Gap, SourceFailed

MOST_SESSIONS = 16  # at once, over all devices: switches are many and their processors weak
MOST_CHARACTERS = 8 * 2**20  # of one answer
MOST_PAGES = 5000
LOOKS_EVERY_S = 0.02

# Netmiko writes every byte of a login to its log at DEBUG.
logging.getLogger("netmiko").setLevel(logging.WARNING)
# Paramiko logs a traceback of each failure that is also raised, and told by us.
logging.getLogger("paramiko.transport").setLevel(logging.CRITICAL)


class CliSettings(Settings, frozen=True, kw_only=True):
    """``platform`` is a name of ``PLATFORMS``. ``host_key``: a public key ("ssh-ed25519 AAAA…") or its fingerprint
    ("SHA256:…"); "": the one it showed first. ``password`` also opens ``private_key`` (PEM) where that is encrypted.
    """

    host: Host
    platform: Name
    user: Name
    password: Secret = NO_SECRET
    enable_password: Secret = NO_SECRET
    private_key: Secret = NO_SECRET
    host_key: Annotated[str, Meta(max_length=4000)] = ""
    port: Port = 22
    time_limit_s: LimitS = 20.0
    whole_limit_s: Annotated[float, Meta(gt=0, le=900)] = 180.0


@dataclass(frozen=True, slots=True)
class CliAnswer:
    """What each command showed. A refused one stands in ``refused`` with what the device said instead."""

    outputs: Mapping[str, str]
    refused: Mapping[str, str]


@dataclass(slots=True)
class _Turn:
    """Waiting for a device's one session; ``came`` once it is ours."""

    lock: asyncio.Lock
    came: bool = False


class Sessions:
    """The threads, and one session per device: who asks a device twice at once waits for the first to end.

    ``known_hosts``: the file in which the devices' host keys are kept.
    """

    def __init__(self, known_hosts: Path, most: int = MOST_SESSIONS) -> None:
        self._host_keys = HostKeys(known_hosts)
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="cli")
        self._busy: dict[tuple[str, int], asyncio.Lock] = {}

    async def ask(self, settings: CliSettings, commands: Sequence[str]) -> CliAnswer:
        """Raises SourceFailed. A command that is not on the list is refused before anything is connected."""
        platform = only_reading(settings.platform, commands)
        tried = f"CLI {settings.host} port {settings.port} as {settings.user}"
        turn = _Turn(self._busy.setdefault((settings.host, settings.port), asyncio.Lock()))
        work = asyncio.ensure_future(self._alone(turn, settings, platform, tuple(commands), tried))
        # A thread cannot be cancelled: who waited long enough leaves, and the device stays busy until it ends.
        work.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            return await asyncio.wait_for(asyncio.shield(work), settings.whole_limit_s)
        except TimeoutError as error:
            if not turn.came:
                work.cancel()
            why = f"not all answered in {settings.whole_limit_s:g} s"
            raise SourceFailed(Gap.TIMED_OUT, f"{tried}: {why}") from error

    async def _alone(
        self, turn: _Turn, settings: CliSettings, platform: Platform, commands: tuple[str, ...], tried: str
    ) -> CliAnswer:
        until = time.monotonic() + settings.whole_limit_s
        async with turn.lock:
            turn.came = True
            await self._accepts(settings, tried)
            session = _Session(settings, platform, self._host_keys, tried, until)
            return await asyncio.get_running_loop().run_in_executor(self._threads, session.run, commands)

    async def _accepts(self, settings: CliSettings, tried: str) -> None:
        """Netmiko says the same of a closed port and of silence: a plain connection tells them apart."""
        looked = tcp.TcpSettings(host=settings.host, port=settings.port, time_limit_s=min(settings.time_limit_s, 10.0))
        if (await tcp.ask(looked)).seconds is None:
            raise SourceFailed(Gap.UNREACHABLE, f"{tried}: connection refused")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Session:
    """One session, in its thread."""

    def __init__(
        self, settings: CliSettings, platform: Platform, host_keys: HostKeys, tried: str, until: float
    ) -> None:
        self._settings = settings
        self._platform = platform
        self._host_keys = host_keys
        self._tried = tried
        self._until = until

    @property
    def _refused(self) -> str:
        return "user or private key refused" if self._settings.private_key else "user or password refused"

    def run(self, commands: tuple[str, ...]) -> CliAnswer:
        """Raises SourceFailed."""
        connection = None
        doing = "sign-in"
        try:
            connection = self._connect()
            prompt = connection.find_prompt().strip()
            connection.ansi_escape_codes = False  # pagers are erased by them: the terminal of ours does that
            for command in self._platform.pager_off:
                self._shown(connection, command, prompt)
            outputs: dict[str, str] = {}
            refused: dict[str, str] = {}
            for doing in commands:
                text = self._shown(connection, doing, prompt)
                (refused if is_refusal(self._platform, text) else outputs)[doing] = text
            return CliAnswer(outputs, refused)
        except SourceFailed:
            raise
        except Exception as error:  # noqa: BLE001 - netmiko and paramiko raise many; each has its gap and sentence
            # Without a cause: their texts repeat settings.
            raise self._failure(error, doing) from None
        finally:
            if connection is not None:
                connection.paramiko_cleanup()

    def _connect(self) -> Any:
        settings, limit_s = self._settings, self._settings.time_limit_s
        try:
            key, opened = (
                private_key(settings.private_key, settings.password) if settings.private_key else (None, False)
            )
            shown = partial(shown_key, settings.host, settings.port, limit_s)
            self._host_keys.insist(settings.host, settings.port, settings.host_key, shown)
        except SourceFailed as failure:
            raise SourceFailed(failure.gap, f"{self._tried}: sign-in: {failure.detail}") from None
        password = "" if opened else settings.password.reveal()
        connection = netmiko.ConnectHandler(
            device_type=self._platform.driver,
            host=settings.host,
            port=settings.port,
            username=settings.user,
            password=password or None,  # nothing: an empty one would be tried, and counted against the account
            secret=settings.enable_password.reveal(),
            pkey=key,
            use_keys=False,  # whatever lies in the home of who runs us is no device's
            allow_agent=False,
            ssh_strict=True,
            alt_host_keys=True,
            alt_key_file=str(self._host_keys.file),
            conn_timeout=limit_s,
            auth_timeout=limit_s,
            banner_timeout=limit_s,
            blocking_timeout=limit_s,
            read_timeout_override=limit_s,
        )
        if settings.enable_password:
            connection.enable()
        return connection

    def _shown(self, connection: Any, command: str, prompt: str) -> str:
        """What ``command`` shows, page after page. Raises SourceFailed."""
        connection.clear_buffer()
        connection.write_channel(f"{command}\n")
        raw, pages = "", 0
        quiet_since = time.monotonic()
        while True:
            piece = connection.read_channel()
            now = time.monotonic()
            if piece:
                raw, quiet_since = raw + piece, now
                if len(raw) > MOST_CHARACTERS:
                    raise SourceFailed(Gap.UNREADABLE, f"{self._tried}: {command}: more than {MOST_CHARACTERS} bytes")
                if at_more(raw):
                    pages += 1
                    connection.write_channel(" ")
                elif at_prompt(raw, prompt):
                    return _body(raw, command)
                continue
            if connection.remote_conn.closed or connection.remote_conn.eof_received:
                raise SourceFailed(Gap.UNREACHABLE, f"{self._tried}: {command}: the connection was cut off")
            if pages > MOST_PAGES:
                raise SourceFailed(Gap.UNREADABLE, f"{self._tried}: {command}: more than {MOST_PAGES} pages")
            if now - quiet_since > self._settings.time_limit_s or now > self._until:
                raise SourceFailed(Gap.TIMED_OUT, f"{self._tried}: {command}: silent for {now - quiet_since:.0f} s")
            time.sleep(LOOKS_EVERY_S)

    def _failure(self, error: Exception, doing: str) -> SourceFailed:
        """The first line that fits."""
        limit_s, tried = self._settings.time_limit_s, f"{self._tried}: {doing}"
        said = " ".join(str(error).split())
        common = self._settings.password.hidden_in(said.partition("creation:")[2].strip() or said)[:200]
        other = error.__context__
        of_ssh = "SSHException occurred" in said or isinstance(error, paramiko.SSHException)
        timed_out = "banner" in said or "No existing session" in said
        cut_off = isinstance(error, EOFError | netmiko.NetmikoTimeoutException) or "closed" in said
        known = (
            (isinstance(error, netmiko.NetmikoAuthenticationException), Gap.REFUSED, self._refused),
            (isinstance(error, netmiko.ReadTimeout), Gap.TIMED_OUT, f"no prompt in {limit_s:g} s"),
            (isinstance(other, paramiko.BadHostKeyException), Gap.REFUSED, self._other_key(other)),
            (timed_out, Gap.TIMED_OUT, f"no SSH within {limit_s:g} s"),
            (of_ssh, Gap.UNREADABLE, f"no common SSH: {common}"),
            (cut_off, Gap.UNREACHABLE, "the connection was cut off"),
        )
        for fits, gap, why in known:
            if fits:
                return SourceFailed(gap, f"{tried}: {why}")
        if isinstance(error, OSError):
            return failed(error, tried, limit_s)
        return SourceFailed(Gap.UNREADABLE, f"{tried}: {type(error).__name__}")

    def _other_key(self, other: BaseException | None) -> str:
        if not isinstance(other, paramiko.BadHostKeyException):
            return ""
        shown, kept = fingerprint(other.key), fingerprint(other.expected_key)
        name = known_as(self._settings.host, self._settings.port)
        forget = f"ssh-keygen -R '{name}' -f {self._host_keys.file}"
        return f"the device shows the host key {shown}, not {kept}; if it was changed rightly: {forget}"


def _body(raw: str, command: str) -> str:
    """Without the command's echo and the prompt."""
    lines = rendered(raw).split("\n")
    first = 1 if lines and command in lines[0] else 0
    return "\n".join(lines[first:-1]).strip("\n")
