"""What a database is asked with, and what came of it: the same for every engine."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta

from collector.probes.stated import NO_SECRET, Host, LimitS, Name, Port, Secret, Settings, Text, WrongSettings
from readings.model import Gap

PORTS = {"postgresql": 5432, "mysql": 3306, "oracle": 1521, "sqlserver": 1433}
QUERY = re.compile(r"\s*(select|with|show)\b[^;]*;?\s*", re.IGNORECASE)


class SqlSettings(Settings, frozen=True, kw_only=True):
    """``query`` is one SELECT that gives one number; ``name`` is the database's on the page, ``query_name`` its.
    ``database`` of Oracle is the service's name.
    """

    engine: Literal["postgresql", "mysql", "oracle", "sqlserver"]
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


def words_of(error: Exception, password: Secret) -> str:
    return password.hidden_in(" ".join(str(error).split()))[:300]
