"""The web application: routers put together, the hot path beside them, one way of saying errors."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from fastapi import APIRouter, FastAPI

from server.centre import Centre
from server.web.access import ReaderDep
from server.web.problems import install_problems

# Each folder that answers requests has a ``router``; one line here lets it in.
ROUTERS = ("server.people.routes",)


def create_app(centre: Centre) -> FastAPI:
    app = FastAPI(title="Zhishou 值守", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.centre = centre
    install_problems(app)
    for module in ROUTERS:
        router = import_module(module).router
        assert isinstance(router, APIRouter)
        app.include_router(router)

    @app.get("/api/v1/openapi.json", include_in_schema=False)
    def openapi(_caller: ReaderDep) -> dict[str, Any]:
        return app.openapi()

    return app
