"""Errors as RFC 9457 problem JSON, every one of them: ours, the framework's, and the ones nobody expected."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from server.people.acting import ActRefused

CONTENT_TYPE = "application/problem+json"

# How a browser's page says it; set by the pages as ``app.state.error_page``. None: problem JSON for everybody.
ErrorPage = Callable[[Request, "Problem"], Awaitable[Response | None]]

log = logging.getLogger(__name__)


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """``raise Problem(404, "No such device", "device 'X' is not in the ledger", device_no="X")``."""

    def __init__(
        self,
        status: int,
        title: str = "",
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        type: str = "about:blank",  # noqa: A002 - the RFC's name of the member
        **members: Any,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.title = title or HTTPStatus(status).phrase
        self.detail = detail
        self.type = type
        self.headers = dict(headers or {})
        self.members = members

    def body(self, instance: str = "") -> dict[str, Any]:
        """{type, title, status, detail, instance} and the members of this problem."""
        said = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail:
            said["detail"] = self.detail
        if instance:
            said["instance"] = instance
        return {**self.members, **said}

    def response(self, instance: str = "") -> JSONResponse:
        return JSONResponse(self.body(instance), status_code=self.status, headers=self.headers, media_type=CONTENT_TYPE)


def not_found(detail: str, **members: Any) -> Problem:
    return Problem(404, "Not found", detail, **members)


def install_problems(app: FastAPI) -> None:
    """Every error of this app becomes a problem."""

    async def answer(request: Request, problem: Problem) -> Response:
        if problem.status < 400:  # a redirect from inside a dependency
            return Response(status_code=problem.status, headers=problem.headers)
        page: ErrorPage | None = getattr(request.app.state, "error_page", None)
        if page is not None and not request.url.path.startswith("/api/"):
            shown = await page(request, problem)
            if shown is not None:
                return shown
        return problem.response(request.url.path)

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return await answer(request, error)

    async def on_refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, ActRefused)
        members: dict[str, Any] = {
            name: said for name, said in (("clause", error.clause), ("detail_zh", error.zh)) if said
        }
        return await answer(request, Problem(error.status, "Refused", str(error), **members))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        phrase = HTTPStatus(error.status_code).phrase
        detail = error.detail if error.detail != phrase else f"{request.method} {request.url.path}"
        return await answer(request, Problem(error.status_code, phrase, detail, headers=error.headers))

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        # What was sent is not repeated: it may be a password.
        errors = [
            {"where": ".".join(str(step) for step in fault["loc"]), "what": fault["msg"]} for fault in error.errors()
        ]
        detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in errors)
        return await answer(request, Problem(422, "Not acceptable as sent", detail, errors=errors))

    async def on_unexpected(request: Request, error: Exception) -> Response:
        incident = secrets.token_hex(4)
        log.error("unexpected error", exc_info=error, extra={"incident": incident, "path": request.url.path})
        detail = f"something unexpected happened; the centre's log has it as incident {incident}"
        zh = f"出了意外；中心的日志里记着这次事故，编号 {incident}"
        return await answer(request, Problem(500, "Internal error", detail, incident=incident, detail_zh=zh))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(ActRefused, on_refused)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Exception, on_unexpected)
