"""SQL Server through python-tds, which is Python alone: one transaction that is given up at the end.

The driver alone was tried, never a server: what it does with a port that is closed, silent or speaks something else. It
signs in without TLS: a server that insists on encryption refuses it.
"""

from __future__ import annotations

import time
from typing import Any

import pytds

from collector.probes.failing import failed
from collector.probes.sql_settings import PORTS, SqlAnswer, SqlSettings, number_of, words_of
from readings.model import Gap, SourceFailed

# Sign-in failed, no such right; no such database, no such table.
REFUSED, NOT_OFFERED = {18456, 18470, 18486, 18487, 18488, 229, 230, 262, 297, 300, 916}, {4060, 208}


def look(settings: SqlSettings, tried: str) -> SqlAnswer:
    """Raises SourceFailed. For a thread."""
    started = time.perf_counter()
    try:
        connection = pytds.connect(
            dsn=settings.host,
            port=settings.port or PORTS["sqlserver"],
            user=settings.user,
            password=settings.password.reveal(),
            database=settings.database or None,
            login_timeout=settings.time_limit_s,
            timeout=settings.time_limit_s,
            readonly=True,
            autocommit=False,
            disable_connect_retry=True,
            appname="zhishou",
        )
    except pytds.Error as error:
        raise SourceFailed(server_gap(error), f"{tried}: {words_of(error, settings.password)}") from None
    except OSError as error:
        # The driver tries again until its time is over, and then says so; why stands behind it.
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        raise failed(cause, f"{tried}: connect", settings.time_limit_s) from None
    except ValueError as error:
        raise SourceFailed(
            Gap.UNREADABLE, f"{tried}: no SQL Server answers: {words_of(error, settings.password)}"
        ) from None
    try:
        return _asked(settings, connection, time.perf_counter() - started)
    except pytds.Error as error:
        raise SourceFailed(server_gap(error), f"{tried}: {words_of(error, settings.password)}") from None
    except OSError as error:
        raise failed(error, tried, settings.time_limit_s) from None
    finally:
        connection.close()


def _asked(settings: SqlSettings, connection: Any, connect_s: float) -> SqlAnswer:
    with connection.cursor() as cursor:

        def fetch(query: str) -> Any:
            cursor.execute(query)
            return cursor.fetchone()

        started = time.perf_counter()
        fetch("SELECT 1")
        answer_s = time.perf_counter() - started
        number: float | Gap | None = None
        why = ""
        if settings.query:
            try:
                number, why = number_of(fetch(settings.query.strip().rstrip(";")))
            except pytds.Error as error:
                number, why = server_gap(error), f"{settings.place}: {words_of(error, settings.password)}"
    connection.rollback()
    return SqlAnswer(settings.name, connect_s, answer_s, settings.query_name if settings.query else "", number, why)


def server_gap(error: pytds.Error) -> Gap:
    """By the number of the message, which stands in every language."""
    number = getattr(error, "msg_no", 0) or getattr(error, "number", 0)
    if number in REFUSED or (isinstance(error, pytds.LoginError) and number not in NOT_OFFERED):
        return Gap.REFUSED
    if number in NOT_OFFERED:
        return Gap.NOT_OFFERED
    return Gap.TIMED_OUT if isinstance(error, pytds.TimeoutError) else Gap.UNREADABLE
