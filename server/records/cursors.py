"""How far each applier is, kept in the same transaction as what it wrote; and rows written anew or over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel

ROWS_PER_STATEMENT = 500


class ApplierCursor(SQLModel, table=True):
    """``position``: the id of the last arrival whose effect is in these records."""

    __tablename__ = "applier_cursor"

    name: str = Field(primary_key=True)
    position: int = Field(sa_type=BigInteger)


def read_cursor(session: Session, name: str) -> int:
    row = session.get(ApplierCursor, name)
    return 0 if row is None else row.position


def write_cursor(session: Session, name: str, position: int) -> None:
    upsert(session, ApplierCursor, [{"name": name, "position": position}])


def upsert(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]], *, keep: bool = False) -> None:
    """Insert rows, or update those whose primary key is there already (``keep``: leave them as they are)."""
    target = table_of(table)
    sql = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(target)
    if keep:
        sql = sql.on_conflict_do_nothing()
    else:
        keys = [column.name for column in target.primary_key]
        fresh = {column.name: sql.excluded[column.name] for column in target.columns if column.name not in keys}
        sql = sql.on_conflict_do_update(index_elements=keys, set_=fresh)
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        session.connection().execute(sql, list(rows[start : start + ROWS_PER_STATEMENT]))


def table_of(table: type[SQLModel]) -> Table:
    target = SQLModel.metadata.tables[str(table.__tablename__)]
    assert isinstance(target, Table)
    return target
