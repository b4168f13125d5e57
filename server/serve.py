"""Serving: one process, one event loop, stopped in order."""

from __future__ import annotations

import logging
import socket
from types import FrameType

import uvicorn

from server.app import create_app
from server.centre import Centre, Settings
from server.data_folder import held
from server.logs import log_to_stderr

GRACE_S = 3  # for answers under way when told to stop; live streams end at once, see Centre.stopping
BACKLOG = 2048

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
        centre = Centre.open(settings)
        try:
            server = Server(configure(settings, centre), centre)
            host, port = listener.getsockname()[:2]
            log.info("listening", extra={"address": f"http://{host}:{port}", "data": str(settings.data)})
            server.run(sockets=[listener])
        finally:
            centre.close()
            listener.close()
    return 0


def configure(settings: Settings, centre: Centre) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(centre),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.behind_tls_proxy),
        forwarded_allow_ips=settings.behind_tls_proxy or None,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=75,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, inheritable. Raises FolderRefused's sibling: OSError said in words."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressTaken(f"{host}:{port}: {error.strerror} (another program listens there? choose --port)") from error
    return listener


class AddressTaken(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """Nothing can listen at this address."""
