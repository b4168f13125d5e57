"""A database: how long it takes to sign in and to answer ``SELECT 1``, and the number of one query.

PostgreSQL through psycopg, MySQL and MariaDB through PyMySQL, each session read-only. Oracle and SQL Server have their
drivers in modules of their own, loaded only where they are asked.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pymysql

from collector.probes.failing import failed
from collector.probes.sql_settings import PORTS, SqlAnswer, SqlSettings, number_of, words_of
from readings.model import Event, Gap, Sample, Severity, SourceFailed

# MySQL's numbers of errors: access denied, by account or to a database; unknown database.
REFUSED_NUMBERS = {1044, 1045, 1142, 1227, 1698, 3118}
NO_DATABASE_NUMBER = 1049
SAID_REFUSED = re.compile(r"authentication|pg_hba|password supplied|role .* exist|认证|密码|角色")
SAID_NO_DATABASE = re.compile(r'database ".*" does not exist|数据库.*不存在')
CONNECT_NUMBERS = {2002, 2003, 2005}


async def ask(settings: SqlSettings) -> SqlAnswer:
    """Raises SourceFailed."""
    tried = f"{settings.place} as {settings.user}"
    try:
        # The drivers end by their own limits; a thread that outlives ours is not waited for.
        async with asyncio.timeout(settings.time_limit_s + 2.0):
            if settings.engine == "oracle":
                from collector.probes import sql_oracle  # noqa: PLC0415 - the driver is large, and few ask for it

                return await sql_oracle.look(settings, tried)
            if settings.engine == "sqlserver":
                from collector.probes import sql_server  # noqa: PLC0415 - few ask for it

                return await asyncio.to_thread(sql_server.look, settings, tried)
            look = _postgresql if settings.engine == "postgresql" else _mysql
            return await asyncio.to_thread(look, settings, tried)
    except TimeoutError as error:
        raise SourceFailed(Gap.TIMED_OUT, f"{tried}: no answer in {settings.time_limit_s:g} s") from error


def _timed(settings: SqlSettings, fetch: Callable[[str], Any], connect_s: float) -> SqlAnswer:
    started = time.perf_counter()
    fetch("SELECT 1")
    answer_s = time.perf_counter() - started
    if not settings.query:
        return SqlAnswer(settings.name, connect_s, answer_s)
    number: float | Gap
    try:
        number, why = number_of(fetch(settings.query.strip().rstrip(";")))
    except (psycopg.Error, pymysql.Error) as error:
        number, why = _query_gap(error), f"{settings.place}: {words_of(error, settings.password)}"
    return SqlAnswer(settings.name, connect_s, answer_s, settings.query_name, number, why)


def _postgresql(settings: SqlSettings, tried: str) -> SqlAnswer:
    limit_ms = int(settings.time_limit_s * 1000)
    started = time.perf_counter()
    try:
        with psycopg.connect(
            host=settings.host,
            port=settings.port or PORTS["postgresql"],
            user=settings.user,
            password=settings.password.reveal() or None,
            dbname=settings.database or settings.user,
            connect_timeout=max(2, math.ceil(settings.time_limit_s)),
            options=f"-c default_transaction_read_only=on -c statement_timeout={limit_ms}",
            application_name="zhishou",
            autocommit=True,
        ) as connection:
            connect_s = time.perf_counter() - started
            return _timed(settings, lambda query: connection.execute(query.encode()).fetchone(), connect_s)
    except psycopg.Error as error:
        raise SourceFailed(postgresql_gap(error), f"{tried}: {words_of(error, settings.password)}") from None


def postgresql_gap(error: psycopg.Error) -> Gap:
    """A refusal to connect carries no code through libpq, only words, in the language the server was set up with."""
    state, said = error.sqlstate or "", str(error)
    if state.startswith(("28", "42501")) or SAID_REFUSED.search(said):
        return Gap.REFUSED
    if state == "3D000" or SAID_NO_DATABASE.search(said):
        return Gap.NOT_OFFERED
    if state == "57014" or isinstance(error, psycopg.errors.ConnectionTimeout) or "timeout" in said:
        return Gap.TIMED_OUT
    if re.search(r"connection (?:to server|failed|is bad)|could not|resolve", said):
        return Gap.UNREACHABLE
    return Gap.UNREADABLE


def _mysql(settings: SqlSettings, tried: str) -> SqlAnswer:
    started = time.perf_counter()
    try:
        connection = pymysql.connect(
            host=settings.host,
            port=settings.port or PORTS["mysql"],
            user=settings.user,
            password=settings.password.reveal(),
            database=settings.database or None,
            connect_timeout=max(1, math.ceil(settings.time_limit_s)),
            read_timeout=settings.time_limit_s,
            write_timeout=settings.time_limit_s,
            program_name="zhishou",
            local_infile=False,
            autocommit=True,
        )
        try:
            connect_s = time.perf_counter() - started
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION TRANSACTION READ ONLY")

                def fetch(query: str) -> Any:
                    cursor.execute(query)
                    return cursor.fetchone()

                return _timed(settings, fetch, connect_s)
        finally:
            connection.close()
    except pymysql.Error as error:
        cause = error.original_exception if hasattr(error, "original_exception") else None
        if isinstance(cause, OSError):
            raise failed(cause, f"{tried}: connect", settings.time_limit_s) from None
        raise SourceFailed(_mysql_gap(error), f"{tried}: {words_of(error, settings.password)}") from None


def _mysql_gap(error: pymysql.Error) -> Gap:
    number = error.args[0] if error.args else 0
    if number in REFUSED_NUMBERS:
        return Gap.REFUSED
    if number == NO_DATABASE_NUMBER:
        return Gap.NOT_OFFERED
    if "timed out" in str(error):
        return Gap.TIMED_OUT
    return Gap.UNREACHABLE if number in CONNECT_NUMBERS else Gap.UNREADABLE


def _query_gap(error: Exception) -> Gap:
    if isinstance(error, psycopg.Error):
        return Gap.NOT_OFFERED if error.sqlstate == "42P01" else postgresql_gap(error)
    number = error.args[0] if error.args else 0
    return Gap.NOT_OFFERED if number == 1146 else _mysql_gap(pymysql.Error(*error.args))


def read(answer: SqlAnswer, before: str = "") -> Iterator[Sample | Event]:
    """``before``: why the query failed last, so that the same trouble is an event once."""
    yield Sample("sql_connect_seconds", answer.connect_s, answer.name)
    yield Sample("sql_answer_seconds", answer.answer_s, answer.name)
    if answer.number is not None:
        yield Sample("sql_number", answer.number, answer.query_name)
    if answer.why and answer.why != before:
        yield Event("sql", "sql_number_unknown", Severity.WARNING, f"{answer.query_name}: {answer.why}")
