"""PostgreSQL and MariaDB as they really are: time of an answer, a number, refusals, missing tables, locks, writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest

from collector.probes.sql import ask, postgresql_gap, read
from collector.probes.sql_settings import SqlAnswer, SqlSettings, number_of
from collector.probes.stated import WrongSettings, taken
from readings.model import Event, Gap, SourceFailed
from tests.probes.peers import accepts, as_user, folder_of, free_port, running, until

Values = Callable[..., dict[str, float | str]]
PASSWORD = "planted-secret"


@pytest.fixture(scope="module")
def postgresql(peer: Callable[[str], str]) -> Iterator[dict[str, Any]]:
    programs = Path(peer("postgres")).parent
    with folder_of("postgres") as folder:
        place, port = folder / "data", free_port()
        initdb = [str(programs / "initdb"), "-D", str(place), "-U", "owner", "-A", "trust", "-E", "UTF8", "-N"]
        assert as_user("postgres", folder, [*initdb, "--locale=C.UTF-8"]).wait(60) == 0
        with (place / "pg_hba.conf").open("w") as rules:
            rules.write("host all owner 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        command = [str(programs / "postgres"), "-D", str(place), "-c", "listen_addresses=127.0.0.1"]
        command += ["-c", f"port={port}", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        with running(as_user("postgres", folder, command)):
            until(lambda: _owner_may(port), "PostgreSQL")
            with psycopg.connect(host="127.0.0.1", port=port, user="owner", dbname="postgres", autocommit=True) as own:
                own.execute(f"create role watch login password '{PASSWORD}'")
                own.execute("create table queue (id int)")
                own.execute("insert into queue select generate_series(1, 7)")
                own.execute("grant all on queue to watch")
            yield {
                "engine": "postgresql",
                "host": "127.0.0.1",
                "port": port,
                "database": "postgres",
                "user": "watch",
                "password": PASSWORD,
                "name": "orders",
            }


def _owner_may(port: int) -> bool:
    try:
        psycopg.connect(host="127.0.0.1", port=port, user="owner", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(scope="module")
def mariadb(peer: Callable[[str], str]) -> Iterator[dict[str, Any]]:
    with folder_of("mysql") as folder:
        place, port = folder / "data", free_port()
        made = ["mariadb-install-db", "--no-defaults", f"--datadir={place}", "--auth-root-authentication-method=normal"]
        assert as_user("mysql", folder, made).wait(120) == 0
        command = [peer("mariadbd"), "--no-defaults", f"--datadir={place}", "--bind-address=127.0.0.1"]
        command += [f"--port={port}", f"--socket={folder}/s", f"--pid-file={folder}/pid", "--skip-name-resolve"]
        with running(as_user("mysql", folder, command)):
            until(lambda: accepts(port), "MariaDB")
            own = pymysql.connect(unix_socket=f"{folder}/s", user="root")
            with own, own.cursor() as cursor:
                cursor.execute("create database shop")
                cursor.execute("create table shop.queue (id int)")
                cursor.execute("insert into shop.queue values (1),(2),(3)")
                cursor.execute(f"create user watch@'%' identified by '{PASSWORD}'")
                cursor.execute("grant all on shop.* to watch@'%'")
                own.commit()
            yield {
                "engine": "mysql",
                "host": "127.0.0.1",
                "port": port,
                "database": "shop",
                "user": "watch",
                "password": PASSWORD,
                "name": "orders",
            }


ENGINES = [
    pytest.param("postgresql", 7.0, marks=pytest.mark.peer("postgres"), id="postgresql"),
    pytest.param("mariadb", 3.0, marks=pytest.mark.peer("mariadbd"), id="mariadb"),
]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings that lead to one of the servers."""
    found: dict[str, Any] = request.getfixturevalue(request.param)
    return found


def look(server: dict[str, Any], **more: Any) -> SqlAnswer:
    return asyncio.run(ask(taken(SqlSettings, {**server, **more})))


@pytest.mark.parametrize(("server", "rows"), ENGINES, indirect=["server"])
def test_a_real_server_answers_and_gives_the_number(server: dict[str, Any], rows: float, values: Values) -> None:
    told = values(read(look(server, query="select count(*) from queue;", query_name="waiting orders")))
    assert told["sql_number waiting orders"] == rows
    for metric in ("sql_connect_seconds orders", "sql_answer_seconds orders"):
        seconds = told[metric]
        assert isinstance(seconds, float)
        assert 0 < seconds < 10


@pytest.mark.parametrize(("server", "rows"), ENGINES, indirect=["server"])
@pytest.mark.parametrize(
    ("more", "gap"),
    [
        pytest.param({"password": "another-secret"}, "refused", id="a wrong password"),
        pytest.param({"user": "nobody"}, "refused", id="a user it does not know"),
        pytest.param({"database": "elsewhere"}, "not_offered refused", id="a database it does not have"),
    ],
)
def test_who_may_not_sign_in_is_a_gap_without_the_secret(
    server: dict[str, Any], rows: float, more: dict[str, Any], gap: str
) -> None:
    with pytest.raises(SourceFailed, match=r"127\.0\.0\.1 port \d+ as") as failure:
        look(server, **more)
    # MariaDB does not tell a user which databases there are: one it may not enter and one that is not look alike.
    assert failure.value.gap.word in gap.split()
    assert "secret" not in f"{failure.value.detail} {failure.value.__cause__!r} {failure.value.__context__!r}"


