"""Oracle through python-oracledb's thin mode, in one transaction that may only read and is given up at the end.

The driver alone was tried, never a server: what it does with a port that is closed, silent or speaks something else.
"""

from __future__ import annotations

import time
from typing import Any

import oracledb

from collector.probes.failing import failed
from collector.probes.sql_settings import PORTS, SqlAnswer, SqlSettings, number_of, words_of
from readings.model import Gap, SourceFailed

# Wrong user or password, no such right, account locked or expired.
REFUSED = {"ORA-01005", "ORA-01017", "ORA-01031", "ORA-01045", "ORA-28000", "ORA-28001", "DPY-4001"}
# The listener knows no such service; no such table.
NOT_OFFERED = {"ORA-12514", "ORA-12505", "DPY-6001", "DPY-6003", "ORA-00942"}
TIMED_OUT = {"DPY-4024", "ORA-01013", "ORA-03136", "ORA-12170"}
NO_WAY = ("refused", "unreachable", "no route", "not known", "name resolution")


async def look(settings: SqlSettings, tried: str) -> SqlAnswer:
    """Raises SourceFailed. Whoever calls sets the limit: the driver waits for a silent server as long as it may."""
    if not settings.database:
        raise SourceFailed(Gap.NOT_OFFERED, f"{tried}: the name of the service is missing (database)")
    started = time.perf_counter()
    try:
        connection = await oracledb.connect_async(
            user=settings.user,
            password=settings.password.reveal(),
            host=settings.host,
            port=settings.port or PORTS["oracle"],
            service_name=settings.database,
            tcp_connect_timeout=settings.time_limit_s,
            retry_count=0,
        )
    except oracledb.Error as error:
        if isinstance(error.__cause__, OSError):
            raise failed(error.__cause__, f"{tried}: connect", settings.time_limit_s) from None
        raise SourceFailed(oracle_gap(error), f"{tried}: {words_of(error, settings.password)}") from None
    try:
        connect_s = time.perf_counter() - started
        connection.call_timeout = int(settings.time_limit_s * 1000)
        return await _asked(settings, connection, connect_s)
    except oracledb.Error as error:
        raise SourceFailed(oracle_gap(error), f"{tried}: {words_of(error, settings.password)}") from None
    finally:
        await connection.close()


async def _asked(settings: SqlSettings, connection: Any, connect_s: float) -> SqlAnswer:
    await connection.execute("SET TRANSACTION READ ONLY")
    started = time.perf_counter()
    await connection.fetchone("SELECT 1 FROM DUAL")
    answer_s = time.perf_counter() - started
    if not settings.query:
        return SqlAnswer(settings.name, connect_s, answer_s)
    number: float | Gap
    try:
        number, why = number_of(await connection.fetchone(settings.query.strip().rstrip(";")))
    except oracledb.Error as error:
        number, why = oracle_gap(error), f"{settings.place}: {words_of(error, settings.password)}"
    return SqlAnswer(settings.name, connect_s, answer_s, settings.query_name, number, why)


def oracle_gap(error: oracledb.Error) -> Gap:
    """By the number of the error, which stands in every language."""
    code = getattr(error.args[0], "full_code", "") if error.args else ""
    if code in REFUSED:
        return Gap.REFUSED
    if code in NOT_OFFERED:
        return Gap.NOT_OFFERED
    said = str(error).lower()
    if code in TIMED_OUT or "timed out" in said or "timeout" in said:
        return Gap.TIMED_OUT
    return Gap.UNREACHABLE if any(words in said for words in NO_WAY) else Gap.UNREADABLE
