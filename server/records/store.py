"""The records database, opened, brought up to date and given out in sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from server.records.engine import open_engine
from server.records.upgrade import RecordsError, upgrade

__all__ = ["Records", "RecordsError"]


class Records:
    """Opens ``records.db`` at ``path`` (or any database by URL) and upgrades its schema to this version's.

    Raises RecordsError when it is not a database, when a newer version wrote it, or when an upgrade fails.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = path if isinstance(path, Path) else None
        self.url = f"sqlite:///{path}" if isinstance(path, Path) else path
        self.engine: Engine = open_engine(self.url)
        self._writing: Engine = self.engine.execution_options(writes=True)
        try:
            upgrade(self.engine, self.path)
        except BaseException:
            self.engine.dispose()
            raise

    @contextmanager
    def session(self) -> Iterator[Session]:
        """For reading: one consistent view. What is changed here must be committed by the caller."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """For changing: waits its turn at the start, commits at the end, undoes everything when it raises."""
        with Session(self._writing, expire_on_commit=False) as session:
            yield session
            session.commit()

    def health(self) -> str | None:
        """Why the records cannot be used now, None when they can."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT version_num FROM alembic_version"))
        except DBAPIError as error:
            return f"records: {error.orig}"
        return None

    def close(self) -> None:
        self.engine.dispose()
