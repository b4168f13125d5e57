"""The centre in a process of its own, with every applier; only who sends is not looked up in the records.

``python -m bench.ingest_centre FOLDER [SAMPLES A SEAL]`` prints its port, answers POST /api/v1/batches for any bearer
(the device's number). GET /sealed seals what is left, waits until every cursor is past every batch, and says what is
stored.
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import uvicorn

from server.centre import Centre, Settings
from server.inbox import BatchEndpoint, Sender


class ReceivingSide:
    """An ASGI application."""

    def __init__(self, folder: Path, seal_samples: int) -> None:
        self.folder = folder
        self.centre = Centre.open(Settings(data=folder, seal_samples=seal_samples))
        self._senders: dict[str, Sender] = {}
        self._batches = BatchEndpoint(self.centre.inbox, self._authenticate, time.time_ns)

    def _authenticate(self, bearer: str) -> Sender:
        sender = self._senders.get(bearer)
        if sender is None:
            sender = self._senders[bearer] = Sender(f"agent of {bearer}", bearer)
        return sender

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/api/v1/batches":
            await self._batches(scope, receive, send)
            return
        body = json.dumps(await asyncio.get_running_loop().run_in_executor(None, self.sealed)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    def close(self) -> None:
        self.centre.close()

    def sealed(self) -> dict[str, float]:
        """Drains and seals; then counts rows without the centre's own."""
        began = time.perf_counter()
        pump, history, inbox = self.centre.pump, self.centre.history, self.centre.inbox
        while not (pump.drain(60) and history.cursor() >= inbox.handover.newest_id):
            history.seal()
        seconds = time.perf_counter() - began
        files = f"{self.folder}/history/*.parquet"
        with duckdb.connect() as counting:
            (rows,) = counting.execute(f"select count(*), sum(value) from '{files}'").fetchall()
        size = sum(file.stat().st_size for file in (self.folder / "history").glob("*.parquet"))
        return {
            "seconds": seconds,
            "rows": rows[0],
            "sum": rows[1],
            "bytes": size,
            "commits": inbox.counters.commits,
            "commit_seconds": inbox.counters.commit_seconds,
            "batches": inbox.counters.batches,
        }


def main(folder: Path, seal_samples: int) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    side = ReceivingSide(folder, seal_samples)
    config = uvicorn.Config(
        side,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
    )
    print(listener.getsockname()[1], flush=True)
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises it once more when it is done
    profile = cProfile.Profile() if os.environ.get("PROFILE") else None
    if profile is not None:
        profile.enable()
    uvicorn.Server(config).run(sockets=[listener])
    side.close()
    if profile is not None:
        profile.dump_stats(os.environ["PROFILE"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5_000_000)
