"""The three addresses that Prometheus asks, on a centre with two devices."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest

from readings.wire import pack_series
from server.app import create_app
from server.centre import Centre, Settings
from server.devices.tables import Device
from server.live import DeviceNow, SourceNow
from server.series import series_ref
from server.times import to_ms
from server.tls.certificates import Certificates
from server.web.access import Caller, optional_caller

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    opened = Centre.open(Settings(data=tmp_path / "data"), lambda: NOW, start=False)
    with opened.records.writing() as session:
        for device_no in ("SRV-1", "机房-2"):
            session.add(Device(device_no=device_no, name="甲", created_ms=0))
    values = SourceNow(to_ms(NOW), series_ref(pack_series([("load1", "")])), np.array([0.5]))
    opened.live.devices["SRV-1"] = DeviceNow("SRV-1", {"load": values}, to_ms(NOW), to_ms(NOW))
    yield opened
    opened.close()


def ask(centre: Centre, path: str, *, scope: str | None = "read", **headers: str) -> httpx.Response:
    app = create_app(centre)
    app.dependency_overrides[optional_caller] = lambda: Caller("prometheus", scope) if scope else None

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://centre:8650", headers=headers) as client:
            return await client.get(path)

    return asyncio.run(asked())


def test_each_device_has_its_line_of_up_health_and_last_seen(centre: Centre) -> None:
    lines = ask(centre, "/metrics").text.splitlines()
    assert 'zhishou_device_up{device="机房-2"} 0' in lines
    assert 'zhishou_device_health{device="SRV-1",health="unknown"} 1' in lines
    assert 'zhishou_device_health{device="SRV-1",health="normal"} 0' in lines
    assert f'zhishou_agent_last_seen_timestamp_seconds{{device="SRV-1"}} {NOW.timestamp()!r}' in lines
    assert not any("last_seen" in line and "机房-2" in line for line in lines), "what was never seen has no time"


def test_over_https_it_says_when_its_certificate_ends(tmp_path: Path, centre: Centre) -> None:
    assert "zhishou_certificate_ends_timestamp_seconds NaN" in ask(centre, "/metrics").text
    settings = Settings(data=tmp_path / "https")
    shown = Certificates(settings.data).make([], NOW)
    opened = Centre.open(settings, lambda: NOW, start=False)
    try:
        said = ask(opened, "/metrics").text
    finally:
        opened.close()
    [line] = [line for line in said.splitlines() if line.startswith("zhishou_certificate_ends_timestamp_seconds ")]
    assert float(line.split()[1]) == shown.ends.timestamp()


def test_the_centre_measures_itself(centre: Centre) -> None:
    centre.inbox.counters.refused["damaged"] += 2
    lines = ask(centre, "/metrics").text.splitlines()
    assert 'zhishou_batches_refused_total{reason="damaged"} 2.0' in lines
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines)


def test_readings_are_asked_for_one_device_or_all(centre: Centre) -> None:
    assert ask(centre, "/metrics/readings").text.endswith('zhishou_load1{device="SRV-1"} 0.5\n')
    assert ask(centre, "/metrics/readings?device=SRV-1").text.endswith(" 0.5\n")
    assert ask(centre, "/metrics/readings?device=机房-2").text == "", "up, and nothing to tell"
    assert ask(centre, "/metrics/readings?device=SRV-9").status_code == 404


def test_service_discovery_lists_every_device(centre: Centre) -> None:
    found = ask(centre, "/api/v1/prometheus/targets").json()
    assert [entry["labels"]["__param_device"] for entry in found] == ["SRV-1", "机房-2"]
    assert {target for entry in found for target in entry["targets"]} == {"centre:8650"}
    assert {entry["labels"]["__metrics_path__"] for entry in found} == {"/metrics/readings"}


@pytest.mark.parametrize("path", ["/metrics", "/metrics/readings", "/api/v1/prometheus/targets"])
def test_nobody_is_answered_without_a_credential(centre: Centre, path: str) -> None:
    assert ask(centre, path, scope=None).status_code == 401


def test_the_answer_is_packed_for_those_who_can_unpack_it(centre: Centre) -> None:
    packed = ask(centre, "/metrics", **{"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "zhishou_device_up" in packed.text
    assert "content-encoding" not in ask(centre, "/metrics", **{"Accept-Encoding": "identity"}).headers
