"""What the ledger says of a device, and every change of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from server.devices.card import FIELDS, service_life
from server.devices.tables import Device
from tests.fixtures_centre import Client, MakeToken

CARD = {
    "name": "报盘机一",
    "vendor": "HP",
    "model": "ProLiant DL380 Gen10",
    "serial": "CZ29340K7P",
    "main_parameters": "2×Xeon, 256 GB",
    "device_class": "core",
    "environment": "production",
    "location": "机房一 A07-12U",
    "purpose": "报盘",
    "owner_dept": "信息技术部",
    "owner": "系统管理岗",
    "owner_post": "sysadmin",
    "stocked_on": "2026-10-20",
    "issued_on": "2026-11-01",
    "warranty_until": "2029-10-19",
    "service_life_years": 3,
    "software": "Debian 12; 报盘 3.1",
    "licence": "OEM-7731",
}


@pytest.fixture
def ledger(client: Client, token: MakeToken) -> Client:
    return client.bear(token("write"))


def test_a_card_comes_back_as_it_was_written(ledger: Client) -> None:
    made = ledger.post("/api/v1/devices", json={"device_no": "S-1", **CARD}).json()

    assert made["card"] == CARD
    assert set(CARD) == set(FIELDS)
    assert made["service_life"] == {"years": 3, "ends_on": "2029-11-01", "over": False}


def test_each_kind_of_change_is_an_entry_that_names_old_and_new(ledger: Client) -> None:
    ledger.post("/api/v1/devices", json={"device_no": "S-1", **CARD})

    changed = ledger.patch(
        "/api/v1/devices/S-1", json={"location": "机房二 B01", "owner": "网络管理岗", "purpose": "行情", "serial": "X"}
    )
    same = ledger.patch("/api/v1/devices/S-1", json={"location": "机房二 B01"})
    entries = ledger.get("/api/v1/devices/S-1/entries").json()["entries"]

    assert changed.json()["card"] == {
        **CARD,
        "location": "机房二 B01",
        "owner": "网络管理岗",
        "purpose": "行情",
        "serial": "X",
    }
    assert same.status_code == 200
    assert {(entry["kind"], entry["old"], entry["new"]) for entry in entries} == {
        ("location_transfer", "location: 机房一 A07-12U", "location: 机房二 B01"),
        ("owner_transfer", "owner: 系统管理岗", "owner: 网络管理岗"),
        ("purpose_change", "purpose: 报盘", "purpose: 行情"),
        ("card", "serial: CZ29340K7P", "serial: X"),
    }


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        pytest.param({"issued_on": "1.11.2026"}, "issued_on", id="no date"),
        pytest.param({"device_class": "big"}, "device_class", id="no class"),
        pytest.param({"environment": "home"}, "environment", id="no environment"),
        pytest.param({"service_life_years": 0}, "service_life_years", id="no years"),
        pytest.param({"life": "in_production"}, "life", id="its life is no field"),
        pytest.param({"device_no": "S-2"}, "device_no", id="its number is no field"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field_and_changes_nothing(
    ledger: Client, wrong: dict[str, Any], says: str
) -> None:
    ledger.post("/api/v1/devices", json={"device_no": "S-1", **CARD})

    refused = ledger.patch("/api/v1/devices/S-1", json={"location": "elsewhere", **wrong})

    assert refused.status_code == 422
    assert says in refused.json()["detail"]
    assert ledger.get("/api/v1/devices/S-1").json()["card"] == CARD
    assert ledger.get("/api/v1/devices/S-1/entries").json()["entries"] == []


@pytest.mark.parametrize(
    ("card", "told"),
    [
        pytest.param({"issued_on": "2024-02-29"}, (3, date(2027, 2, 28), False), id="core, a leap day"),
        pytest.param({"issued_on": "2020-01-01", "device_class": "peripheral"}, (5, date(2025, 1, 1), True), id="over"),
        pytest.param({"device_class": "special", "issued_on": "2020-01-01"}, (None, None, None), id="special"),
        pytest.param({}, (3, None, None), id="no day known"),
        pytest.param({"stocked_on": "2023-11-25"}, (3, date(2026, 11, 25), False), id="its last day"),
    ],
)
def test_service_life_ends_by_class_and_day_of_issue(card: dict[str, Any], told: tuple[Any, ...]) -> None:
    device = Device(device_no="S", name="S", created_ms=0, **card)

    assert service_life(device, date(2026, 11, 25)) == told
