"""Centre, agent and collector of one machine: put in place, started in order, watched, stopped the other way round."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import threading
import time
from pathlib import Path

from server.audit.chain import Actor
from server.clock import utc_now
from server.people.passwords import make_password
from server.people.register import all_people, create_person
from server.records import Records
from server.senders.enrolment import number_for
from server.settings import Settings
from server.tls.certificates import Certificates
from server.up.children import Child, Say, ending
from server.up.collecting import Listening, collector_no, ensure_key, ensure_share
from server.up.enrolling import EnrolmentFailed, Place, enrol

ADMIN = "admin"
FIRST_PASSWORD = "ZHISHOU_ADMIN_PASSWORD"  # noqa: S105 - the variable's name
OURS = Actor("command", "zhishou up")
HEALTHY_WITHIN_S = 120.0
WATCH_EVERY_S = 0.5
PATIENCE_S = 15.0


class UpFailed(Exception):  # noqa: N818 - it reads as the sentence it makes
    """The machine cannot be watched; the text says what stands in the way."""


class Household:
    """``listener`` is held here and handed to the server, so that a restart of it refuses no connection."""

    def __init__(self, settings: Settings, listener: socket.socket, say: Say, hearing: Listening) -> None:
        self.settings = settings
        self.listener = listener
        self.say = say
        self.stopping = threading.Event()
        host, port = listener.getsockname()[:2]
        self.host, self.port = ("127.0.0.1" if host in {"0.0.0.0", "::"} else host), port  # noqa: S104 - compared
        self.certificates = Certificates(settings.data)
        self.https = settings.speaks_https
        name = self._certified_name() if self.https else self.host
        self.url = f"{'https' if self.https else 'http'}://{f'[{name}]' if ':' in name else name}:{port}"
        self.environment = {key: value for key, value in os.environ.items() if key != FIRST_PASSWORD}
        authority = self.certificates.authority.resolve() if self.https else None
        home, hostname = settings.data.resolve(), socket.gethostname()
        self.agent_place = Place("agent", home / "agent", number_for(hostname), hostname)
        self.collector_place = Place(
            "collector", home / "collector", collector_no(hostname), f"{hostname} 采集器", self.url, authority
        )
        self.server = Child(
            "server",
            ["server", "run", *listening(settings, listener.fileno())],
            self.environment,
            say,
            pass_fds=[listener.fileno()],
        )
        agent = {
            "ZHISHOU_AGENT_STATE": str(self.agent_place.folder),
            "ZHISHOU_AGENT_SERVER": self.url,
            **({"ZHISHOU_AGENT_CA_FILE": str(authority)} if authority else {}),
        }
        self.agent = Child("agent", ["agent", "run"], {**self.environment, **agent}, say)
        words = ["collector", "run", *self.collector_place.words(), *hearing.words()]
        self.collector = Child("collector", words, self.environment, say)
        self.members = [self.server, self.agent]  # in the order of their starting

    def run(self) -> None:
        """Until ``stopping`` is set. Raises UpFailed; whatever happens, no child stays behind."""
        first_password = self.ensure_admin()
        try:
            self.server.start(time.monotonic())
            self.wait_until_healthy()
            self.settle()
            for child in self.members[1:]:
                child.start(time.monotonic())
            self.announce(first_password)
            while not self.stopping.wait(WATCH_EVERY_S):
                for child in self.members:
                    child.watch(time.monotonic())
        finally:
            for child in reversed(self.members):  # the centre last: what the others still send finds it there
                child.stop(PATIENCE_S)

    def ensure_admin(self) -> str | None:
        """The password that was made for ``admin``, None when there are people already or it was given."""
        records = Records(self.settings.data / "records.db")
        try:
            if all_people(records):
                return None
            given = os.environ.get(FIRST_PASSWORD)
            password = given or make_password()
            try:
                create_person(records, name=ADMIN, password=password, scope="admin", actor=OURS, now=utc_now())
            except ValueError as error:
                raise UpFailed(f"{FIRST_PASSWORD}: {error}") from error
            return None if given else password
        finally:
            records.close()

    def wait_until_healthy(self) -> None:
        """Raises UpFailed when the server ends first or does not get well in time."""
        until = time.monotonic() + HEALTHY_WITHIN_S
        said = "no answer"
        while not self.stopping.is_set():
            code = self.server.exit_code()
            if code is not None:
                raise UpFailed(f"the centre did not start ({ending(code)}); its lines above say why")
            if time.monotonic() > until:
                raise UpFailed(f"the centre is not well after {HEALTHY_WITHIN_S:g} s: {said}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, said = self.ask("/healthz")
                if status == http.client.OK:
                    return
            self.stopping.wait(0.1)

    def ask(self, path: str) -> tuple[int, str]:
        connection = self._connection()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if not self.https:
            return http.client.HTTPConnection(self.host, self.port, timeout=5)
        trust = ssl.create_default_context(cafile=self.certificates.authority)
        trust.check_hostname = False  # it is our own listener, by address: only that it shows our certificate matters
        return http.client.HTTPSConnection(self.host, self.port, timeout=5, context=trust)

    def _certified_name(self) -> str:
        """What the agent beside us calls the centre: the address itself where the certificate speaks for it."""
        names = self.certificates.shown().names
        return self.host if self.host in names else next((name for name in names if "*" not in name), self.host)

    def settle(self) -> None:
        """Agent and collector enrolled, the collector with a share and the key of secrets; nothing that is there
        already is made again. Raises UpFailed for the agent: without a collector this machine is watched all the same.
        """
        if self.stopping.is_set():
            return
        records = Records(self.settings.data / "records.db")
        fingerprint = self.certificates.fingerprint() if self.https else ""
        try:
            try:
                enrol(records, self.agent_place, self.agent.environment, fingerprint, actor=OURS)
            except EnrolmentFailed as error:
                raise UpFailed(str(error)) from error
            try:
                enrol(records, self.collector_place, self.environment, fingerprint, actor=OURS)
            except EnrolmentFailed as error:
                self.say(f"{error}; no devices are asked from here")
                return
            self.members.append(self.collector)
            for trouble in (
                ensure_key(records, self.settings.data, os.environ),
                ensure_share(records, self.collector_place.folder, actor=OURS),
            ):
                if trouble:
                    self.say(trouble)
        finally:
            records.close()

    def announce(self, first_password: str | None) -> None:
        if self.stopping.is_set():
            return
        self.say(f"Zhishou 值守 watches this machine: {self.url}")
        if first_password is not None:
            self.say(f"sign in as {ADMIN}, password (shown this once): {first_password}")
        if self.collector in self.members:
            self.say(
                f"a device is added with: zhishou device add NUMBER ADDRESS --kind switch --data {self.settings.data}"
            )
        self.say("Ctrl-C stops it")


def listening(settings: Settings, listen_fd: int) -> list[str]:
    words = ["--data", str(Path(settings.data).resolve()), "--host", settings.host, "--listen-fd", str(listen_fd)]
    if settings.behind_tls_proxy:
        words += ["--behind-tls-proxy", settings.behind_tls_proxy]
    return [*words, "--log-level", settings.log_level]
