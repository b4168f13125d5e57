"""The pages at work in Chromium: what is live changes, keys and languages work, nothing complains."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.pages.browser.viewer import ARTEFACTS, RECORDS, Viewer

if TYPE_CHECKING:
    from tests.pages.browser.conftest import Desk

pytestmark = pytest.mark.peer("chromium")


def test_a_signed_week_goes_on_paper(viewer: Callable[..., Viewer]) -> None:
    look = viewer()
    look.sign_in()
    look.open(RECORDS["report"])
    assert look.page.locator(".stamp").inner_text().split() == ["合格", "已签署"]
    assert look.page.locator(".strip .hole").count() >= 1
    assert look.page.locator(".every-page").count() == 0
    paper = look.page.pdf(path=ARTEFACTS / "report.pdf", format="A4", print_background=True)
    assert paper.startswith(b"%PDF")


def test_the_desk_leads_to_what_waits_for_whoever_looks(viewer: Callable[..., Viewer]) -> None:
    look = viewer()
    look.sign_in()
    look.page.keyboard.press("g")
    look.page.keyboard.press("h")
    look.page.wait_for_url(f"{look.url}/")
    look.live()
    assert "项已复核" in look.page.locator("h1").inner_text()
    first = look.page.locator(".need").first
    assert "主机巡检" in first.inner_text()
    first.locator("a.btn").click()
    look.page.wait_for_url("**/runs/C-*")
    assert look.page.locator(".item.differs").count() == 1


def test_the_fleet_says_what_is_wrong_and_lists_it_first(viewer: Callable[..., Viewer]) -> None:
    look = viewer()
    look.sign_in()
    look.live()
    first = look.page.locator("li.device").first
    assert "结算库一" in first.inner_text()
    assert "97.2" in first.inner_text()
    assert look.page.locator("h1.answer").inner_text().startswith("5 台设备，")
    assert "报盘机三" in look.page.locator("#group-unknown + ul").inner_text()


def test_a_value_changes_without_a_reload(viewer: Callable[..., Viewer], desk: Desk) -> None:
    look = viewer()
    for path, place in (("/devices", "#row-SRV-0088 .quick .num"), ("/devices/SRV-0088", "#part-readings .num")):
        look.sign_in() if path == "/devices" else look.open(path)
        look.live()
        look.page.evaluate("window.untouched = true")
        before = look.page.locator(place).first.inner_text()
        look.page.wait_for_function(
            "([place, before]) => document.querySelector(place).innerText !== before", arg=[place, before]
        )
        assert look.page.evaluate("window.untouched")


def test_what_a_person_opened_stays_open_while_the_page_lives(viewer: Callable[..., Viewer]) -> None:
    look = viewer()
    look.sign_in("/devices/SRV-0377")
    look.live()
    look.page.click("#findings-met summary")
    look.page.click("#all-readings summary")
    look.page.wait_for_selector("#all-readings-table tr:nth-child(5)")
    before = look.page.locator("#part-readings .num").first.inner_text()
    look.page.wait_for_function(
        "before => document.querySelector('#part-readings .num').innerText !== before", arg=before
    )
    assert look.page.locator("#findings-met").get_attribute("open") is not None
    assert look.page.locator("#findings-met tbody tr").first.is_visible()


def test_the_chart_shows_the_hole_and_follows_the_range(viewer: Callable[..., Viewer], desk: Desk) -> None:
    look = viewer()
    look.sign_in("/devices/SRV-0377")
    look.page.wait_for_selector("#charts[data-drawn]")
    answer = look.page.evaluate(
        "fetch(document.getElementById('charts').dataset.source + '?range=1h').then(r => r.json())"
    )
    cpu = next(panel for panel in answer["panels"] if panel["id"] == "cpu")
    assert any(gap["reason"] != "not_offered" and gap["end"] - gap["start"] >= 120 for gap in cpu["gaps"])
    assert {panel["id"] for panel in answer["panels"]} >= {"cpu", "memory", "load", "disk", "network", "temperature"}
    drawn = look.page.locator("#charts").get_attribute("data-drawn")
    look.page.keyboard.press("2")
    look.page.wait_for_function("before => document.getElementById('charts').dataset.drawn !== before", arg=drawn)
    assert look.page.locator("[data-range='1h']").get_attribute("aria-pressed") == "true"


def test_the_keyboard_is_enough(viewer: Callable[..., Viewer]) -> None:
    look = viewer()
    look.sign_in()
    look.live()
    keys = look.page.keyboard
    keys.press("?")
    assert look.page.locator("dialog#keys").is_visible()
    keys.press("Escape")
    keys.press("j")
    keys.press("j")
    keys.press("k")
    assert look.page.evaluate("document.activeElement.textContent") == "结算库一"
    keys.press("Enter")
    look.page.wait_for_url("**/devices/SRV-0412")
    keys.press("g")
    keys.press("d")
    look.page.wait_for_url("**/devices")
    keys.press("/")
    keys.type("前置")
    keys.press("Enter")
    look.page.wait_for_url("**q=*")
    assert look.page.locator("li.device").count() == 1


def test_the_language_changes_before_and_after_signing_in(viewer: Callable[..., Viewer]) -> None:
    look = viewer()
    look.open("/sign-in")
    look.page.click("text=English")
    look.page.wait_for_selector("text=Sign in")
    look.page.click("text=中文")
    look.page.wait_for_selector("text=登录")
    look.sign_in()
    look.page.click("text=English")
    look.page.wait_for_selector("text=Sign out")
    look.page.click("text=中文")
    look.page.wait_for_selector("text=退出")


def test_a_wrong_password_is_said_and_the_name_kept(viewer: Callable[..., Viewer]) -> None:
    look = viewer()
    look.open("/sign-in")
    look.page.fill("[name=name]", "jia")
    look.page.fill("[name=password]", "not this one")
    look.page.click("form.sign button")
    assert look.page.locator("[role=alert]").inner_text() == "账号与口令不符。"
    assert look.page.input_value("[name=name]") == "jia"
    # The browser itself notes the answer's status; that is not a fault of the page.
    look.complaints = [complaint for complaint in look.complaints if "401" not in complaint]


def test_dark_and_light_are_kept(viewer: Callable[..., Viewer]) -> None:
    look = viewer()
    look.sign_in()
    look.page.keyboard.press("t")
    assert look.page.locator("html").get_attribute("data-theme") == "dark"
    look.open("/devices")
    assert look.page.locator("html").get_attribute("data-theme") == "dark"


def test_a_page_that_is_not_there_looks_like_ours(viewer: Callable[..., Viewer]) -> None:
    look = viewer()
    look.sign_in()
    look.open("/devices/SRV-9999")
    assert look.page.locator("h1").inner_text() == "没有这一页"
    assert "SRV-9999" in look.page.locator("main").inner_text()
    look.complaints = [complaint for complaint in look.complaints if "404" not in complaint]


def test_nothing_is_asked_of_any_other_host(viewer: Callable[..., Viewer], desk: Desk) -> None:
    look = viewer()
    asked: list[str] = []
    look.page.on("request", lambda request: asked.append(request.url))
    look.sign_in("/devices/SRV-0377")
    look.page.wait_for_selector("#charts[data-drawn]")
    assert [url for url in asked if not url.startswith((desk.url, "data:"))] == []


def test_a_device_goes_on_paper(viewer: Callable[..., Viewer]) -> None:
    look = viewer()
    look.sign_in("/devices/SRV-0377")
    look.page.wait_for_selector("#charts[data-drawn]")
    look.page.emulate_media(media="print")
    assert not look.page.locator("nav.rail").is_visible()
    assert look.page.locator("h1").is_visible()
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    paper = look.page.pdf(path=ARTEFACTS / "device.pdf", format="A4", print_background=True)
    assert paper.startswith(b"%PDF")
    look.page.set_viewport_size({"width": 720, "height": 1000})
    look.page.screenshot(path=ARTEFACTS / "print.png", full_page=True)
