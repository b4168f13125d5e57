"""Whether the centre works: open to everybody, says no secrets."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from server.web.access import CentreDep

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz(centre: CentreDep, response: Response) -> dict[str, Any]:
    """200 when inbox and stores work, else 503 with the reasons."""
    reasons = await run_in_threadpool(centre.troubles)
    if reasons:
        response.status_code = 503
        return {"status": "unavailable", "reasons": reasons}
    return {"status": "ok"}
