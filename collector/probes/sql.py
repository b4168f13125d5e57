"""A database: how long it takes to sign in and to answer ``SELECT 1``, and the number of one query.

PostgreSQL through psycopg, MySQL and MariaDB through PyMySQL, each session read-only.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

import psycopg
import pymysql
from msgspec import Meta

from collector.probes.failing import failed
from collector.probes.stated import NO_SECRET, Host, LimitS, Name, Port, Secret, Settings, Text, WrongSettings
from readings.model import Event, Gap, Sample, Severity, SourceFailed

PORTS = {"postgresql": 5432, "mysql": 3306}
QUERY = re.compile(r"\s*(select|with|show)\b[^;]*;?\s*", re.IGNORECASE)
# MySQL's numbers of errors: access denied, by account or to a database; unknown database.
REFUSED_NUMBERS = {1044, 1045, 1142, 1227, 1698, 3118}
NO_DATABASE_NUMBER = 1049
SAID_REFUSED = re.compile(r"authentication|pg_hba|password supplied|role .* exist|认证|密码|角色")
SAID_NO_DATABASE = re.compile(r'database ".*" does not exist|数据库.*不存在')
CONNECT_NUMBERS = {2002, 2003, 2005}


class SqlSettings(Settings, frozen=True, kw_only=True):
    """``query`` is one SELECT that gives one number; ``name`` is the database's on the page, ``query_name`` its."""

    engine: Literal["postgresql", "mysql"]
    host: Host
    port: Port | None = None
    user: Name
    password: Secret = NO_SECRET
    database: Annotated[str, Meta(max_length=64)] = ""
    name: Name = "database"
    query: Text = ""
    query_name: Name = "query"
    time_limit_s: LimitS = 10.0

    def __post_init__(self) -> None:
        if self.query and QUERY.fullmatch(self.query) is None:
            raise WrongSettings("SqlSettings: query: not one SELECT")

    @property
    def place(self) -> str:
        return f"{self.engine} {self.host} port {self.port or PORTS[self.engine]}"


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """``number`` is a gap with ``why`` when the query failed or gave none; None where no query is configured."""

    name: str
    connect_s: float
    answer_s: float
    query_name: str = ""
    number: float | Gap | None = None
    why: str = ""


async def ask(settings: SqlSettings) -> SqlAnswer:
    """Raises SourceFailed."""
    look = _postgresql if settings.engine == "postgresql" else _mysql
    tried = f"{settings.place} as {settings.user}"
    try:
        # The drivers end by their own limits; a thread that outlives ours is not waited for.
        async with asyncio.timeout(settings.time_limit_s + 2.0):
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
        number, why = _query_gap(error), f"{settings.place}: {_words(error, settings.password)}"
    return SqlAnswer(settings.name, connect_s, answer_s, settings.query_name, number, why)


def number_of(row: Any) -> tuple[float | Gap, str]:
    """The only value of a row, as a number."""
    if not row:
        return Gap.UNREADABLE, "the query gave no row"
    if len(row) != 1:
        return Gap.UNREADABLE, f"the query gave {len(row)} columns, not one"
    value = row[0]
    if value is None:
        return Gap.UNREADABLE, "the query gave NULL"
    if not isinstance(value, int | float | Decimal):
        return Gap.UNREADABLE, f"the query gave {type(value).__name__}, not a number"
    number = float(value)
    return (number, "") if math.isfinite(number) else (Gap.UNREADABLE, "the query gave no finite number")


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
        raise SourceFailed(postgresql_gap(error), f"{tried}: {_words(error, settings.password)}") from None


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
        raise SourceFailed(_mysql_gap(error), f"{tried}: {_words(error, settings.password)}") from None


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


def _words(error: Exception, password: Secret) -> str:
    return password.hidden_in(" ".join(str(error).split()))[:300]


def read(answer: SqlAnswer, before: str = "") -> Iterator[Sample | Event]:
    """``before``: why the query failed last, so that the same trouble is an event once."""
    yield Sample("sql_connect_seconds", answer.connect_s, answer.name)
    yield Sample("sql_answer_seconds", answer.answer_s, answer.name)
    if answer.number is not None:
        yield Sample("sql_number", answer.number, answer.query_name)
    if answer.why and answer.why != before:
        yield Event("sql", "sql_number_unknown", Severity.WARNING, f"{answer.query_name}: {answer.why}")
