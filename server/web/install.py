"""The pages put into the application: routers, static files, headers, and errors that look like pages."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from server.web.headers import BrowserHeaders
from server.web.i18n import LANGUAGES, words_of
from server.web.pages import (
    asking,
    charts,
    collection,
    desk,
    device,
    error,
    fleet,
    live,
    preferences,
    runs,
    shares,
    sign_in,
    topology,
    verifications,
)
from server.web.stream import Streams
from server.web.templating import STATIC

ROUTERS = (
    sign_in.router,
    preferences.router,
    desk.router,
    runs.router,
    verifications.router,
    fleet.router,
    device.router,
    charts.router,
    live.router,
    collection.router,
    asking.router,
    shares.router,
    topology.router,
)


def install_pages(app: FastAPI) -> None:
    """Raises ValueError when a message has no English: a half-translated start is no start."""
    for language in LANGUAGES:
        words_of(language)
    app.state.streams = Streams()
    app.state.error_page = error.error_page
    app.add_middleware(BrowserHeaders)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in ROUTERS:
        app.include_router(router, include_in_schema=False)
