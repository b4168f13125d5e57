"""What every answer tells the browser: nothing from elsewhere, in no one's frame; static files are kept."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
YEAR = "public, max-age=31536000, immutable"


class BrowserHeaders:
    """ASGI middleware. A static file asked for with its tag (?v=) never changes; a page is never kept."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        tagged = scope["path"].startswith("/static/") and scope["query_string"].startswith(b"v=")

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                if tagged and message["status"] == 200:
                    headers["Cache-Control"] = YEAR
                else:  # an untagged script is asked for again each time (answered 304 when it is the same)
                    static = scope["path"].startswith("/static/")
                    headers.setdefault("Cache-Control", "no-cache" if static else "no-store")
            await send(message)

        await self.app(scope, receive, dressed)
