"""``zhishou evidence export``: from the records in the data folder, whether or not the centre runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from server.command_line import REFUSALS, complain, now, open_records, say
from server.evidence.export import export, file_name
from server.evidence.subjects import numbered


def write_file(args: argparse.Namespace) -> int:
    try:
        path = written(args)
    except (*REFUSALS, LookupError, OSError) as error:
        return complain("evidence export", error.args[0] if isinstance(error, LookupError) else error)
    say(f"{path}: check it anywhere with `python evidence_check.py {path.name}`")
    return 0


def written(args: argparse.Namespace) -> Path:
    """The file. One that is there already is never written over. Raises LookupError, ActRefused, OSError."""
    with open_records(args) as records, records.session() as session:
        subject = numbered(session, args.number)
        pieces = export(session, subject, now())
        path = Path(args.output or file_name(subject))
        with path.open("xb") as file:
            try:
                file.writelines(pieces)
            except BaseException:
                path.unlink()  # half a file proves nothing
                raise
    return path
