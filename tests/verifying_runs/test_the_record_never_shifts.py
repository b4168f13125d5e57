"""What was frozen stays as it was: history may be pruned, people leave, the card change."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from evidence_check import MAX_LINE_BYTES
from server.audit.chain import canonical, head, verify
from server.times import to_ms
from server.verification.gathering import seen_in
from server.verification.record import record_content
from server.verification.runs import id_of
from server.verification.strips import strips
from tests.fixtures_centre import PASSWORD
from tests.verifying_runs.house import DEVICE_NO, House
from tests.weeks import Happened

CHECKER = Path(__file__).parents[2] / "evidence_check.py"


def submitted(house: House) -> str:
    house.host.happened = [Happened(1200, "usb 1-1: device descriptor read error", severity=4)]
    house.host.unread = [(1500, 1740)]
    number: str = house.start(window="1 h")["number"]
    house.watch(0.8)
    house.act("wang", f"/verifications/{number}/observations", 201, alarm=False, note="all green")
    house.watch(1.2)
    house.submit(number)
    return number


def record(house: House, number: str) -> bytes:
    answer = house.by("li").get(f"/api/v1/verifications/{number}/record")
    assert answer.status_code == 200
    return answer.content


def test_the_record_is_the_same_bytes_whatever_becomes_of_the_stores(house: House) -> None:
    number = submitted(house)
    before = record(house, number)
    shown = house.look(number)
    with house.centre.records.writing() as session:
        for statement in (
            "DELETE FROM event",
            "DELETE FROM fact",
            "DELETE FROM fact_change",
            "DELETE FROM history_segment",
            "UPDATE device SET name = 'another', location = 'elsewhere'",
            "UPDATE person SET display_name = 'somebody'",
        ):
            session.connection().exec_driver_sql(statement)

    assert record(house, number) == before
    after = house.look(number)
    assert {key: after[key] for key in ("results", "coverage", "verdict")} == {
        key: shown[key] for key in ("results", "coverage", "verdict")
    }
    assert hashlib.sha256(before).hexdigest() == after["record_sha256"]


def test_the_record_holds_everything_a_report_needs(house: House) -> None:
    number = submitted(house)
    told = record(house, number)
    content = json.loads(told)

    assert canonical(content).encode() == told
    assert content["run"]["number"] == number
    assert content["run"]["trial"] is True
    assert content["device"]["purpose"] == "报盘"
    assert hashlib.sha256(canonical(content["profile"]["content"]).encode()).hexdigest() == content["profile"]["hash"]
    assert content["gaps"] == {
        "count": 1,
        "minutes": 4,
        "holes": [
            {
                "start_ms": content["run"]["started_ms"] + 25 * 60_000,
                "end_ms": content["run"]["started_ms"] + 29 * 60_000,
                "reason": "unreachable",
            }
        ],
    }
    assert [line["text"] for line in content["events"]["lines"]] == ["usb 1-1: device descriptor read error"]
    assert content["boots"][0]["boot_id"] == house.host.boot_id
    assert content["observations"][0]["observer"] == "wang"
    assert {fact["key"] for fact in content["facts"]} == {"boot_id", "kernel", "os"}
    assert {person["name"]: person["posts"] for person in content["people"]} == {
        "li": ["sysadmin"],
        "wang": ["room_admin"],
    }
    assert "silent_data_corruption" in content["limits"]
    drawn = {strip.title.en: strip for strip in strips(content["minutes"])}
    assert drawn["CPU busy"].limit == 0.8
    assert [point.value is None for point in drawn["CPU busy"].points][24:30] == [False, True, True, True, True, False]


def test_the_record_names_the_head_of_the_chain_it_was_frozen_upon(house: House) -> None:
    number = submitted(house)
    content = json.loads(record(house, number))

    with house.centre.records.session() as session:
        chain = verify(session)
        assert chain.holds
        sequence = int(content["audit_head"].partition(":")[0])
        assert sequence < head(session).sequence
    acts = house.look(number)["acts"]
    assert [act["act"] for act in acts] == ["started", "observed", "submitted"]
    assert acts[-1]["sequence"] == sequence + 1
    assert acts[-1]["what"]["record_sha256"] == house.look(number)["record_sha256"]


def test_the_same_stores_give_the_same_record(house: House) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(1.1)
    run = house.run(number)

    texts = []
    for _ in range(2):
        judged = house.centre.verifications.judge(run, to_ms(house.clock()))
        with house.centre.records.session() as session:
            texts.append(canonical(record_content(session, run, judged, seen_in(session, id_of(run)))))
    assert texts[0] == texts[1]


def test_a_record_that_was_changed_is_not_signed(house: House) -> None:
    number = submitted(house)
    with house.centre.records.writing() as session:
        connection = session.connection()
        connection.exec_driver_sql("DROP TRIGGER evidence_record_only_update")
        connection.exec_driver_sql("UPDATE evidence_record SET content = replace(content, '报盘', '测试')")

    body = {"opinion": "fail", "text": "no", "password": PASSWORD}
    assert "changed" in house.refused("zhao", f"/verifications/{number}/opinion", 409, "1.4-1", **body)


def test_there_is_no_record_before_somebody_submits(house: House) -> None:
    number = house.start(window="1 h")["number"]

    answer = house.by("li").get(f"/api/v1/verifications/{number}/record")

    assert answer.status_code == 404
    assert "running" in answer.json()["detail"]


def test_a_record_known_already_is_not_sent_again(house: House) -> None:
    number = submitted(house)
    etag = f'"{house.look(number)["record_sha256"]}"'

    answer = house.by("li").get(f"/api/v1/verifications/{number}/record", headers={"If-None-Match": etag})

    assert (answer.status_code, answer.content) == (304, b"")


def test_the_ledger_of_the_device_keeps_each_step(house: House) -> None:
    number = submitted(house)
    house.act("zhao", f"/verifications/{number}/opinion", opinion="fail", text="too short", password=PASSWORD)

    with house.centre.records.session() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT kind, new, note, reference FROM device_entry WHERE kind = 'verification' ORDER BY id"
        )
        assert [tuple(row) for row in rows] == [
            ("verification", "started", "", number),
            ("verification", "submitted", "", number),
            ("verification", "signed", "too short", number),
        ]
    assert (
        house.by("li").get(f"/api/v1/devices/{DEVICE_NO}/verifications").json()["verifications"][0]["opinion"] == "fail"
    )


def test_the_record_goes_out_as_a_file_that_proves_itself(house: House, tmp_path: Path) -> None:
    number = submitted(house)
    told = record(house, number)
    house.act("zhao", f"/verifications/{number}/opinion", opinion="fail", text="a trial", password=PASSWORD)

    file = tmp_path / "evidence.jsonl"
    file.write_bytes(house.by("li").get(f"/api/v1/verifications/{number}/export").content)

    done = subprocess.run([sys.executable, CHECKER, file], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert hashlib.sha256(told).hexdigest() in file.read_text()


def test_a_storm_of_long_lines_does_not_outgrow_a_line_of_evidence(house: House) -> None:
    line = "磁盘" * 4_000
    house.host.happened = [Happened(600 + place, f"{place} {line}") for place in range(700)]
    number = house.start(window="1 h")["number"]
    house.watch(1.1)
    house.submit(number)

    content = json.loads(record(house, number))

    assert len(record(house, number)) < MAX_LINE_BYTES / 2
    assert (content["events"]["count"], len(content["events"]["lines"])) == (700, 500)
    assert content["events"]["cut"] is False


def test_the_strips_of_a_page_are_those_judged_last_and_then_those_of_the_record(house: House) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.5)
    house.centre.rounds.once()
    judged = house.centre.verifications.newest_of(house.run(number))
    assert judged is not None
    house.watch(1.1)
    house.submit(number)

    assert [len(strip.points) for strip in strips(judged.course)] == [30] * 6
    assert [len(strip.points) for strip in strips(json.loads(record(house, number))["minutes"])] == [66] * 6
