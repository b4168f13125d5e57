"""Evidence over HTTP: the file of one closed checklist, of one submitted or signed verification."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from server.centre import Centre
from server.evidence.export import MEDIA_TYPE, export, file_name
from server.evidence.subjects import exportable
from server.web.access import CentreDep, NowDep, ReaderDep
from server.web.problems import not_found

router = APIRouter(prefix="/api/v1", tags=["evidence"])

IN_MEMORY_BYTES = 2**20
CHUNK_BYTES = 2**16
FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {}}, "description": "the file evidence_check.py reads"}
}


@router.get("/runs/{run}/export", response_class=StreamingResponse, responses=FILE)
def export_run(run: str, _caller: ReaderDep, centre: CentreDep, now: NowDep) -> StreamingResponse:
    """A closed checklist with its part of the audit chain. ``run``: its id or its number. 409 while it is open."""
    return evidence_file(centre, "run", run, now)


@router.get("/verifications/{verification}/export", response_class=StreamingResponse, responses=FILE)
def export_verification(verification: str, _caller: ReaderDep, centre: CentreDep, now: NowDep) -> StreamingResponse:
    """A submitted or signed verification with its part of the audit chain. By id or number. 409 before."""
    return evidence_file(centre, "verification", verification, now)


def evidence_file(centre: Centre, kind: str, asked: str, now: datetime) -> StreamingResponse:
    """Written down whole before the first byte leaves: a slow reader holds no view of the records open, and what goes
    wrong on the way is a problem, not half a file. Raises Problem, ActRefused."""
    file = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - `chunks` closes it
    try:
        with centre.records.session() as session:
            subject = exportable(session, kind, asked)
            file.writelines(export(session, subject, now))
    except LookupError as error:
        file.close()
        raise not_found(str(error.args[0])) from error
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    headers = {"Content-Disposition": f'attachment; filename="{file_name(subject)}"', "Content-Length": str(size)}
    return StreamingResponse(chunks(file), media_type=MEDIA_TYPE, headers=headers)


def chunks(file: SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
