"""Every answer about a verification has the shape the API's description gives it, at each stage of its life."""

from __future__ import annotations

from server.verification.answers import VERIFICATION_ANSWERS, VerificationsAnswer, VerificationWholeAnswer
from tests.fixtures_centre import PASSWORD
from tests.verifying_runs.house import DEVICE_NO, House


def test_each_stage_has_the_described_shape(house: House) -> None:
    started = house.start(window="1 h")
    number = started["number"]
    house.watch(0.5)
    said = [
        started,
        house.look(number),
        house.act("wang", f"/verifications/{number}/observations", 201, alarm=True, note="amber lamp"),
        house.submit(number),
        house.act("zhao", f"/verifications/{number}/opinion", opinion="fail", text="amber lamp", password=PASSWORD),
        house.look(number),
    ]

    for answer in said:
        VerificationWholeAnswer.model_validate(answer)
    again = house.start()["number"]
    VerificationWholeAnswer.model_validate(house.act("li", f"/verifications/{again}/withdraw", reason="enough"))
    for path in ("/verifications", f"/devices/{DEVICE_NO}/verifications"):
        told = house.by("li").get(f"/api/v1{path}").json()
        assert [run["number"] for run in VerificationsAnswer.model_validate(told).model_dump()["verifications"]] == [
            again,
            number,
        ]


def test_every_route_of_verifications_is_described(house: House) -> None:
    described = house.by("li").get("/api/v1/openapi.json").json()["paths"]

    there = {(method, path) for path, methods in described.items() for method in methods if "verification" in path}
    files = {("get", f"/api/v1/verifications/{name}") for name in ("{key}/record", "{verification}/export")}
    assert there == {*VERIFICATION_ANSWERS, *files}
