"""Each query of the dashboards and alert rules returns series here, or stands in a table with the reason why not."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
EMPTY = yaml.safe_load((Path(__file__).parent / "empty_by_design.yaml").read_text())

pytestmark = [pytest.mark.peer("prometheus")]


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def queries() -> dict[str, str]:
    """ "where it stands" → PromQL, Grafana's own variables left in."""
    found: dict[str, str] = {}
    for name in ("fleet", "device"):
        dashboard = json.loads((DEPLOY / "grafana" / f"{name}.json").read_text())
        for panel in panels(dashboard):
            for target in panel.get("targets", []):
                found[f"grafana/{name}: {panel['title']}: {target['refId']}"] = target["expr"]
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            found[f"alerts: {rule['alert']}"] = rule["expr"]
    return found


def filled(query: str, device: str) -> str:
    """As Grafana sends it: the chosen device, and an interval long enough for two scrapes."""
    return query.replace("$device", device).replace("$__rate_interval", "1m").replace("$__range", "5m")


def has_reason(condition: dict[str, str], centre: Any) -> bool:
    """Whether the centre's API shows, now, what a query of the second table waits for."""
    device = centre.devices()[0]
    place = f"/api/v1/devices/{device['device_no']}"
    if "health" in condition:
        return bool(device["health"] == condition["health"])
    newest = centre.get(f"{place}/latest").json()["readings"]
    if "source" in condition:
        return any(r["metric"] == "source_success" and r.get("value") == 0 for r in newest)
    return any(r["metric"] == condition["metric"] and "value" in r for r in newest)


@pytest.mark.parametrize("place", queries())
def test_a_query_returns_series_or_is_empty_by_design(place: str, centre: Any, prometheus: Any) -> None:
    query = filled(queries()[place], centre.devices()[0]["device_no"])
    if condition := EMPTY["depends"].get(place):
        # A host may change between two looks, and Prometheus looks a moment later.
        assert any((prometheus.series(query) != []) == has_reason(condition, centre) for _ in looks())
        return
    series = prometheus.series(query)
    if place in EMPTY["queries"]:
        assert series == [], f"{place} returns series: take it out of empty_by_design.yaml"
    else:
        assert series != [], f"{place}: {query} returns nothing here"


def looks() -> Iterator[int]:
    for look in range(5):
        yield look
        time.sleep(2)


@pytest.mark.parametrize("place", [place for place in queries() if place.startswith("alerts: ")])
def test_what_an_alert_looks_at_is_there_even_while_it_is_silent(place: str, prometheus: Any) -> None:
    known = set(prometheus.ask("label/__name__/values"))
    named = set(
        re.findall(
            r"\b([a-z][a-z0-9_]*_[a-z0-9_]+|up)(?=[{\[\s)]|$)",
            re.sub(r"\b(by|on|without) \(.*?\)", "", queries()[place]),
        )
    )
    functions = {"count_over_time", "max_over_time", "min_over_time", "avg_over_time", "predict_linear", "group_left"}
    looked_at = named - functions
    assert looked_at
    assert looked_at - known == set()


def test_the_table_names_only_what_is_shipped_and_gives_reasons() -> None:
    assert set(EMPTY["queries"]) | set(EMPTY["depends"]) <= set(queries())
    assert all(len(reason) > 20 for reason in EMPTY["queries"].values())


def test_the_dashboards_choose_a_device_and_a_prometheus() -> None:
    for name in ("fleet", "device"):
        dashboard = json.loads((DEPLOY / "grafana" / f"{name}.json").read_text())
        assert dashboard["uid"] == f"zhishou-{name}"
        variables = {variable["name"]: variable["type"] for variable in dashboard["templating"]["list"]}
        assert variables["datasource"] == "datasource"
        assert name == "fleet" or variables["device"] == "query"
        numbers = [panel["id"] for panel in panels(dashboard)]
        assert len(numbers) == len(set(numbers))
        for panel in panels(dashboard):
            assert panel["type"] == "row" or panel["datasource"]["uid"] == "${datasource}"
