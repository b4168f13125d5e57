"""For Prometheus: the centre's own metrics, the newest readings, and where to find every device."""

from __future__ import annotations

import gzip
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from server.centre import Centre
from server.devices.known import known_device
from server.devices.ledger import all_devices
from server.exposition.own import own_text
from server.exposition.readings_text import ReadingsText
from server.times import to_ms
from server.web.access import CentreDep, NowDep, ReaderDep

router = APIRouter(tags=["prometheus"])

TEXT = "text/plain; version=0.0.4; charset=utf-8"
GZIP_FROM_BYTES = 1000
READINGS = "/metrics/readings"


@router.get("/metrics")
def metrics(request: Request, _caller: ReaderDep, centre: CentreDep, now: NowDep) -> Response:
    """The centre's own metrics, and up, health and last seen of each device."""
    return answered(request, own_text(centre, now))


@router.get(READINGS)
def readings(
    request: Request, _caller: ReaderDep, centre: CentreDep, now: NowDep, device: str | None = None
) -> Response:
    """The newest reading of every series, of one device or of all. What is stale or a gap is absent.

    The label of the part has the catalogue's name for it (``mount``, ``cpu``…), ``part`` where that would be ``device``
    or the metric is not in the catalogue.
    """
    live = centre.live.devices
    if device is None:
        devices = sorted(live.copy().values(), key=lambda now: now.device_no)
    else:
        known_device(centre, device)
        devices = [live[device]] if device in live else []
    return answered(request, readings_text(request.app, centre).text(devices, to_ms(now)).encode())


@router.get("/api/v1/prometheus/targets")
def targets(request: Request, _caller: ReaderDep, centre: CentreDep) -> list[dict[str, Any]]:
    """HTTP service discovery: one target a device, all of them this centre under the address it was asked by."""
    return [
        {
            "targets": [request.url.netloc],
            "labels": {
                "__scheme__": request.url.scheme,
                "__metrics_path__": READINGS,
                "__param_device": device.device_no,
                "device": device.device_no,
                "instance": device.device_no,
                "device_name": device.name,
                "device_kind": device.kind,
            },
        }
        for device in all_devices(centre.records)
    ]


def readings_text(app: FastAPI, centre: Centre) -> ReadingsText:
    """One for the application: it remembers every line."""
    known = getattr(app.state, "readings_text", None)
    if not isinstance(known, ReadingsText):
        known = app.state.readings_text = ReadingsText(centre.catalogue)
    return known


def answered(request: Request, text: bytes) -> Response:
    """As the caller can take it: gzip where it says so."""
    headers = {"Vary": "Accept-Encoding"}
    if len(text) >= GZIP_FROM_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(gzip.compress(text, 1), media_type=TEXT, headers={**headers, "Content-Encoding": "gzip"})
    return Response(text, media_type=TEXT, headers=headers)
