"""Oracle and SQL Server: what their drivers do without a server, and how their errors are understood."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import oracledb
import pytds
import pytest

from collector.probes.sql import ask
from collector.probes.sql_oracle import oracle_gap
from collector.probes.sql_server import server_gap
from collector.probes.sql_settings import SqlSettings
from collector.probes.stated import taken
from readings.model import Gap, SourceFailed

PASSWORD = "n0b0dy-sees-this"
NAMED = {"password": PASSWORD, "database": "shop", "time_limit_s": 1.0}


@pytest.mark.parametrize("engine", ["oracle", "sqlserver"])
@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x04\x01\x00\x08\x00\x00\x01\x00" * 4])
def test_what_is_no_such_server_is_a_gap_without_the_secret(
    engine: str, said: bytes, serving: Callable[..., Any]
) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(said)
        await writer.drain()

    async def run() -> None:
        async with serving(other) as port:
            place = {"engine": engine, "host": "127.0.0.1", "port": port, "user": "watch"}
            await ask(taken(SqlSettings, {**place, **NAMED}))

    with pytest.raises(SourceFailed, match=r"127\.0\.0\.1 port \d+ as watch") as failure:
        asyncio.run(run())
    assert failure.value.gap.word in {"unreadable", "unreachable", "timed_out"}
    assert PASSWORD not in f"{failure.value.detail} {failure.value.__cause__!r}"


def test_oracle_without_the_name_of_its_service_is_told_so() -> None:
    with pytest.raises(SourceFailed, match="name of the service is missing"):
        asyncio.run(ask(taken(SqlSettings, {"engine": "oracle", "host": "127.0.0.1", "user": "watch"})))


@pytest.mark.parametrize(
    ("code", "gap"),
    [
        ("ORA-01017", Gap.REFUSED),
        ("ORA-28000", Gap.REFUSED),
        ("ORA-12514", Gap.NOT_OFFERED),
        ("ORA-00942", Gap.NOT_OFFERED),
        ("DPY-4024", Gap.TIMED_OUT),
        ("ORA-00600", Gap.UNREADABLE),
    ],
)
def test_oracle_is_understood_by_the_numbers_of_its_errors(code: str, gap: Gap) -> None:
    assert oracle_gap(oracledb.DatabaseError(SimpleNamespace(full_code=code))) is gap


@pytest.mark.parametrize(
    ("number", "gap"),
    [(18456, Gap.REFUSED), (229, Gap.REFUSED), (4060, Gap.NOT_OFFERED), (208, Gap.NOT_OFFERED), (8134, Gap.UNREADABLE)],
)
def test_sql_server_is_understood_by_the_numbers_of_its_messages(number: int, gap: Gap) -> None:
    error = pytds.OperationalError("任何语言")
    error.msg_no = number
    assert server_gap(error) is gap


def test_the_drivers_of_few_are_not_loaded_for_all() -> None:
    seen = "import sys, collector.probes.kinds; print(sorted({'oracledb', 'pytds'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"
