"""What a person typed into a form, as texts bounded in number and length."""

from __future__ import annotations

from fastapi import Request

MOST_FIELDS = 200
LONGEST = 20_000  # a private key


async def typed_in(request: Request) -> dict[str, str]:
    """Field → text, without the token that every form carries; of a field sent twice the first."""
    form = await request.form(max_fields=MOST_FIELDS)
    found: dict[str, str] = {}
    for name, value in form.multi_items():
        if isinstance(value, str) and name != "csrf":
            found.setdefault(name[:100], value[:LONGEST])
    return found
