"""A switch of ours over real SSH, with a pager and moods."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import asyncssh

USER, PASSWORD = "watch", "planted-secret"
CONFIGURATION = """#
sysname SW-A
#
clock timezone Beijing add 08:00:00
#
local-user li password irreversible-cipher $1c$planted-user$
#
snmp-agent community read cipher %^%#planted-community%^%#
#
interface GigabitEthernet0/0/1
 description 核心上联
 port link-type trunk
#
return"""


@dataclass
class Device:
    """A switch that pages: ``answers`` by command. ``mood``: fine, hangs, drops, stubborn (the pager stays on)."""

    answers: dict[str, str] = field(default_factory=lambda: {"display current-configuration": CONFIGURATION})
    mood: str = "fine"
    page: int = 4
    options: dict[str, Any] = field(default_factory=dict)
    port: int = 0
    heard: list[str] = field(default_factory=list)
    sessions: int = 0
    most_sessions: int = 0

    async def serve(self, session: asyncssh.SSHServerProcess[str]) -> None:
        self.sessions += 1
        self.most_sessions = max(self.most_sessions, self.sessions)
        paging = True
        try:
            session.stdout.write("\r\nInfo: welcome\r\n<SW-A>")
            while line := await self._line(session):
                command = line.strip()
                self.heard.append(command)
                if command == "screen-length 0 temporary":
                    paging = self.mood == "stubborn"
                    session.stdout.write("Info: off\r\n")
                elif command and self.mood == "hangs":
                    await session.stdin.read()  # until the other side goes away
                    return
                elif command and self.mood == "drops":
                    return
                elif command:
                    answer = self.answers.get(command, "        ^\nError: Unrecognized command found at '^' position.")
                    await self._tell(session, answer, paging=paging)
                session.stdout.write("<SW-A>")
        finally:
            self.sessions -= 1
            session.exit(0)

    async def _line(self, session: asyncssh.SSHServerProcess[str]) -> str:
        """One line, echoed as devices do."""
        line = ""
        while not line.endswith(("\r", "\n")):
            key = await session.stdin.read(1)
            if not key:
                return ""
            line += key
        session.stdout.write(line.strip() + "\r\n")
        return line

    async def _tell(self, session: asyncssh.SSHServerProcess[str], answer: str, *, paging: bool) -> None:
        for number, line in enumerate(answer.split("\n")):
            if paging and number and number % self.page == 0:
                session.stdout.write("  ---- More ----")
                await session.stdin.read(1)
                session.stdout.write("\x1b[42D" + " " * 42 + "\x1b[42D")
            session.stdout.write(f"{line}\r\n")


class Gate(asyncssh.SSHServer):
    connection: asyncssh.SSHServerConnection

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connection = conn

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)
