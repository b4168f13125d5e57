"""An alarm by an event is closed by a person with a reason; the event stays; no token and no stranger closes any."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from sqlmodel import select

from checklists.sentences import Text
from checklists.verdicts import RuleSeverity
from readings.wire import Batch, Tick, WireEvent
from server.alarms.opening import open_for_findings
from server.alarms.queries import event_alarms, open_alarms
from server.audit.chain import verify
from server.audit.tables import AuditEntry
from server.centre import Centre
from server.happenings.happenings import Happenings
from server.happenings.queries import events
from server.inbox.arrival import Arrival, Sender
from server.times import to_ms
from tests.fixtures_centre import Client, HandClock, MakePerson, MakeToken, Visit

SAID = {"reason": "换了 DIMM3，重新自检通过"}
FINDING = SimpleNamespace(
    device_no="SRV-1", rule="memory_used", part="", severity=RuleSeverity.WARNING, at_ms=1, text=Text("内存", "memory")
)
Happen = Callable[[int], list[int]]


@pytest.fixture
def boss(visit: Visit, token: MakeToken) -> Client:
    client = visit().bear(token("admin"))
    client.post("/api/v1/devices", json={"device_no": "SRV-1", "name": "交易前置一", "kind": "server"})
    return client


@pytest.fixture
def duty(boss: Client, visit: Visit, person: MakePerson) -> Client:
    person("li", scope="write", display_name="李值班")
    client = visit()
    assert client.sign_in("li").status_code == 200
    return client


@pytest.fixture
def happen(centre: Centre, clock: HandClock) -> Happen:
    """So many kernel errors, one a second: the ids of their alarms."""
    told = Happenings(centre.records)
    number = iter(range(1, 1000))

    def errors(count: int) -> list[int]:
        now_ms, first = to_ms(clock()), next(number)
        sent = [WireEvent("", 0, at, "kernel", "error", 3, f"EDAC MC0: error {first}-{at}") for at in range(count)]
        batch = Batch(["boot"], [Tick(first, 0, first * 10**9, 0)], events=sent, interval_s=15.0)
        told.apply([Arrival(first, Sender("a", "SRV-1"), "e1", now_ms, batch, None, [now_ms], None, False)])
        return sorted(alarm.id or 0 for alarm in open_alarms(centre.records, "SRV-1"))

    return errors


def acts(centre: Centre) -> list[AuditEntry]:
    with centre.records.session() as session:
        assert verify(session).holds
        return list(session.exec(select(AuditEntry).where(AuditEntry.act == "alarms.closed")).all())


def test_one_is_closed_by_name_with_a_reason_and_its_event_stays(
    centre: Centre, clock: HandClock, duty: Client, happen: Happen
) -> None:
    first, second = happen(2)
    before = [row.text for row in events(centre.records, "SRV-1", 0, to_ms(clock()) + 1)]
    answer = duty.post(f"/api/v1/alarms/{first}/close", json=SAID)
    assert (answer.status_code, answer.json()["closed_by"]) == (200, "li")
    assert [alarm.id for alarm in open_alarms(centre.records)] == [second]
    assert [row.text for row in events(centre.records, "SRV-1", 0, to_ms(clock()) + 1)] == before
    (entry,) = acts(centre)
    assert (entry.actor, entry.actor_kind, entry.subject) == ("li", "person", "device/SRV-1")
    assert json.loads(entry.new or "")["reason"] == SAID["reason"]


def test_all_are_closed_up_to_the_newest_that_was_seen(centre: Centre, duty: Client, happen: Happen) -> None:
    seen = happen(3)
    later = happen(1)[-1]
    answer = duty.post("/api/v1/devices/SRV-1/alarms/close", json={**SAID, "up_to": seen[-1]})
    assert (answer.status_code, answer.json()) == (200, {"closed": 3})
    assert [alarm.id for alarm in open_alarms(centre.records)] == [later]


def test_a_device_is_well_again_when_its_alarms_are_closed(
    centre: Centre, clock: HandClock, duty: Client, happen: Happen
) -> None:
    numbers = happen(2)
    assert event_alarms(centre.records, to_ms(clock()))["SRV-1"].count == 2
    duty.post("/api/v1/devices/SRV-1/alarms/close", json={**SAID, "up_to": numbers[-1]})
    assert event_alarms(centre.records, to_ms(clock())) == {}


@pytest.mark.parametrize("reason", ["", "  \n", "长" * 501])
def test_without_a_fitting_reason_nothing_is_closed(centre: Centre, duty: Client, happen: Happen, reason: str) -> None:
    (only,) = happen(1)
    assert duty.post(f"/api/v1/alarms/{only}/close", json={"reason": reason}).status_code == 422
    assert [alarm.id for alarm in open_alarms(centre.records)] == [only]
    assert acts(centre) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/api/v1/alarms/{2**70}/close", b'{"reason": "x"}'),
        ("/api/v1/devices/SRV-1/alarms/close", f'{{"reason": "x", "up_to": {2**70}}}'.encode()),
        ("/api/v1/alarms/1/close", b'{"reason": "a\\u0000b"}'),
        ("/api/v1/alarms/1/close", b'{"reason": "a\\ud800b"}'),
    ],
    ids=["a number beyond all", "up to beyond all", "a zero byte", "half a letter"],
)
def test_what_no_database_can_hold_is_refused(duty: Client, happen: Happen, path: str, body: bytes) -> None:
    happen(1)
    answer = duty.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}


def test_what_a_finding_opened_is_closed_by_the_finding_alone(centre: Centre, clock: HandClock, duty: Client) -> None:
    with centre.records.writing() as session:
        open_for_findings(session, [FINDING])
    (alarm,) = open_alarms(centre.records)
    answer = duty.post(f"/api/v1/alarms/{alarm.id}/close", json=SAID)
    assert answer.status_code == 409
    assert "closes when that is well again" in answer.text
    assert [one.id for one in open_alarms(centre.records)] == [alarm.id]


def test_twice_is_once_and_what_is_not_there_is_not_found(duty: Client, happen: Happen) -> None:
    (only,) = happen(1)
    assert duty.post(f"/api/v1/alarms/{only}/close", json=SAID).status_code == 200
    again = duty.post(f"/api/v1/alarms/{only}/close", json=SAID)
    assert (again.status_code, "li" in again.json()["detail"]) == (409, True)
    assert duty.post("/api/v1/alarms/999999/close", json=SAID).status_code == 404
    assert duty.post("/api/v1/devices/SRV-1/alarms/close", json={**SAID, "up_to": only}).status_code == 409
    assert duty.post("/api/v1/devices/NO-1/alarms/close", json={**SAID, "up_to": only}).status_code == 404


def test_no_token_no_reader_and_no_stranger_closes(
    centre: Centre, boss: Client, visit: Visit, person: MakePerson, happen: Happen
) -> None:
    (only,) = happen(1)
    person("kan", scope="read")
    reader = visit()
    reader.sign_in("kan")
    for who, status in ((boss, 403), (reader, 403), (visit(), 401)):
        assert who.post(f"/api/v1/alarms/{only}/close", json=SAID).status_code == status
        assert who.post("/api/v1/devices/SRV-1/alarms/close", json={**SAID, "up_to": only}).status_code == status
    assert [alarm.id for alarm in open_alarms(centre.records)] == [only]
    assert acts(centre) == []


def test_the_page_shows_them_and_closes_them_in_the_readers_name(centre: Centre, duty: Client, happen: Happen) -> None:
    numbers = happen(12)
    page = duty.get("/devices/SRV-1", headers={"accept": "text/html"}).text
    assert "待处理的事件告警" in page
    assert "更早的还有 4 条" in page
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    form = {"csrf": csrf, "up_to": str(numbers[-1]), "reason": SAID["reason"]}
    answer = duty.post("/devices/SRV-1/alarms/close", data=form, headers={"accept": "text/html"})
    assert answer.status_code == 303
    after = duty.get("/devices/SRV-1", headers={"accept": "text/html"}).text
    assert "已关闭 12 条事件告警" in after
    assert "待处理的事件告警" not in after
    assert [entry.actor for entry in acts(centre)] == ["li"]


def test_a_form_without_its_mark_closes_nothing(centre: Centre, duty: Client, happen: Happen) -> None:
    (only,) = happen(1)
    del duty.http.headers["X-CSRF-Token"]
    answer = duty.post("/devices/SRV-1/alarms/close", data={"up_to": str(only), "reason": "x"})
    assert answer.status_code == 403
    assert [alarm.id for alarm in open_alarms(centre.records)] == [only]
