"""The web application: routers put together, the hot path beside them, one way of saying errors."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.types import Receive, Scope, Send

from server.centre import Centre
from server.inbox.endpoint import PATH as BATCHES
from server.inbox.endpoint import BatchEndpoint
from server.times import to_ns
from server.web.access import ReaderDep
from server.web.install import install_pages
from server.web.problems import install_problems

# Each folder that answers requests has a ``router``; one line here lets it in.
ROUTERS = (
    "server.health_route",
    "server.people.routes",
    "server.senders.routes",
    "server.devices.routes",
    "server.history.routes",
    "server.judge.routes",
    "server.happenings.routes",
    "server.alarms.routes",
    "server.exposition.routes",
)
MAX_BODY_BYTES = 2**20  # of everything but batches, which have their own limit


class Application(FastAPI):
    """FastAPI with the hot path beside it: a batch passes no middleware, no routing, no validation but its own."""

    def __init__(self, centre: Centre) -> None:
        super().__init__(
            title="Zhishou 值守",
            version=own_version(),
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            max_body_size=MAX_BODY_BYTES,
        )
        self.state.centre = centre
        self._batches = BatchEndpoint(centre.inbox, centre.senders.admit, lambda: to_ns(centre.now()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == BATCHES:
            await self._batches(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def own_version() -> str:
    try:
        return version("zhishou")
    except PackageNotFoundError:
        return "0"


def create_app(centre: Centre) -> FastAPI:
    """Raises what a page's words or templates raise when they do not fit."""
    app = Application(centre)
    install_problems(app)
    for module in ROUTERS:
        router = import_module(module).router
        assert isinstance(router, APIRouter)
        app.include_router(router)
    install_pages(app)

    @app.get("/api/v1/openapi.json", include_in_schema=False)
    def openapi(_caller: ReaderDep) -> dict[str, Any]:
        return described(app)

    return app


def described(app: FastAPI) -> dict[str, Any]:
    """OpenAPI of everything, with the one route FastAPI does not know of."""
    schema = app.openapi()
    schema["paths"].setdefault(BATCHES, {})["post"] = BATCHES_OPERATION
    return schema


BATCHES_OPERATION: dict[str, Any] = {
    "tags": ["agents"],
    "summary": "Take a batch",
    "description": "An envelope of msgpack (readings/wire.py), sent with an agent's own credential. 200: on disk.",
    "operationId": "take_batch",
    "requestBody": {"required": True, "content": {"application/vnd.zhishou.batch": {}}},
    "responses": {
        "200": {"description": "The receipt: position, clocks, audit head", "content": {"application/json": {}}},
        "400": {"description": "Damaged"},
        "401": {"description": "No agent has this credential"},
        "403": {"description": "The agent waits for approval"},
        "409": {"description": "The numbers contradict what is held; `position` says what is"},
        "413": {"description": "Too large"},
        "422": {"description": "Malformed, or another version of the wire"},
        "503": {"description": "Cannot be stored now; keep it and come again"},
    },
}
