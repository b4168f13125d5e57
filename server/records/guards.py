"""What the database itself refuses, on SQLite and on PostgreSQL: used by migrations."""

from __future__ import annotations

from typing import Protocol

ACTS = ("UPDATE", "DELETE")


class Operations(Protocol):
    """What Alembic's ``op`` offers of this."""

    def execute(self, sqltext: str) -> None: ...


def append_only(op: Operations, dialect: str, table: str) -> None:
    """No row of ``table`` is ever changed or deleted."""
    refuse(op, dialect, table, f"{table} is append-only")


def refuse(
    op: Operations,
    dialect: str,
    table: str,
    why: str,
    *,
    when: str = "",
    name: str = "only",
    acts: tuple[str, ...] = ACTS,
) -> None:
    """These acts on ``table`` fail with ``why``; ``when``: only for rows of which this holds (SQL over OLD and NEW)."""
    if dialect == "sqlite":
        condition = f"WHEN {when} " if when else ""
        for act in acts:
            op.execute(
                f"CREATE TRIGGER {table}_{name}_{act.lower()} BEFORE {act} ON {table} FOR EACH ROW {condition}"
                f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
            )
        return
    condition = f"IF {when} THEN RAISE EXCEPTION '{why}'; END IF;" if when else f"RAISE EXCEPTION '{why}';"
    # A function for each act: of a deleted row there is no NEW, of an added one no OLD.
    for act in acts:
        function = f"{table}_{name}_{act.lower()}"
        back = "OLD" if act == "DELETE" else "NEW"
        op.execute(
            f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {condition} RETURN {back}; END $$"
        )
        op.execute(f"CREATE TRIGGER {function} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()")
