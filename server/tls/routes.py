"""The authority agents are to trust, for whoever asks: the enrolment token says whether it is the right one."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from server.web.access import CentreDep
from server.web.problems import not_found

router = APIRouter(prefix="/api/v1", tags=["agents"])


@router.get("/ca", response_class=Response)
def authority(centre: CentreDep) -> Response:
    """PEM. Open: a certificate is no secret, and who has none yet cannot say who they are."""
    text = centre.certificates.authority_text() if centre.serving is not None else b""
    if not text:
        raise not_found("this centre has no certificate authority of its own: it speaks plain HTTP here")
    return Response(text, media_type="application/x-pem-file")
