"""What people did before the pages are looked at: a week that was signed, and the work of this day under way."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from server.centre import Centre, Settings
from server.people.register import create_person
from server.people.tables import Person
from server.people.tokens import create_token
from server.times import to_ns
from tests.fixtures_centre import OURS, PASSWORD, Client, HandClock
from tests.verifying_runs.house import DEVICE_NO, House
from tests.weeks import HOUR_S, Happened, WatchedHost

CARD = {
    "name": "报盘机四",
    "vendor": "HP",
    "model": "ProLiant DL380 Gen10",
    "serial": "CZ29340K7P",
    "location": "机房一 A07-12U",
    "purpose": "报盘",
    "owner_dept": "信息技术部",
    "owner": "系统管理岗",
    "stocked_on": "2026-10-20",
    "issued_on": "2026-11-01",
}
NAMES = {"li": "李工", "wang": "王工", "zhao": "赵工"}
DAY_H = 24
HOLE = (80 * HOUR_S, 80 * HOUR_S + 11 * 60)  # eleven minutes nobody read


def a_signed_week(data: Path) -> None:
    """A centre of eight days ago, its clock in our hand: a week with a gap is watched, submitted and signed."""
    clock = HandClock()
    clock.now = datetime.now(UTC) - timedelta(days=8)  # noqa: TID251 - the week lies before the day of the pictures
    centre = Centre.open(Settings(data=data), clock)
    clients: list[Client] = []
    with asyncio.Runner() as runner:

        def visit(*_: object) -> Client:
            clients.append(Client(centre, runner, "http://centre"))
            return clients[-1]

        def person(name: str, *posts: str) -> Person:
            return create_person(
                centre.records,
                name=name,
                password=PASSWORD,
                display_name=NAMES[name],
                posts=posts,
                scope="write",
                actor=OURS,
                now=clock(),
            )

        try:
            _watch_and_sign(centre, clock, visit, person)
        finally:
            for each in clients:
                runner.run(each.http.aclose())
            centre.close()


def _watch_and_sign(centre: Centre, clock: HandClock, visit: Any, person: Any) -> None:
    centre.rounds.stop()
    token = create_token(centre.records, name="setting up", scope="admin", actor=OURS, now=clock())[1]
    boss, agent = visit().bear(token), visit()
    assert boss.post("/api/v1/devices", json={"device_no": DEVICE_NO, **CARD}).status_code == 201
    invitation = boss.post("/api/v1/enrolments", json={"device_no": DEVICE_NO}).json()["token"]
    given = agent.post("/api/v1/enrol", json={"token": invitation, "hostname": "srv", "facts": {}}).json()
    agent.bear(given["credential"])
    host = WatchedHost(
        DEVICE_NO,
        to_ns(clock()),
        happened=[Happened(30 * HOUR_S, "ixgbe 0000:3b:00.0 eth0: NIC Link is Up 10 Gbps", severity=5)],
        unread=[HOLE],
    )
    house = House(centre, clock, visit, person, agent, host)
    number = house.start()["number"]
    for day in range(7):
        house.watch(DAY_H * day + 12)
        house.act("wang", f"/verifications/{number}/observations", 201, alarm=False, note="指示灯正常，风扇无异响")
    house.watch(168.5)
    house.submit(number)
    house.opine(number, "pass", text="一周监控无报警，同意上线")
    assert house.life == "verified"


def work_of_the_day(url: str, password: str) -> None:
    """A round of the hosts with something confirmed, overridden and reviewed; a verification under way."""
    with closing(signed_in(url, "jia", password)) as jia, closing(signed_in(url, "yi", password)) as yi:
        run = said(jia.post("/api/v1/runs", json={"template": "host_round", "devices": ["SRV-0377", "SRV-0412"]}))
        for place, line in enumerate(run["items"][:7]):
            body: dict[str, Any] = {"version": line["version"]}
            if line["verdict"] == "no_data":
                body["note"] = "主机未接入此项"
            if place == 3:
                body |= {"result": "abnormal", "value": "71 %", "note": "现场看到目录 /opt 快满"}
            said(jia.post(f"/api/v1/runs/{run['number']}/items/{quote(line['item'])}/confirm", json=body))
        for line in run["items"][:2]:
            body = {"version": line["version"] + 1, "agree": True}
            said(yi.post(f"/api/v1/runs/{run['number']}/items/{quote(line['item'])}/review", json=body))
        said(jia.post("/api/v1/devices/SRV-0377/verifications", json={"purpose": "更换主板后重新验证"}))


def signed_in(url: str, name: str, password: str) -> httpx.Client:
    client = httpx.Client(base_url=url, timeout=30)
    told = said(client.post("/api/v1/sign-in", json={"name": name, "password": password}))
    client.headers["X-CSRF-Token"] = told["csrf"]
    return client


def said(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code < 300, answer.text
    told: dict[str, Any] = answer.json()
    return told
