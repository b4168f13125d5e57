"""What the centre's commands share: the data folder they work on, who they are, and how they speak."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from server.audit.chain import Actor
from server.clock import utc_now
from server.data_folder import FolderRefused, make_private
from server.records import Records, RecordsError
from server.settings import Settings


def say(line: str) -> None:
    """A line of the answer, to stdout."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def complain(command: str, line: object) -> int:
    """A line about what went wrong, to stderr; the exit code that goes with it."""
    sys.stderr.write(f"zhishou {command}: {line}\n")
    return 1


def add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the centre's data folder (ZHISHOU_DATA; default ./zhishou-data)"
    )


def settings_from(args: argparse.Namespace) -> Settings:
    """The command line first, then the environment, then the defaults. Raises SettingsRefused."""
    names = ("data", "host", "port", "behind_tls_proxy", "log_level")
    given = {name: value for name in names if (value := getattr(args, name, None)) is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = "; ".join(
            ": ".join([*(str(step) for step in fault["loc"]), fault["msg"].removeprefix("Value error, ")])
            for fault in error.errors()
        )
        raise SettingsRefused(faults) from error


class SettingsRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """A setting that cannot be; the text names it."""


@contextmanager
def open_records(args: argparse.Namespace) -> Iterator[Records]:
    """The records in ``--data``, made when they are not there yet (and said so: DIR may be mistyped)."""
    folder = settings_from(args).data
    make_private(folder)
    path = folder / "records.db"
    if not path.exists():
        sys.stderr.write(f"new records in {path}\n")
    records = Records(path)
    try:
        yield records
    finally:
        records.close()


def actor() -> Actor:
    """Whoever sits at this machine."""
    try:
        return Actor("command", getpass.getuser())
    except (KeyError, OSError):  # a uid without a name, as in containers
        return Actor("command", "?")


def now() -> datetime:
    return utc_now()


# What a command answers with one line instead of a traceback.
REFUSALS = (ValueError, RecordsError, FolderRefused)
