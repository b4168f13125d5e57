"""The desk offers an act only to who may do it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.duty_runs.conftest import NewServer, StartRound
from tests.fixtures_centre import Client

NEED = re.compile(r'<li class="need">.*?<a class="btn( do)?" href="/runs/[^"]+"[^>]*>([^<]+)</a>')


def offered(client: Client) -> list[tuple[str, bool]]:
    """(act, whether it is for who looks) of each need of a checklist."""
    page = client.get("/", headers={"Accept": "text/html", "Accept-Language": "zh"})
    assert page.status_code == 200
    return [(act, bool(mine)) for mine, act in NEED.findall(page.text)]


@pytest.mark.parametrize("scope", ["read", "write"])
def test_closing_waits_for_who_may_write(
    server: NewServer, start: StartRound, wang: Client, signed_in: Callable[..., Client], scope: str
) -> None:
    server("S-1")
    run = start()
    other = signed_in("sun", scope=scope)
    assert offered(other) == []
    assert offered(wang) == []
    run.confirm_all()
    assert offered(wang) == [("复核", True)]
    run.by(wang).review_all()
    assert offered(other) == [("关闭", scope == "write")]
