"""This very host watched by one command, and three people with a browser each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.command_line.conftest import Run, Start, run, start

__all__ = ["run", "start"]

PASSWORD = "one for the road"
PEOPLE = {
    "li": ("sysadmin", "李工"),
    "wang": ("room_admin", "王工"),
    "zhao": ("security_admin", "赵工"),
}


@dataclass
class Somebody:
    """One person's browser. What the page's console complains of is kept."""

    page: Any
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def told(self) -> str:
        """What the page says came of the last form."""
        return str(self.page.locator(".told").inner_text())

    def refused(self, path: str, body: dict[str, Any]) -> tuple[int, str]:
        """What this browser's own session is answered when it asks all the same: (status, clause)."""
        answer = self.page.evaluate(
            """async ([path, body]) => {
                const headers = {'Content-Type': 'application/json',
                                 'X-CSRF-Token': document.querySelector('[name=csrf]').value};
                const answer = await fetch(path, {method: 'POST', headers, body: JSON.stringify(body)});
                return [answer.status, (await answer.json()).clause ?? ''];
            }""",
            [path, body],
        )
        # The browser notes the answer's status by itself; that is no fault of a page.
        self.complaints = [complaint for complaint in self.complaints if f"status of {answer[0]}" not in complaint]
        return answer[0], answer[1]

    def heading(self) -> str:
        return str(self.page.locator("h1").inner_text())


@dataclass
class House:
    url: str
    people: dict[str, Somebody]


@pytest.fixture
def house(start: Start, run: Run, peer: Callable[[str], str], tmp_path: Any) -> Iterator[House]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where a browser is

    up = start()
    up.wait_for("Ctrl-C stops it")
    for name, (post, display) in PEOPLE.items():
        made = run("person", "create", name, "--post", post, "--display", display, ZHISHOU_PERSON_PASSWORD=PASSWORD)
        assert made.returncode == 0, made.stderr
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=peer("chromium"))
        people = {name: enter(browser, up.url, name) for name in PEOPLE}
        yield House(up.url, people)
        browser.close()
    assert {name: one.complaints for name, one in people.items() if one.complaints} == {}


def enter(browser: Any, url: str, name: str) -> Somebody:
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1440, "height": 900})
    somebody = Somebody(context.new_page(), url)
    somebody.page.on(
        "console",
        lambda message: somebody.complaints.append(message.text) if message.type in {"error", "warning"} else None,
    )
    somebody.page.on("pageerror", lambda error: somebody.complaints.append(str(error)))
    somebody.open("/sign-in")
    somebody.page.fill("[name=name]", name)
    somebody.page.fill("[name=password]", PASSWORD)
    somebody.page.click("form.sign button")
    somebody.page.wait_for_url(f"{url}/")
    return somebody
