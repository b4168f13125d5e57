"""A Redfish controller of the tests' own: a tree of resources, sessions or passwords, pages, delays and errors."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.loopback import serving

USER, PASSWORD = "watch", "planted-secret"
SESSIONS = "/redfish/v1/SessionService/Sessions"


def link(path: str) -> dict[str, str]:
    return {"@odata.id": f"/redfish/v1/{path}"}


def ok(**more: str) -> dict[str, str]:
    return {"State": "Enabled", "Health": "OK", **more}


def entry(number: int, message: str, severity: str = "Warning", created: str = "") -> dict[str, Any]:
    stamp = created or f"2026-11-24T08:{number:02d}:00+00:00"
    return {"Id": str(number), "Created": stamp, "Severity": severity, "Message": message}


def tree() -> dict[str, Any]:
    """By path under /redfish/v1/; a list is a collection, served in pages."""
    return {
        "": {"RedfishVersion": "1.11.0", **{name: link(name) for name in ("Systems", "Chassis", "Managers")}},
        "Systems": [link("Systems/1")],
        "Systems/1": {
            "Name": "node-1",
            "Manufacturer": "Proposal",
            "Model": "R9",
            "SerialNumber": "SN0001",
            "BiosVersion": "2.1",
            "PowerState": "On",
            "Status": ok(HealthRollup="Warning"),
            "MemorySummary": {"Status": ok()},
            "LogServices": link("Systems/1/LogServices"),
        },
        "Systems/1/LogServices": [link("Systems/1/LogServices/SEL")],
        "Systems/1/LogServices/SEL": {"Name": "SEL", "Entries": link("Systems/1/LogServices/SEL/Entries")},
        "Systems/1/LogServices/SEL/Entries": [entry(number, f"record {number}") for number in range(1, 8)],
        "Chassis": [link("Chassis/1")],
        "Chassis/1": {
            "Name": "Rack Mount Chassis",
            "Status": ok(),
            "Thermal": link("Chassis/1/Thermal"),
            "Power": link("Chassis/1/Power"),
        },
        "Chassis/1/Thermal": {
            "Temperatures": [
                {"Name": "Inlet Temp", "ReadingCelsius": 23, "Status": ok()},
                {"Name": "CPU1 Temp", "ReadingCelsius": 91, "Status": ok(Health="Critical")},
                {"Name": "CPU2 Temp", "ReadingCelsius": None, "Status": {"State": "Absent"}},
                {"Name": "PCH Temp", "ReadingCelsius": None, "Status": ok()},
            ],
            "Fans": [
                {"Name": "Fan 1", "Reading": 5040, "ReadingUnits": "RPM", "Status": ok()},
                {"FanName": "Fan 2", "Reading": 35, "ReadingUnits": "Percent", "Status": ok(Health="Warning")},
                {"Name": "Fan 3", "Reading": 35, "Status": ok(Health="Splendid")},
            ],
        },
        "Chassis/1/Power": {
            "PowerSupplies": [
                {"Name": "PSU", "PowerOutputWatts": 210, "LineInputVoltage": 229, "Status": ok()},
                {"Name": "PSU", "LastPowerOutputWatts": 0, "Status": {"State": "UnavailableOffline"}},
            ],
            "PowerControl": [{"Name": "System Power Control", "PowerConsumedWatts": 242.5}],
        },
        "Managers": [link("Managers/1")],
        "Managers/1": {"Name": "Manager", "FirmwareVersion": "7.00", "Status": ok()},
    }


@dataclass
class RedfishServer:
    """``instead``: path → (status, body) of single resources; ``slow``: path → seconds."""

    port: int = 0
    tree: dict[str, Any] = field(default_factory=tree)
    page: int = 3
    sessions: bool = True
    instead: dict[str, tuple[int, str]] = field(default_factory=dict)
    slow: dict[str, float] = field(default_factory=dict)
    next_links: dict[str, str] = field(default_factory=dict)
    open_sessions: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split("\r\n")[0].split()
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.asked.append(f"{method} {target}")
            status, more, answer = self.answer(method, target, headers, body)
            await asyncio.sleep(self.slow.get(target.partition("?")[0], 0))
            content = answer.encode()
            lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", *more]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
            await writer.drain()

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, list[str], str]:
        path, _, skip = target.partition("?$skip=")
        if path == SESSIONS and method == "POST":
            if not self.sessions:
                return 405, [], "{}"
            if json.loads(body) != {"UserName": USER, "Password": PASSWORD}:
                return 401, [], json.dumps({"error": {"message": f"no {body.decode()}"}})
            token = f"token{len(self.asked)}"
            self.open_sessions.add(token)
            return 201, [f"X-Auth-Token: {token}", f"Location: {SESSIONS}/{token}"], "{}"
        if path.startswith(f"{SESSIONS}/") and method == "DELETE":
            self.open_sessions.discard(path.rpartition("/")[2])
            return 204, [], ""
        basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if headers.get("x-auth-token") not in self.open_sessions and headers.get("authorization") != basic:
            return 401, [], "{}"
        return self.resource(path, int(skip or 0))

    def resource(self, path: str, skip: int) -> tuple[int, list[str], str]:
        name = path.removeprefix("/redfish/v1/")
        if name in self.instead:
            status, body = self.instead[name]
            return status, [], body
        found = self.tree.get(name)
        if isinstance(found, list):
            page: dict[str, Any] = {"Members": found[skip : skip + self.page], "Members@odata.count": len(found)}
            if skip + self.page < len(found):
                page["Members@odata.nextLink"] = self.next_links.get(name, f"{path}?$skip={skip + self.page}")
            found = page
        return (404, [], "{}") if found is None else (200, [], json.dumps(found))


@asynccontextmanager
async def redfish(served: RedfishServer, tls: ssl.SSLContext | None = None) -> AsyncIterator[RedfishServer]:
    async with serving(served.serve, tls=tls) as served.port:
        yield served
