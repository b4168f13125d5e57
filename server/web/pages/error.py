"""Errors in the look of the pages, for whoever asked for a page."""

from __future__ import annotations

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from server.web.i18n import N_
from server.web.problems import Problem
from server.web.templating import page, words_for

TITLES: dict[int, str] = {
    401: N_("请先登录"),
    403: N_("没有这个权限"),
    404: N_("没有这一页"),
    405: N_("没有这一页"),
    422: N_("这样的请求不能接受"),
    429: N_("请稍后再试"),
    500: N_("中心出错了"),
    503: N_("中心暂时不能服务"),
}


async def error_page(request: Request, problem: Problem) -> Response | None:
    """None for whoever did not ask for a page: a program, a stream, a script."""
    accepts = request.headers.get("accept", "")
    if "text/html" not in accepts or request.headers.get("hx-request"):
        return None
    words = words_for(request, None)
    title = words(TITLES[problem.status]) if problem.status in TITLES else problem.title
    return await run_in_threadpool(
        lambda: page(
            request,
            "problem.html",
            words,
            status=problem.status,
            headers=problem.headers,
            code=problem.status,
            title=title,
            detail=(problem.members.get("detail_zh") if words.language == "zh" else "") or problem.detail,
        )
    )
