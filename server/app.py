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
from server.web.description import described
from server.web.install import install_pages
from server.web.problems import install_problems

# Each folder that answers requests has a ``router``; one line here lets it in.
ROUTERS = (
    "server.health_route",
    "server.people.routes",
    "server.tls.routes",
    "server.senders.routes",
    "server.senders.self_routes",
    "server.devices.routes",
    "server.history.routes",
    "server.judge.routes",
    "server.happenings.routes",
    "server.alarms.routes",
    "server.verification.routes",
    "server.duty.routes",
    "server.evidence.routes",
    "server.collection.routes",
    "server.collection.self_routes",
    "server.device_secrets.routes",
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
        centre.inbox.breadth.known_series = centre.history.series
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
