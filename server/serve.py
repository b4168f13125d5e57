"""Serving: one process, one event loop, stopped in order."""

from __future__ import annotations

import logging
import signal
import socket
import sqlite3
from types import FrameType

import uvicorn

from checklists.rule_fields import RuleError
from readings.catalogue import CatalogueError
from server.app import create_app
from server.centre import Centre, Settings
from server.data_folder import held
from server.listening import listen
from server.logs import log_to_stderr

GRACE_S = 3  # for answers under way when told to stop; live streams end at once, see Centre.stopping

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """uvicorn, which tells the centre that the end has begun, so that endless answers end."""

    def __init__(self, config: uvicorn.Config, centre: Centre) -> None:
        super().__init__(config)
        self.centre = centre

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.centre.stopping.set()
        super().handle_exit(sig, frame)


def serve(settings: Settings, listen_fd: int | None = None) -> int:
    """Until SIGTERM or SIGINT. Raises FolderRefused, RecordsError and what else keeps the centre from opening."""
    log_to_stderr(settings.log_level)
    with held(settings.data, "server-run"):
        listener = socket.socket(fileno=listen_fd) if listen_fd is not None else listen(settings.host, settings.port)
        centre = open_centre(settings)
        # uvicorn raises the signal once more when it is done: with the default action we would end before closing.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: centre.stopping.set())
        try:
            server = Server(configure(settings, centre), centre)
            host, port = listener.getsockname()[:2]
            scheme = "http" if centre.serving is None else "https"
            log.info("listening", extra={"address": f"{scheme}://{host}:{port}", "data": str(settings.data)})
            server.run(sockets=[listener])
        finally:
            centre.close()
            listener.close()
            log.info("closed")
    return 0


class StartRefusedError(ValueError):
    """Something the centre needs is wrong; the text names the file."""


def open_centre(settings: Settings) -> Centre:
    """Raises StartRefusedError for a wrong rule, checklist or catalogue file and for a store that does not open."""
    try:
        return Centre.open(settings)
    except (CatalogueError, RuleError, sqlite3.Error, OSError) as error:
        raise StartRefusedError(str(error)) from error


def configure(settings: Settings, centre: Centre) -> uvicorn.Config:
    serving = centre.serving
    return uvicorn.Config(
        create_app(centre),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        ssl_context_factory=None if serving is None else lambda _config, _usual: serving.context,
        proxy_headers=bool(settings.behind_tls_proxy),
        forwarded_allow_ips=settings.behind_tls_proxy or None,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=75,
    )
