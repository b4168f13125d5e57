"""Templates and what every page is given: words, palette, who looks, where the files are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from server.people.posts import POSTS
from server.times import rfc3339, to_ms
from server.web.access import Caller
from server.web.health import AGENT_SIGNS, AGENT_WORDS, HEALTH_WORDS, VERDICT_WORDS
from server.web.i18n import HTML_LANG, LANGUAGES, N_, Words, choose_language, words_of
from server.web.rail import places

HERE = Path(__file__).parent
STATIC = HERE / "static"
LANGUAGE_COOKIE = "zhishou_language"
THEME_COOKIE = "zhishou_theme"
YEAR_S = 365 * 86400
TOLD_COOKIE = "zhishou_told"  # what came of the form just sent, said once on the page that follows
TOLD_S = 60
LONGEST_TOLD = 1000
THEMES = ("light", "dark")

# What the scripts say; the keys are theirs (server/web/static/*.js).
SCRIPT_WORDS: dict[str, str] = {
    "now": N_("刚刚"),
    "seconds_ago": N_("{n} 秒前"),
    "minutes_ago": N_("{n} 分钟前"),
    "hours_ago": N_("{n} 小时前"),
    "days_ago": N_("{n} 天前"),
    "live": N_("实时"),
    "lost": N_("连接中断，画面停在 {at}"),
    "no_data": N_("无数据"),
    "not_watched": N_("接入之前"),
    "charts_failed": N_("图表没有取到（{why}）"),
}


def anchor(text: str) -> str:
    """``text`` as an element's id that a selector can name: other characters become a hash of the whole."""
    if re.fullmatch(r"[A-Za-z0-9_-]+", text):
        return text
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", text)
    return f"{plain}-{hashlib.blake2b(text.encode(), digest_size=4).hexdigest()}"


def unbroken(text: str) -> str:
    """A number keeps its unit on its line."""
    return re.sub(r"(?<=\d) (?=[%℃A-Za-z])", "\u00a0", text)


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so that a browser may keep it for ever."""
    tag = hashlib.blake2b((STATIC / name).read_bytes(), digest_size=6).hexdigest()
    return f"/static/{name}?v={tag}"


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["anchor"] = anchor
    made.filters["unbroken"] = unbroken
    made.globals.update(
        asset=asset,
        health_words=HEALTH_WORDS,
        agent_words=AGENT_WORDS,
        agent_signs=AGENT_SIGNS,
        verdict_words=VERDICT_WORDS,
    )
    return made


def words_for(request: Request, caller: Caller | None) -> Words:
    person = caller.person.language if caller is not None and caller.person is not None else None
    cookie = request.cookies.get(LANGUAGE_COOKIE)
    return words_of(choose_language(person, cookie, request.headers.get("accept-language")))


def keep_language(response: Response, language: str) -> None:
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR_S, path="/", samesite="lax", httponly=True)


def tell(response: Response, text: str, *, refused: bool = False) -> None:
    """Say ``text`` on top of the page this answer leads to, once."""
    kept = quote(f"{'!' if refused else '.'}{text[:LONGEST_TOLD]}")
    response.set_cookie(TOLD_COOKIE, kept, max_age=TOLD_S, path="/", samesite="lax", httponly=True)


def fragment(template: str, words: Words, **context: Any) -> str:
    """A piece of a page, for a stream or an answer to a part of a page."""
    return environment().get_template(template).render(_=words, many=words.many, **context)


def page(
    request: Request,
    template: str,
    words: Words,
    *,
    caller: Caller | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """A whole page."""
    other = next(language for language in LANGUAGES if language != words.language)
    theme = request.cookies.get(THEME_COOKIE)
    told = unquote(request.cookies.get(TOLD_COOKIE, ""))
    text = fragment(
        template,
        words,
        html_lang=HTML_LANG[words.language],
        other_language=other,
        other_language_name=LANGUAGES[other],
        other_html_lang=HTML_LANG[other],
        theme=theme if theme in THEMES else "",
        now_iso=rfc3339(to_ms(request.app.state.centre.now())),
        script_words={key: words(text) for key, text in SCRIPT_WORDS.items()},
        here=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        csrf=caller.csrf if caller is not None else "",
        person=_person(caller, words),
        told=told[1:],
        told_refused=told.startswith("!"),
        rail=places(request.app.state.centre) if caller is not None else [],
        **context,
    )
    answer = HTMLResponse(text, status_code=status, headers=dict(headers or {}))
    if told:
        answer.delete_cookie(TOLD_COOKIE, path="/", httponly=True, samesite="lax")
    return answer


def _person(caller: Caller | None, words: Words) -> dict[str, Any]:
    if caller is None or caller.person is None:
        return {"display_name": "", "posts": []}
    posts = [words.of({"zh": POSTS[key].zh, "en": POSTS[key].en}) for key in caller.person.posts if key in POSTS]
    return {"display_name": caller.person.display_name, "posts": posts}
