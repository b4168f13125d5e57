"""The whole way: a week is watched, submitted by one person and signed by another; the device is verified."""

from __future__ import annotations

import hashlib
import json

from server.times import to_ms
from tests.fixtures_centre import PASSWORD
from tests.verifying_runs.house import DEVICE_NO, House
from tests.weeks import Happened

WHOLE = 168.05  # hours: the start is no whole minute


def observe_each_day(house: House, number: str, days: int = 7) -> None:
    for day in range(days):
        house.watch(24 * day + 12)
        house.act("wang", f"/verifications/{number}/observations", 201, alarm=False, note="all lamps green")
        house.centre.rounds.once()
        assert house.run(number).judged_ms == to_ms(house.clock())


def test_a_healthy_week_is_submitted_signed_and_the_device_verified(house: House) -> None:
    number = house.start(window="168 h")["number"]
    assert (number, house.life) == ("V-2026-0001", "verifying")
    observe_each_day(house, number)
    house.watch(WHOLE)

    submitted = house.submit(number, note="nothing special")

    bad = [result for result in submitted["results"] if result["outcome"] not in {"PASS", "NOT_APPLICABLE"}]
    assert bad == []
    assert submitted["verdict"] == "pass"
    assert submitted["effective_hours"] >= 168
    assert house.life == "verifying"
    signed = house.opine(number, "pass", record_sha256=submitted["record_sha256"])
    assert (signed["state"], signed["opinion"], house.life) == ("signed", "pass", "verified")
    assert signed["signed_by"] == {"name": "zhao", "display_name": "zhao"}
    record = house.by("li").get(f"/api/v1/verifications/{number}/record")
    assert hashlib.sha256(record.content).hexdigest() == signed["record_sha256"]
    assert record.headers["etag"] == f'"{signed["record_sha256"]}"'
    content = json.loads(record.content)
    assert content["device"]["device_no"] == DEVICE_NO
    assert len(content["observations"]) == 7
    assert content["gaps"]["count"] == 0
    assert [person["name"] for person in content["people"]] == ["li", "wang"]
    assert house.acts() == [
        "verification.started",
        *["verification.observed"] * 7,
        "verification.submitted",
        "verification.signed",
    ]


def test_only_the_signed_week_opens_production(house: House) -> None:
    number = house.start()["number"]
    house.by("li").patch(f"/api/v1/devices/{DEVICE_NO}", json={"owner": "李工", "owner_dept": "信息技术部"})
    launch = {"to": "in_production", "password": PASSWORD}
    observe_each_day(house, number)
    house.watch(WHOLE)
    house.refused("li", f"/devices/{DEVICE_NO}/life", 409, "1.5-16", **launch)
    house.submit(number)
    house.refused("li", f"/devices/{DEVICE_NO}/life", 409, "1.5-16", **launch)
    house.opine(number, "pass")

    assert house.act("li", f"/devices/{DEVICE_NO}/life", 200, **launch)["life"] == "in_production" == house.life


def test_a_verified_device_can_be_verified_anew_and_is_issued_again_when_that_is_withdrawn(house: House) -> None:
    number = house.start()["number"]
    observe_each_day(house, number)
    house.watch(WHOLE)
    house.submit(number)
    house.opine(number, "pass")
    assert house.life == "verified"

    again = house.start()["number"]
    assert (again, house.life) == ("V-2026-0002", "verifying")
    house.act("li", f"/verifications/{again}/withdraw", 200, reason="the main board is changed once more")
    assert house.life == "issued"


def test_one_error_of_the_kernel_fails_the_week_and_nobody_can_sign_it_as_a_pass(house: House) -> None:
    house.host.happened = [Happened(50 * 3600, "nvme0n1: I/O error, dev nvme0n1, sector 2048")]
    number = house.start()["number"]
    observe_each_day(house, number)
    house.watch(WHOLE)

    submitted = house.submit(number)

    assert submitted["verdict"] == "fail"
    failed = [result["criterion"] for result in submitted["results"] if result["outcome"] == "FAIL"]
    assert len(failed) == 1
    opinion = {"opinion": "pass", "password": PASSWORD}
    assert "fail" in house.refused("zhao", f"/verifications/{number}/opinion", 409, "1.5-18", **opinion)
    content = house.by("li").get(f"/api/v1/verifications/{number}/record").json()
    assert [line["text"] for line in content["events"]["lines"]] == [house.host.happened[0].text]
    house.opine(number, "fail", text="the disk goes back")
    assert house.life == "issued"
    launch = {"to": "in_production", "password": PASSWORD}
    house.refused("li", f"/devices/{DEVICE_NO}/life", 409, "1.5-16", **launch)
