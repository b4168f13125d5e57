"""What comes of a form a person sends from a page: done and said, or refused and said, on the page it leads to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi.responses import RedirectResponse
from starlette.responses import Response

from server.devices.card import CardRefused
from server.people.acting import ActRefused
from server.web.i18n import Words
from server.web.templating import tell

Act = Callable[[], Awaitable[str]]


async def done(act: Act, words: Words, to: Callable[[], str]) -> Response:
    """``act`` does it and says what was recorded; ``to`` is asked afterwards which page shows what came of it."""
    try:
        said = await act()
    except (ActRefused, CardRefused) as refusal:
        chinese = getattr(refusal, "zh", "") if words.language == "zh" else ""
        response = RedirectResponse(to(), 303)
        tell(response, chinese or str(refusal), refused=True)
        return response
    response = RedirectResponse(to(), 303)
    tell(response, said)
    return response
