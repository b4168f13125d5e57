"""Debian's Prometheus with our scrape configuration, beside the centre's own answers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy" / "prometheus"

pytestmark = [pytest.mark.peer("prometheus"), pytest.mark.peer("promtool")]


def test_promtool_finds_no_fault_in_the_configuration_and_the_rules(peer: Callable[[str], str], tmp_path: Path) -> None:
    # check config reads the token file too, which stands elsewhere in a test
    token = tmp_path / "zhishou.token"
    token.write_text("token")
    text = (DEPLOY / "prometheus.yml").read_text().replace("/etc/prometheus/zhishou.token", str(token))
    (tmp_path / "prometheus.yml").write_text(text)
    shutil.copy(DEPLOY / "alerts.yml", tmp_path)
    told = subprocess.run(
        [peer("promtool"), "check", "config", tmp_path / "prometheus.yml"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "SUCCESS" in told.stdout


@pytest.mark.parametrize("path", ["/metrics", "/metrics/readings"])
def test_promtool_finds_no_fault_in_what_is_exposed(centre: Any, peer: Callable[[str], str], path: str) -> None:
    exposed = centre.get(path).text
    told = subprocess.run(
        [peer("promtool"), "check", "metrics"], input=exposed, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    samples = [line.rsplit(" ", 1)[0] for line in exposed.splitlines() if line and line[0] != "#"]
    assert len(samples) == len(set(samples)), "promtool does not see duplicates"


def test_at_least_two_hundred_series_of_this_host(prometheus: Any) -> None:
    found = prometheus.series('count({job="zhishou-readings"})')
    assert float(found[0]["value"][1]) >= 200


def test_service_discovery_lists_every_device_and_all_are_up(centre: Any, prometheus: Any) -> None:
    targets = prometheus.ask("targets", state="active")["activeTargets"]
    watched = {t["labels"]["instance"]: t["health"] for t in targets if t["scrapePool"] == "zhishou-readings"}
    assert watched == {device["device_no"]: "up" for device in centre.devices()}
    assert {t["health"] for t in targets if t["scrapePool"] == "zhishou"} == {"up"}


def test_the_value_prometheus_holds_is_the_reading_the_api_gives(centre: Any, prometheus: Any) -> None:
    """Every CPU value scraped in the last minutes is, to the bit, the reading that was newest when it was scraped."""
    device = centre.devices()[0]["device_no"]
    scraped = prometheus.series(f'zhishou_cpu_busy_ratio{{device="{device}",cpu="total"}}[5m]')[0]["values"]
    answer = centre.get(f"/api/v1/devices/{device}/readings", metric="cpu_busy_ratio", part="total").json()
    read = [(at, value) for at, value, *_ in answer["points"] if value is not None]
    assert len(scraped) >= 3
    for at, value in scraped:
        newest = [(read_at, reading) for read_at, reading in read if read_at <= at * 1000][-2:]
        moment = datetime.fromtimestamp(at, UTC).isoformat()
        assert float(value) in [reading for _, reading in newest], f"{moment}: {value}, the API has {newest}"