@pytest.mark.parametrize(("server", "rows"), ENGINES, indirect=["server"])
@pytest.mark.parametrize(
    ("query", "gap", "says"),
    [
        pytest.param("select count(*) from nowhere", "not_offered", "nowhere", id="a missing table"),
        pytest.param("select 'many'", "unreadable", "not a number", id="a text"),
        pytest.param("select null", "unreadable", "NULL", id="nothing"),
        pytest.param("select 1, 2", "unreadable", "2 columns", id="two columns"),
        pytest.param("select id from queue where id > 99", "unreadable", "no row", id="no row"),
        pytest.param("select from where", "unreadable", "syntax", id="no SQL"),
    ],
)
def test_a_query_without_a_number_is_a_gap_beside_the_answer_and_an_event_once(
    server: dict[str, Any], rows: float, query: str, gap: str, says: str, values: Values
) -> None:
    answer = look(server, query=query, query_name="n")
    told = values(read(answer))
    assert told["sql_number n"] == gap
    assert isinstance(told["sql_answer_seconds orders"], float)
    events = [item for item in read(answer) if isinstance(item, Event)]
    assert [says in event.text for event in events] == [True]
    assert [item for item in read(answer, answer.why) if isinstance(item, Event)] == []


@pytest.mark.parametrize(("server", "rows"), ENGINES, indirect=["server"])
def test_a_query_that_writes_is_refused_by_the_session(server: dict[str, Any], rows: float, values: Values) -> None:
    writes = "with gone as (delete from queue returning id) select count(*) from gone"
    if server["engine"] == "mysql":
        writes = "select 5 into outfile '/tmp/zhishou-never'"
    assert isinstance(look(server, query=writes).number, Gap)
    assert values(read(look(server, query="select count(*) from queue", query_name="n")))["sql_number n"] == rows


@pytest.mark.parametrize(("server", "rows"), ENGINES, indirect=["server"])
def test_a_query_past_its_time_limit_times_out(server: dict[str, Any], rows: float) -> None:
    slow = "select pg_sleep(20)" if server["engine"] == "postgresql" else "select sleep(20)"
    assert look(server, query=slow, time_limit_s=0.5).number is Gap.TIMED_OUT


NAMED = {"password": PASSWORD, "database": "shop", "time_limit_s": 1.0}
ALL_ENGINES = ["postgresql", "mysql", "oracle", "sqlserver"]


@pytest.mark.parametrize("engine", ALL_ENGINES)
def test_a_closed_port_is_unreachable(engine: str, closed_port: int) -> None:
    with pytest.raises(SourceFailed, match=r"(?i)refused") as failure:
        look({"engine": engine, "host": "127.0.0.1", "port": closed_port, "user": "watch", **NAMED})
    assert failure.value.gap.word == "unreachable"


@pytest.mark.parametrize("engine", ALL_ENGINES)
def test_a_port_that_says_nothing_times_out(engine: str, serving: Callable[..., Any]) -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async def run() -> None:
        async with serving(silent) as port:
            await ask(
                taken(
                    SqlSettings,
                    {"engine": engine, "host": "127.0.0.1", "port": port, "user": "u", **NAMED, "time_limit_s": 0.5},
                )
            )

    with pytest.raises(SourceFailed) as failure:
        asyncio.run(run())
    assert failure.value.gap.word == "timed_out"


@pytest.mark.parametrize(
    "query",
    ["delete from queue", "select 1; drop table queue", "update queue set id = 1", ""],
    ids=["a delete", "two statements", "an update", "nothing"],
)
def test_only_one_select_is_taken_as_a_query(query: str) -> None:
    written = {"engine": "mysql", "host": "127.0.0.1", "user": "u", "query": query}
    if not query:
        assert taken(SqlSettings, written).query == ""
        return
    with pytest.raises(WrongSettings, match="query: not one SELECT"):
        taken(SqlSettings, written)


@pytest.mark.parametrize(
    ("row", "expected"),
    [((3,), 3.0), ((Decimal("2.5"),), 2.5), ((True,), 1.0), ((float("nan"),), Gap.UNREADABLE), (None, Gap.UNREADABLE)],
    ids=["a whole number", "a decimal", "a truth", "not a number", "no row"],
)
def test_a_row_is_a_number_or_a_gap(row: Any, expected: float | Gap) -> None:
    assert number_of(row)[0] == expected


@pytest.mark.parametrize(
    ("said", "gap"),
    [
        ('connection failed: FATAL:  用户 "watch" Password 认证失败', Gap.REFUSED),
        ('connection failed: 致命错误:  没有用于主机 "10.0.0.9" 的 pg_hba.conf 记录', Gap.REFUSED),
        ('connection failed: 致命错误:  数据库 "shop" 不存在', Gap.NOT_OFFERED),
        ("connection failed: could not receive data", Gap.UNREACHABLE),
        ("connection timeout expired", Gap.TIMED_OUT),
    ],
    ids=["a wrong password", "no rule", "no database", "cut off", "silence"],
)
def test_a_server_set_up_in_chinese_is_understood(said: str, gap: Gap) -> None:
    assert postgresql_gap(psycopg.OperationalError(said)) is gap
