"""The door: signing in with a name and a password, and out again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from server.people.queue import one_of_a_few
from server.people.sessions import COOKIE, SignInRefused, sign_in, sign_out
from server.web.access import (
    CentreDep,
    NowDep,
    OptionalCallerDep,
    PagePersonDep,
    address_of,
    check_origin,
    drop_session,
    keep_session,
    safe_next,
)
from server.web.templating import keep_language, page, words_for

router = APIRouter()
LONGEST = 1000


@router.get("/sign-in")
def door(request: Request, caller: OptionalCallerDep, next: str = "/") -> Response:  # noqa: A002 - the address says so
    """Whoever is signed in already goes on."""
    if caller is not None and caller.person is not None:
        return RedirectResponse(safe_next(next), 303)
    return page(request, "sign_in.html", words_for(request, None), next=safe_next(next), name="", wrong="")


@router.post("/sign-in")
async def enter(
    *,
    request: Request,
    centre: CentreDep,
    now: NowDep,
    name: Annotated[str, Form(max_length=LONGEST)] = "",
    password: Annotated[str, Form(max_length=LONGEST)] = "",
    next: Annotated[str, Form(max_length=LONGEST)] = "/",  # noqa: A002 - the field's name
) -> Response:
    """A form without a session has no token yet: where it was sent from must be this very site."""
    check_origin(request)
    words = words_for(request, None)
    try:
        signed_in = await one_of_a_few(sign_in, centre.records, name, password, address_of(request), now)
    except SignInRefused as refusal:
        wait = words("试得太多了，请等 %(n)s 秒再试。", n=refusal.wait_s)
        wrong = wait if refusal.wait_s else words("账号与口令不符。")
        status = 429 if refusal.wait_s else 401
        headers = {"Retry-After": str(refusal.wait_s)} if refusal.wait_s else {}
        return page(
            request, "sign_in.html", words, status=status, headers=headers, next=safe_next(next), name=name, wrong=wrong
        )
    response = RedirectResponse(safe_next(next), 303)
    keep_session(response, request, signed_in)
    keep_language(response, signed_in.person.language)  # so that error pages speak it too
    return response


@router.post("/sign-out")
def leave(request: Request, caller: PagePersonDep, centre: CentreDep, now: NowDep) -> Response:
    sign_out(centre.records, request.cookies.get(COOKIE, ""), now, caller.address)
    response = RedirectResponse("/sign-in", 303)
    drop_session(response)
    return response
