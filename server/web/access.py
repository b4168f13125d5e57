"""Who is asking, and may they: the dependencies by which every route says who it is for."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from server.audit.chain import Actor
from server.centre import Centre
from server.people.scopes import Scope, allows
from server.people.sessions import COOKIE, LASTS_MS, SignedIn, find_session
from server.people.tables import Person
from server.people.tokens import find_token
from server.web.problems import Problem

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``person`` is None for a token: a token never acts as a person, whatever its scope.

    ``csrf`` goes into this person's forms (field ``csrf``) and requests (header ``X-CSRF-Token``).
    """

    name: str
    scope: str
    person: Person | None = None
    csrf: str = ""
    session_hash: str = ""
    address: str = ""

    @property
    def someone(self) -> Person:
        """The person, where the route has made sure that it is one."""
        assert self.person is not None
        return self.person

    @property
    def actor(self) -> Actor:
        """As the audit chain names them."""
        return Actor("token" if self.person is None else "person", self.name, self.address)


def centre_of(request: Request) -> Centre:
    centre = request.app.state.centre
    assert isinstance(centre, Centre)
    return centre


CentreDep = Annotated[Centre, Depends(centre_of)]


def now_of(centre: CentreDep) -> datetime:
    return centre.now()


NowDep = Annotated[datetime, Depends(now_of)]


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


async def optional_caller(request: Request, centre: CentreDep, now: NowDep) -> Caller | None:
    """Whoever asks, None when nobody says who they are. A wrong token is 401, whatever cookie comes with it."""
    bearer = bearer_of(request.headers.get("authorization"))
    if bearer is not None:
        token = await run_in_threadpool(find_token, centre.records, bearer, now)
        if token is None:
            raise unauthorized("this token is unknown or revoked")
        return Caller(name=token.name, scope=token.scope, address=address_of(request))
    cookie = request.cookies.get(COOKIE)
    found = await run_in_threadpool(find_session, centre.records, cookie, now) if cookie else None
    if found is None:
        return None
    session, person = found
    if request.method in CHANGING:
        await _check_csrf(request, session.csrf)
    return Caller(person.name, person.scope, person, session.csrf, session.id_hash, address_of(request))


OptionalCallerDep = Annotated[Caller | None, Depends(optional_caller)]


def bearer_of(header: str | None) -> str | None:
    """The credential in an Authorization header; "" when the header is of another kind, None without a header."""
    if header is None:
        return None
    kind, _, credential = header.partition(" ")
    return credential.strip() if kind.casefold() == "bearer" else ""


def unauthorized(detail: str) -> Problem:
    return Problem(401, "Who are you?", detail, headers={"WWW-Authenticate": "Bearer"})


class Needs:
    """A dependency: somebody with at least this scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __call__(self, caller: OptionalCallerDep) -> Caller:
        if caller is None:
            raise unauthorized("send a token (Authorization: Bearer …) or sign in")
        if not allows(caller.scope, self.scope):
            raise Problem(403, "Not allowed", f"this needs the scope {self.scope}, {caller.name} has {caller.scope}")
        return caller


def signed_in_person(caller: OptionalCallerDep) -> Caller:
    """A person, signed in by name: never a token."""
    if caller is None:
        raise unauthorized("sign in")
    if caller.person is None:
        raise Problem(403, "Only a person may do this", "a token cannot act as a person, whatever its scope")
    return caller


def acting_person(caller: Annotated[Caller, Depends(signed_in_person)]) -> Caller:
    """A person who may change records: signed in by name, with the scope write."""
    if not allows(caller.scope, "write"):
        raise Problem(403, "Not allowed", f"this needs the scope write, {caller.name} has {caller.scope}")
    return caller


def page_person(request: Request, caller: OptionalCallerDep) -> Caller:
    """A signed-in person, or the way to the sign-in page and back."""
    if caller is not None and caller.person is not None:
        return caller
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    to = f"/sign-in?next={quote(back, safe='/')}" if request.method == "GET" and back != "/" else "/sign-in"
    # htmx follows no redirect of a fragment into the whole page unless told so by this header.
    headers = {"HX-Redirect": to} if request.headers.get("hx-request") else {"Location": to}
    raise Problem(401 if "HX-Redirect" in headers else 303, "Sign in", "this page is for people", headers=headers)


def page_administrator(caller: Annotated[Caller, Depends(page_person)]) -> Caller:
    """A signed-in person who may administer: 403 for others, the way to the sign-in page for a stranger."""
    if not allows(caller.scope, "admin"):
        raise Problem(403, "Not allowed", f"this needs the scope admin, {caller.name} has {caller.scope}")
    return caller


ReaderDep = Annotated[Caller, Depends(Needs("read"))]
WriterDep = Annotated[Caller, Depends(Needs("write"))]
AdminDep = Annotated[Caller, Depends(Needs("admin"))]
PersonDep = Annotated[Caller, Depends(signed_in_person)]
ActingDep = Annotated[Caller, Depends(acting_person)]
PagePersonDep = Annotated[Caller, Depends(page_person)]
PageAdministratorDep = Annotated[Caller, Depends(page_administrator)]


def safe_next(path: str | None) -> str:
    """Where to go after signing in: a path of this very site, else the start page."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or urlsplit(path).netloc:
        return "/"
    return path if path.isprintable() else "/"


def check_origin(request: Request) -> None:
    """For the one form that has no session yet: a browser must say that it comes from this site. Raises Problem."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Problem(403, "From another site", f"this form was sent from {origin}")


def keep_session(response: Response, request: Request, signed_in: SignedIn) -> None:
    """The session's cookie: no script reads it, no other site sends it, and over https it never leaves https."""
    response.set_cookie(
        COOKIE,
        signed_in.cookie,
        max_age=LASTS_MS // 1000,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def drop_session(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


async def _check_csrf(request: Request, wanted: str) -> None:
    given = request.headers.get("x-csrf-token", "")
    if not given and request.headers.get("content-type", "").startswith(FORMS):
        field = (await request.form()).get("csrf")
        given = field if isinstance(field, str) else ""
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Problem(403, "Not from our page", "the CSRF token (header X-CSRF-Token or field csrf) does not fit")
