"""One sign-in to a Redfish controller: a session, resources and collections page by page (DMTF DSP0266).

Only paths of the controller itself are followed: a link that leads elsewhere would carry the session there.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any

import httpx
from msgspec import Meta

from collector.probes.failing import failed
from collector.probes.stated import NO_SECRET, Host, LimitS, Port, Secret, Settings
from collector.probes.web import cause_of
from readings.model import Gap, SourceFailed

SESSIONS = "/redfish/v1/SessionService/Sessions"
MOST_BYTES = 4 * 2**20
MOST_PAGES, MOST_MEMBERS, MOST_REQUESTS = 40, 200, 1500
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


class Session:
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
