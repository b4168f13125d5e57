"""A collector learns by the revision in its receipts that its list changed, and gets it once."""

from __future__ import annotations

import pytest

from readings.delivery.collection import decode_list
from tests.collecting.conftest import Collector, MakeCollector, put
from tests.fixtures_centre import Client, MakeToken, Visit

Pair = tuple[Collector, Collector]


def test_both_collectors_get_the_devices_of_their_share(pair: Pair) -> None:
    for one in pair:
        told = decode_list(one.devices().content)
        [device] = told.devices
        assert (device.device_no, device.share, device.address) == ("SW-1", "room", "192.0.2.7")
        assert device.protocols.snmp is not None
        assert device.protocols.snmp.version == "3"
        assert device.protocols.cli is None
        assert told.revision == one.hello()["configuration_revision"]


def test_it_is_sent_again_only_when_it_changed(boss: Client, pair: Pair) -> None:
    active, _ = pair
    first = active.devices()
    etag = first.headers["ETag"]
    assert active.devices(etag).status_code == 304
    assert active.devices(etag).content == b""

    put(boss, "/api/v1/devices/SW-1/collection", share="room", address="192.0.2.8")

    second = active.devices(etag)
    assert second.status_code == 200
    assert second.json()["devices"][0]["address"] == "192.0.2.8"
    assert second.json()["revision"] == active.hello()["configuration_revision"] == first.json()["revision"] + 1


def test_what_is_set_to_the_same_is_nothing_to_fetch(boss: Client, pair: Pair) -> None:
    active, _ = pair
    words = {"share": "room", "address": "192.0.2.8"}
    put(boss, "/api/v1/devices/SW-1/collection", **words)
    etag = active.devices().headers["ETag"]
    put(boss, "/api/v1/devices/SW-1/collection", **words)
    assert active.devices(etag).status_code == 304


def test_a_secret_reaches_the_collectors_of_the_device_and_no_other(
    boss: Client, pair: Pair, collector: MakeCollector
) -> None:
    put(boss, "/api/v1/devices/SW-1/secrets/snmp", community="well-hidden")
    stranger = collector("COL-9")
    boss.post("/api/v1/devices", json={"device_no": "SW-9"})
    put(boss, "/api/v1/collection/shares/hall", active_id=stranger.id)
    put(boss, "/api/v1/devices/SW-9/collection", share="hall", address="192.0.2.9")
    put(boss, "/api/v1/devices/SW-9/secrets/ssh", user="backup", password="hall-only")
    for one in pair:
        [device] = decode_list(one.devices().content).devices
        assert device.snmp_secret is not None
        assert device.snmp_secret.community == "well-hidden"
        assert "well-hidden" not in repr(device)
        assert b"hall-only" not in one.devices().content
    assert b"well-hidden" not in stranger.devices().content
    assert b"hall-only" in stranger.devices().content


def test_a_device_taken_out_is_in_the_list_no_more(boss: Client, pair: Pair) -> None:
    active, _ = pair
    assert boss.delete("/api/v1/devices/SW-1/collection").status_code == 204
    assert active.devices().json()["devices"] == []
    assert boss.get("/api/v1/devices/SW-1/collection").status_code == 404


@pytest.mark.parametrize(
    ("words", "because"),
    [
        pytest.param({"share": "nowhere"}, "share: there is no share", id="no such share"),
        pytest.param({"address": "not an address"}, "address", id="address"),
        pytest.param({"type": "../etc"}, "type", id="type"),
        pytest.param({"interval_s": 2}, "interval_s", id="too often"),
        pytest.param({"protocols": {"snmp": {"version": "4"}}}, "protocols", id="no such version"),
        pytest.param({"protocols": {"telnet": {}}}, "telnet", id="no such protocol"),
        pytest.param({"protocols": {"snmp": {"port": 0}}}, "port", id="no port"),
        pytest.param({"protocols": {"trap": {"sources": ["everywhere"]}}}, "protocols.trap.sources[0]", id="no source"),
    ],
)
def test_settings_that_cannot_be_are_refused(boss: Client, pair: Pair, words: dict[str, object], because: str) -> None:
    active, _ = pair
    before = active.devices().json()
    refused = put(boss, "/api/v1/devices/SW-1/collection", **{"share": "room", "address": "192.0.2.9", **words})
    assert refused.status_code == 422
    assert because in refused.json()["detail"]
    assert active.devices().json() == before


def test_only_an_administrator_changes_who_asks_what(pair: Pair, visit: Visit, token: MakeToken, boss: Client) -> None:
    writer = visit().bear(token("write"))
    assert put(writer, "/api/v1/devices/SW-1/collection", share="room", address="192.0.2.9").status_code == 403
    assert put(writer, "/api/v1/collection/shares/room", active_id=pair[1].id).status_code == 403
    assert writer.delete("/api/v1/devices/SW-1/collection").status_code == 403
    assert boss.get("/api/v1/devices/SW-1/collection").json()["address"] == "192.0.2.7"
