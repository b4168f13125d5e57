"""Redfish: a session, and the resources worth reading, page by page (DMTF DSP0266).

Only paths of the controller itself are followed: a link that leads elsewhere would carry the session there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any

import httpx
from msgspec import Meta

from collector.probes import tls
from collector.probes.failing import failed
from collector.probes.stated import NO_SECRET, Host, LimitS, Port, Secret, Settings
from collector.probes.web import cause_of
from readings.model import Gap, SourceFailed

ROOT = "/redfish/v1/"
SESSIONS = "/redfish/v1/SessionService/Sessions"
MOST_BYTES = 4 * 2**20
MOST_PAGES, MOST_MEMBERS, MOST_REQUESTS = 40, 200, 1500
MOST_ENTRIES = 2000  # of one log
NO_SESSIONS = {404, 405, 501}

Resource = Mapping[str, Any]


class RedfishSettings(Settings, frozen=True, kw_only=True):
    """``plain``: HTTP without TLS, for simulators. ``ca_file`` or ``trust_any_certificate``: most bring their own."""

    host: Host
    port: Port = 443
    user: Annotated[str, Meta(max_length=120)] = ""
    password: Secret = NO_SECRET
    plain: bool = False
    ca_file: str = ""
    trust_any_certificate: bool = False
    time_limit_s: LimitS = 15.0
    whole_limit_s: LimitS = 90.0

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.plain else 'https'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Log:
    path: str
    name: str
    entries: tuple[Resource, ...]


@dataclass(slots=True)
class RedfishAnswer:
    """Resources as they came; ``failures`` of single ones by path: (gap, sentence)."""

    systems: list[Resource] = field(default_factory=list)
    chassis: list[Resource] = field(default_factory=list)
    thermal: list[Resource] = field(default_factory=list)
    power: list[Resource] = field(default_factory=list)
    managers: list[Resource] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)
    failures: dict[str, tuple[Gap, str]] = field(default_factory=dict)


async def ask(settings: RedfishSettings) -> RedfishAnswer:
    """Raises SourceFailed: nothing answers, the credentials are refused, or it is no Redfish."""
    verify = tls.unchecked() if settings.trust_any_certificate else tls.trusting(settings.ca_file)
    try:
        async with (
            asyncio.timeout(settings.whole_limit_s),
            httpx.AsyncClient(
                base_url=settings.address,
                verify=verify,
                timeout=settings.time_limit_s,
                follow_redirects=False,
                trust_env=False,
                headers={"Accept": "application/json", "OData-Version": "4.0"},
            ) as client,
        ):
            session = _Session(client, settings)
            try:
                await session.open()
                return await _walk(session)
            finally:
                await session.close()
    except TimeoutError as error:
        tried = f"Redfish {settings.address}"
        raise SourceFailed(Gap.TIMED_OUT, f"{tried}: not all answered in {settings.whole_limit_s:g} s") from error


class _Session:
    """One sign-in: a session where the controller has them, else the password with each request."""

    def __init__(self, client: httpx.AsyncClient, settings: RedfishSettings) -> None:
        self._client = client
        self._settings = settings
        self._place = ""
        self._left = MOST_REQUESTS

    async def open(self) -> None:
        """Raises SourceFailed."""
        settings = self._settings
        if not settings.user:
            return
        signs_in = {"UserName": settings.user, "Password": settings.password.reveal()}
        response = await self._send("POST", SESSIONS, json=signs_in)
        token = response.headers.get("X-Auth-Token", "")
        if response.status_code in {200, 201} and token:
            self._client.headers["X-Auth-Token"] = token
            # Some give a whole address: only its path counts, on the controller that was asked.
            self._place = httpx.URL(response.headers.get("Location", "")).path
        elif response.status_code in NO_SESSIONS:
            self._client.auth = httpx.BasicAuth(settings.user, settings.password.reveal())
        else:
            raise self._refusal(response, "POST", SESSIONS)

    async def close(self) -> None:
        """A session left open counts against the few a controller has. Whether that worked changes no reading."""
        if self._place.startswith(SESSIONS + "/"):
            with suppress(httpx.HTTPError, SourceFailed, TimeoutError):
                await self._client.delete(self._place, timeout=5.0)

    async def get(self, path: str) -> Resource:
        """Raises SourceFailed."""
        response = await self._send("GET", path)
        if response.status_code != 200:
            raise self._refusal(response, "GET", path)
        try:
            told = response.json()
        except ValueError as error:
            raise self._failure(Gap.UNREADABLE, "GET", path, "no JSON came back") from error
        if not isinstance(told, dict):
            raise self._failure(Gap.UNREADABLE, "GET", path, "the JSON is no resource")
        return told

    async def members(self, path: str, most: int = MOST_MEMBERS) -> list[Any]:
        """Of a collection, over all its pages. Raises SourceFailed."""
        found: list[Any] = []
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            seen.add(path)
            page = await self.get(path)
            listed = page.get("Members", [])
            found += listed if isinstance(listed, list) else []
            following = page.get("Members@odata.nextLink") or page.get("@odata.nextLink")
            if not isinstance(following, str) or len(found) >= most:
                return found[:most]
            path = self._own(following)
            if path in seen:
                raise self._failure(Gap.UNREADABLE, "GET", path, "its pages lead round in a ring")
        raise self._failure(Gap.UNREADABLE, "GET", path, f"more than {MOST_PAGES} pages")

    def _own(self, link: str) -> str:
        if not link.startswith(("/redfish/", "/rest/")) or ".." in link:
            raise self._failure(Gap.UNREADABLE, "GET", link[:120], "a link to another place is not followed")
        return link

    async def linked(self, resource: Resource, name: str) -> str | None:
        """The path of what ``resource`` links to by ``name``. Raises SourceFailed."""
        link = resource.get(name)
        path = link.get("@odata.id") if isinstance(link, dict) else None
        return self._own(path) if isinstance(path, str) else None

    async def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        self._left -= 1
        if self._left < 0:
            raise self._failure(Gap.UNREADABLE, method, path, f"more than {MOST_REQUESTS} requests would be needed")
        tried = f"Redfish {self._settings.address}: {method} {path}"
        try:
            async with self._client.stream(method, path, **more) as response:
                body = bytearray()
                async for piece in response.aiter_bytes(65536):
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise self._failure(Gap.UNREADABLE, method, path, f"more than {MOST_BYTES} bytes")
                headers = {
                    name: value for name, value in response.headers.items() if name in {"x-auth-token", "location"}
                }
                return httpx.Response(response.status_code, headers=headers, content=bytes(body))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            cause = cause_of(error)
            if cause is not None:
                raise failed(cause, tried, self._settings.time_limit_s) from None
            if isinstance(error, httpx.TimeoutException):
                raise self._failure(
                    Gap.TIMED_OUT, method, path, f"no answer in {self._settings.time_limit_s:g} s"
                ) from None
            gap = Gap.UNREACHABLE if isinstance(error, httpx.ConnectError) else Gap.UNREADABLE
            raise self._failure(gap, method, path, f"{type(error).__name__}: {error}") from None

    def _refusal(self, response: httpx.Response, method: str, path: str) -> SourceFailed:
        status = response.status_code
        known = {401: Gap.REFUSED, 403: Gap.REFUSED, 404: Gap.NOT_OFFERED, 405: Gap.NOT_OFFERED, 501: Gap.NOT_OFFERED}
        # Controllers with no room for another session say 503 or 400: the session of somebody else, not a wrong word.
        return self._failure(known.get(status, Gap.UNREADABLE), method, path, f"status {status} came back")

    def _failure(self, gap: Gap, method: str, path: str, why: str) -> SourceFailed:
        return SourceFailed(gap, f"Redfish {self._settings.address}: {method} {path}: {why}")


async def _walk(session: _Session) -> RedfishAnswer:
    """All that is read. The root must be there; what else fails is a failure of its own path."""
    answer = RedfishAnswer()
    root = await session.get(ROOT)
    if "RedfishVersion" not in root and "Systems" not in root:
        raise SourceFailed(Gap.UNREADABLE, f"{ROOT}: what came back is no Redfish service root")
    answer.systems = await _collection(session, root, "Systems", answer)
    answer.chassis = await _collection(session, root, "Chassis", answer)
    answer.managers = await _collection(session, root, "Managers", answer)
    for chassis in answer.chassis:
        for name, kept in (("Thermal", answer.thermal), ("Power", answer.power)):
            resource = await _one(session, chassis, name, answer)
            if resource is not None:
                kept.append(resource)
    for owner in (*answer.systems, *answer.managers):
        for service in await _collection(session, owner, "LogServices", answer):
            await _log(session, service, answer)
    return answer


async def _collection(session: _Session, owner: Resource, name: str, answer: RedfishAnswer) -> list[Resource]:
    found: list[Resource] = []
    path = None
    try:
        path = await session.linked(owner, name)
        for member in await session.members(path) if path is not None else []:
            one = await _one(session, {"member": member}, "member", answer)
            if one is not None:
                found.append(one)
    except SourceFailed as failure:
        _note(answer, path or name, failure)
    return found


async def _one(session: _Session, owner: Resource, name: str, answer: RedfishAnswer) -> Resource | None:
    path = None
    try:
        path = await session.linked(owner, name)
        return None if path is None else await session.get(path)
    except SourceFailed as failure:
        _note(answer, path or name, failure)
        return None


async def _log(session: _Session, service: Resource, answer: RedfishAnswer) -> None:
    path = None
    try:
        path = await session.linked(service, "Entries")
        if path is None:
            return
        entries = [entry for entry in await session.members(path, MOST_ENTRIES) if isinstance(entry, dict)]
        answer.logs.append(Log(path, str(service.get("Name") or service.get("Id") or path), tuple(entries)))
    except SourceFailed as failure:
        _note(answer, path or "Entries", failure)


def _note(answer: RedfishAnswer, path: str, failure: SourceFailed) -> None:
    # A controller that refuses or is gone half-way is a gap of the whole: the rest would only be refused as well.
    if failure.gap in {Gap.REFUSED, Gap.UNREACHABLE, Gap.TIMED_OUT}:
        raise failure
    answer.failures[path] = (failure.gap, failure.detail)
