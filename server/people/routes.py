"""Signing in and out, one's own password, the people and the tokens, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, SecretStr

from server.people.passwords import PasswordRefused
from server.people.posts import POSTS, PostRefused
from server.people.queue import one_of_a_few
from server.people.register import (
    PersonRefused,
    all_people,
    change_password,
    change_person,
    create_person,
    describe,
)
from server.people.sessions import COOKIE, SignInRefused, sign_in, sign_out
from server.people.tables import ApiToken
from server.people.tokens import TokenRefused, all_tokens, create_token, revoke_token
from server.times import rfc3339, rfc3339_or_none
from server.web.access import (
    AdminDep,
    CentreDep,
    NowDep,
    PersonDep,
    address_of,
    check_origin,
    drop_session,
    keep_session,
)
from server.web.problems import Problem

router = APIRouter(prefix="/api/v1", tags=["people"])

Short = Annotated[str, Field(max_length=200)]
Secret = Annotated[SecretStr, Field(max_length=1000)]


class Credentials(BaseModel):
    name: Short
    password: Secret


class NewPerson(BaseModel):
    name: Short
    password: Secret
    display_name: Short = ""
    posts: list[Short] = []
    scope: Short = "write"
    language: Short = "zh"


class PersonChange(BaseModel):
    display_name: Short | None = None
    posts: list[Short] | None = None
    scope: Short | None = None
    language: Short | None = None
    disabled: bool | None = None


class PasswordChange(BaseModel):
    old: Secret
    new: Secret


class NewToken(BaseModel):
    name: Short
    scope: Short


def refused(error: ValueError) -> Problem:
    return Problem(422, "Refused", str(error))


@router.post("/sign-in")
async def signing_in(
    request: Request, response: Response, credentials: Credentials, centre: CentreDep, now: NowDep
) -> dict[str, Any]:
    """Sets the session's cookie; ``csrf`` goes into the header X-CSRF-Token of every later change."""
    check_origin(request)
    password = credentials.password.get_secret_value()
    try:
        signed_in = await one_of_a_few(sign_in, centre.records, credentials.name, password, address_of(request), now)
    except SignInRefused as error:
        raise sign_in_problem(error) from None
    keep_session(response, request, signed_in)
    return {"person": describe(signed_in.person), "csrf": signed_in.csrf}


def sign_in_problem(error: SignInRefused) -> Problem:
    if error.wait_s:
        return Problem(429, "Too many attempts", str(error), headers={"Retry-After": str(error.wait_s)})
    return Problem(401, "Not signed in", str(error))


@router.post("/sign-out", status_code=204)
def signing_out(request: Request, response: Response, caller: PersonDep, centre: CentreDep, now: NowDep) -> None:
    sign_out(centre.records, request.cookies.get(COOKIE, ""), now, caller.address)
    drop_session(response)


@router.get("/me")
def me(caller: PersonDep) -> dict[str, Any]:
    assert caller.person is not None
    return {"person": describe(caller.person), "csrf": caller.csrf}


@router.post("/me/password", status_code=204)
def own_password(change: PasswordChange, caller: PersonDep, centre: CentreDep, now: NowDep) -> None:
    try:
        change_password(
            centre.records,
            caller.name,
            password=change.new.get_secret_value(),
            old=change.old.get_secret_value(),
            actor=caller.actor,
            now=now,
            keep_session=caller.session_hash,
        )
    except (PersonRefused, PasswordRefused) as error:
        raise refused(error) from error


@router.get("/posts")
def posts(_caller: AdminDep) -> dict[str, Any]:
    return {"posts": [{"key": post.key, "name": {"zh": post.zh, "en": post.en}} for post in POSTS.values()]}


@router.get("/people")
def people(_caller: AdminDep, centre: CentreDep) -> dict[str, Any]:
    return {"people": [describe(person) for person in all_people(centre.records)]}


@router.post("/people", status_code=201)
def new_person(person: NewPerson, caller: AdminDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    try:
        return dict(
            describe(
                create_person(
                    centre.records,
                    actor=caller.actor,
                    now=now,
                    **{**person.model_dump(), "password": person.password.get_secret_value()},
                )
            )
        )
    except (PersonRefused, PostRefused, PasswordRefused, ValueError) as error:
        raise refused(error) from error


@router.patch("/people/{name}")
def changed_person(name: str, change: PersonChange, caller: AdminDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    try:
        return dict(describe(change_person(centre.records, name, actor=caller.actor, now=now, **change.model_dump())))
    except ValueError as error:
        raise refused(error) from error


def describe_token(token: ApiToken) -> dict[str, Any]:
    return {
        "name": token.name,
        "scope": token.scope,
        "created_at": rfc3339(token.created_ms),
        "created_by": token.created_by,
        "last_used_at": rfc3339_or_none(token.last_used_ms),
        "revoked_at": rfc3339_or_none(token.revoked_ms),
    }


@router.get("/tokens")
def tokens(_caller: AdminDep, centre: CentreDep) -> dict[str, Any]:
    return {"tokens": [describe_token(token) for token in all_tokens(centre.records)]}


@router.post("/tokens", status_code=201)
def new_token(token: NewToken, caller: AdminDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    """``token`` is in this answer and nowhere else."""
    try:
        row, secret = create_token(centre.records, name=token.name, scope=token.scope, actor=caller.actor, now=now)
    except ValueError as error:
        raise refused(error) from error
    return {**describe_token(row), "token": secret}


@router.delete("/tokens/{name}", status_code=204)
def revoked_token(name: str, caller: AdminDep, centre: CentreDep, now: NowDep) -> None:
    try:
        revoke_token(centre.records, name, actor=caller.actor, now=now)
    except TokenRefused as error:
        raise Problem(404, "No such token", str(error)) from error
