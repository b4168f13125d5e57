"""The opinion "extend": the watching goes on, the submission is void, its record stays; and how runs are numbered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlmodel import select

from server.audit.chain import Actor
from server.devices.ledger import add_device
from server.devices.tables import Device
from server.evidence.tables import EvidenceRecord
from server.verification.runs import start
from tests.fixtures_centre import OURS
from tests.verifying_runs.house import House


def test_an_extended_run_is_watched_on_and_submitted_anew(house: House) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.5)
    first = house.submit(number)
    assert first["verdict"] == "inconclusive"

    extended = house.opine(number, "extend", text="half an hour is missing", record_sha256=first["record_sha256"])

    assert (extended["state"], house.life) == ("running", "verifying")
    assert extended["submitted_by"] is extended["ended_at"] is extended["record_sha256"] is None
    assert extended["opinion"] == ""
    house.watch(1.2)
    second = house.submit(number, "wang")
    assert second["verdict"] == "pass"
    assert second["record_sha256"] != first["record_sha256"]
    house.opine(number, "fail", text="a trial proves nothing")
    assert house.life == "issued"
    with house.centre.records.session() as session:
        kept = {record.sha256 for record in session.exec(select(EvidenceRecord)).all()}
    assert kept == {first["record_sha256"], second["record_sha256"]}
    acts = house.look(number)["acts"]
    assert [(act["act"], act["by"]["name"]) for act in acts] == [
        ("started", "li"),
        ("submitted", "li"),
        ("extended", "zhao"),
        ("submitted", "wang"),
        ("signed", "zhao"),
    ]
    assert acts[2]["what"] == {
        "opinion": "extend",
        "text": "half an hour is missing",
        "verdict": "inconclusive",
        "record_sha256": first["record_sha256"],
    }


def test_a_submitted_one_can_still_be_withdrawn_and_its_record_stays(house: House) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.5)
    submitted = house.submit(number)

    withdrawn = house.act("li", f"/verifications/{number}/withdraw", reason="the board is replaced")

    assert withdrawn["state"] == "withdrawn"
    assert withdrawn["record_sha256"] == submitted["record_sha256"]
    assert withdrawn["results"] == submitted["results"]
    assert house.life == "issued"


def test_numbers_count_within_the_houses_year(house: House) -> None:
    first = house.start(window="1 h")["number"]
    house.act("li", f"/verifications/{first}/withdraw", reason="again")
    house.clock.now = house.clock.now.replace(month=12, day=31, hour=15, minute=59)
    second = house.start(window="1 h")["number"]
    house.act("li", f"/verifications/{second}/withdraw", reason="again")
    house.clock.forward(minutes=1)  # midnight in Shanghai
    third = house.start(window="1 h")["number"]

    assert [first, second, third] == ["V-2026-0001", "V-2026-0002", "V-2027-0001"]
    listed = house.by("li").get("/api/v1/verifications").json()["verifications"]
    assert [run["number"] for run in listed] == [third, second, first]
    running = house.by("li").get("/api/v1/verifications", params={"state": "running"}).json()["verifications"]
    assert [run["number"] for run in running] == [third]
    assert house.look("3")["number"] == third


def test_starts_at_the_same_moment_get_numbers_of_their_own(house: House) -> None:
    starter = house.person("qian", "sysadmin")
    centre, now = house.centre, house.clock()
    devices = [f"SRV-{number}" for number in range(8)]
    with centre.records.writing() as session:
        for device_no in devices:
            add_device(session, Device(device_no=device_no, name="", created_ms=0), actor=OURS, now=now)

    def begin(device_no: str) -> str:
        return start(centre.records, device_no, starter, centre.profiles, actor=Actor("person", "qian"), now=now).number

    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(pool.map(begin, devices))
    assert numbers == [f"V-2026-{number:04}" for number in range(1, 9)]
