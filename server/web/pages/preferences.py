"""How a person wants to read: the language, kept with the person and in this browser."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from server.people.register import change_person
from server.web.access import CentreDep, NowDep, OptionalCallerDep, check_origin, safe_next
from server.web.i18n import LANGUAGES
from server.web.problems import Problem
from server.web.templating import keep_language

router = APIRouter(prefix="/preferences")


@router.post("/language")
async def language(
    *,
    request: Request,
    caller: OptionalCallerDep,
    centre: CentreDep,
    now: NowDep,
    language: Annotated[str, Form()],
    back: Annotated[str, Form()] = "/",
) -> Response:
    """Works before signing in as well; a signed-in person's form carries the session's token as every other."""
    check_origin(request)
    if language not in LANGUAGES:
        raise Problem(422, "Not acceptable as sent", f"language {language!r} is none of {', '.join(LANGUAGES)}")
    if caller is not None and caller.person is not None and caller.person.language != language:
        await run_in_threadpool(
            lambda: change_person(centre.records, caller.name, language=language, actor=caller.actor, now=now)
        )
    response = RedirectResponse(safe_next(back), 303)
    keep_language(response, language)
    return response
