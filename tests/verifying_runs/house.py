"""A centre with one device of the ledger, the people of a verification, and a host that can be watched for a week."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlmodel import select

from server.audit.chain import head
from server.audit.tables import AuditEntry
from server.centre import Centre
from server.devices.ledger import find_device
from server.devices.tables import Device
from server.times import from_ms
from server.verification.tables import VerificationRun
from tests.fixtures_centre import PASSWORD, Client, HandClock, MakePerson, Visit
from tests.weeks import WatchedHost, send

DEVICE_NO = "SRV-0101"
POSTS = {
    "li": ("sysadmin",),
    "wang": ("room_admin",),
    "zhao": ("security_admin",),
    "sun": ("security_admin", "room_admin"),  # an auxiliary post may be held beside it (1.1-4)
    "zhou": ("netadmin",),
    "wu": ("dept_head",),
}


@dataclass
class House:
    """The centre, and everybody of POSTS at a browser of their own (hired and signed in when first asked for)."""

    centre: Centre
    clock: HandClock
    visit: Visit
    person: MakePerson
    agent: Client
    host: WatchedHost
    browsers: dict[str, Client] = field(default_factory=dict)

    def by(self, name: str) -> Client:
        if name not in self.browsers:
            self.browsers[name] = self.visit()
            if name in POSTS:
                self.person(name, *POSTS[name])
        client = self.browsers[name]
        if client.get("/api/v1/me").status_code != 200:  # never, or too long ago
            client.http.cookies.clear()
            client.http.headers.pop("X-CSRF-Token", None)
            assert client.sign_in(name).status_code == 200
        return client

    def act(self, name: str, path: str, expect: int = 200, **body: Any) -> dict[str, Any]:
        answer = self.by(name).post(f"/api/v1{path}", json=body)
        assert answer.status_code == expect, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def start(self, name: str = "li", expect: int = 201, **body: Any) -> dict[str, Any]:
        return self.act(name, f"/devices/{DEVICE_NO}/verifications", expect, **body)

    def submit(self, number: str, name: str = "li", expect: int = 200, **body: Any) -> dict[str, Any]:
        return self.act(name, f"/verifications/{number}/submit", expect, **{"password": PASSWORD, **body})

    def opine(self, number: str, opinion: str, name: str = "zhao", expect: int = 200, **body: Any) -> dict[str, Any]:
        given = {"opinion": opinion, "password": PASSWORD, **body}
        return self.act(name, f"/verifications/{number}/opinion", expect, **given)

    def refused(self, name: str, path: str, status: int, clause: str = "", **body: Any) -> str:
        """Why not, told in both languages. Nothing was changed: no run, not the device, and the chain has no more."""
        self.by(name)
        before = self.standing()
        told = self.act(name, path, status, **body)
        assert told.get("clause", "") == clause, told
        assert told["title"] != "Refused" or told["detail_zh"], told
        assert self.standing() == before
        detail: str = told["detail"]
        return detail

    def look(self, number: str) -> dict[str, Any]:
        told: dict[str, Any] = self.by("li").get(f"/api/v1/verifications/{number}").json()
        return told

    def watch(self, hours: float) -> None:
        """The host is read until so many hours after its boot, and all of it is in the stores."""
        send(self.host, hours * 3600, self._post, self._set_clock)
        assert self.centre.pump.drain(60)

    def _post(self, body: bytes) -> None:
        answer = self.agent.post("/api/v1/batches", content=body)
        assert answer.status_code == 200, answer.text

    def _set_clock(self, now_ns: int) -> None:
        self.clock.now = from_ms(now_ns // 10**6)

    @property
    def life(self) -> str:
        return find_device(self.centre.records, DEVICE_NO).life

    def run(self, number: str) -> VerificationRun:
        with self.centre.records.session() as session:
            return session.exec(select(VerificationRun).where(VerificationRun.number == number)).one()

    def acts(self) -> list[str]:
        """What the chain holds of verifications, in order."""
        with self.centre.records.session() as session:
            rows = session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()  # type: ignore[arg-type]  # a column, to SQLAlchemy
        return [row.act for row in rows if row.act.startswith("verification.")]

    def standing(self) -> tuple[str, list[dict[str, Any]], str]:
        """The head of the chain, every run, the life of the device: what a refused act leaves as it is."""
        with self.centre.records.session() as session:
            runs = [row.model_dump() for row in session.exec(select(VerificationRun)).all()]
            device = session.get(Device, DEVICE_NO)
            assert device is not None
            return str(head(session)), runs, device.life
