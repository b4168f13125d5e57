"""Bringing the schema of the records to this version's, and refusing what this version cannot understand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

MIGRATIONS = Path(__file__).parent / "migrations"


class RecordsError(Exception):
    """The records cannot be opened: what was tried, on which database, what came back."""


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(engine: Engine, path: Path | None) -> None:
    """To the newest revision this version knows. An older database file is copied beside itself first.

    Raises RecordsError.
    """
    config = configuration()
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    try:
        with engine.connect() as connection:
            current = set(MigrationContext.configure(connection).get_current_heads())
    except DBAPIError as error:
        raise RecordsError(f"records: opening {engine.url}: {error.orig}") from error
    if unknown := current - known:
        raise RecordsError(
            f"records: {engine.url} was written by a newer version (schema {', '.join(sorted(unknown))}, "
            f"this one knows {', '.join(sorted(scripts.get_heads()))}): run that version, or restore a copy"
        )
    if current == set(scripts.get_heads()):
        return
    if path is not None and current:
        _copy(path, path.with_name(f"{path.name}.before-{'-'.join(sorted(scripts.get_heads()))}"))
    try:
        with engine.execution_options(writes=True).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "heads")
    except DBAPIError as error:
        raise RecordsError(f"records: upgrading {engine.url} from {sorted(current)}: {error.orig}") from error


def _copy(path: Path, to: Path) -> None:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
    to.chmod(0o600)
