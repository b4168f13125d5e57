"""Every page in Chromium: nothing complains, nothing overflows, what is live changes, keys and languages work."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.pages.browser.conftest import Desk

pytestmark = pytest.mark.peer("chromium")

PASSWORD = "measure twice, cut once"
ARTEFACTS = Path(__file__).parents[3] / "artefacts" / "pages"
LOOKS = [(language, theme, width) for language in ("zh", "en") for theme in ("light", "dark") for width in (1440, 360)]
NARROW = 360
RECORDS = {
    "desk": "/",
    "runs": "/runs",
    "run": "/runs/1",
    "verifications": "/verifications",
    "verification": "/verifications/1",
    "verification-running": "/verifications/2",
    "report": "/verifications/1/report",
    "ledger": "/devices/SRV-0101",
}
# Long pages are cut: the sheet is for a look at all of them, each picture lies beside it whole.
SHEET_STYLE = """<style>
body { margin: 16px; font: 12px sans-serif; background: #9a9a9a; } h1 { font-size: 18px; margin: 18px 0 8px; }
section { display: flex; flex-wrap: wrap; gap: 12px; } figure { margin: 0; }
figure div { overflow: hidden; max-height: 820px; } img { display: block; width: 100%; }
.wide { width: 640px; } .narrow { width: 250px; }
</style>"""


class Viewer:
    """One browser window; everything its console, its policy and its scripts complained of is kept."""

    def __init__(self, browser: Any, url: str, language: str = "zh", theme: str = "light", width: int = 1440) -> None:
        self.url, self.language = url, language
        self.name = f"{language}-{theme}-{width}"
        self.complaints: list[str] = []
        self.context = browser.new_context(
            color_scheme=theme,
            locale={"zh": "zh-CN", "en": "en-US"}[language],
            timezone_id="Asia/Shanghai",
            viewport={"width": width, "height": 900 if width > NARROW else 780},
        )
        self.page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))

    def _hear(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def sign_in(self, next_page: str = "/devices") -> None:
        self.open(f"/sign-in?next={next_page}")
        self.page.fill("[name=name]", "jia")
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("form.sign button")
        self.page.wait_for_url(f"**{next_page}*")
        if self.page.locator("html").get_attribute("lang") != {"zh": "zh-CN", "en": "en"}[self.language]:
            self.page.click(".switches form[action='/preferences/language'] button")
            self.page.wait_for_load_state()

    def live(self) -> None:
        self.page.wait_for_selector("[data-live][data-state=live]")

    def overflow(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def keep(self, page: str, *, full: bool = False) -> None:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{page}-{self.name}.png", full_page=full)


@pytest.fixture
def viewer(chromium: Any, desk: Desk) -> Iterator[Callable[..., Viewer]]:
    """``viewer(language, theme, width)``; at the end none of them may have had anything to complain of."""
    opened: list[Viewer] = []

    def open_one(*look: Any) -> Viewer:
        opened.append(Viewer(chromium, desk.url, *look))
        return opened[-1]

    yield open_one
    for one in opened:
        one.context.close()
    assert [complaint for one in opened for complaint in one.complaints] == []


@pytest.mark.parametrize(("language", "theme", "width"), LOOKS, ids=str)
def test_every_page_in_every_look(viewer: Callable[..., Viewer], language: str, theme: str, width: int) -> None:
    look = viewer(language, theme, width)
    look.open("/sign-in")
    look.keep("sign-in")
    assert look.overflow() == 0
    look.sign_in()
    look.live()
    look.page.wait_for_timeout(300)
    look.keep("fleet")
    assert look.overflow() == 0
    heading = look.page.locator("h1").inner_text()
    assert ("台设备" in heading) if language == "zh" else ("devices" in heading)
    look.open("/devices/SRV-0377")
    look.live()
    look.page.wait_for_selector("#charts[data-drawn]")
    look.page.wait_for_timeout(300)
    look.keep("device", full=True)
    assert look.overflow() == 0
    assert look.page.locator("h1").inner_text() == "交易前置一"
    assert look.page.locator("figure[data-panel=cpu] canvas").count() == 1
    assert look.page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[language]


@pytest.mark.parametrize(("language", "theme", "width"), LOOKS, ids=str)
def test_every_page_of_records_in_every_look(
    viewer: Callable[..., Viewer], language: str, theme: str, width: int
) -> None:
    look = viewer(language, theme, width)
    look.sign_in()
    for name, path in RECORDS.items():
        look.open(path)
        look.page.wait_for_timeout(400)
        look.keep(name, full=True)
        assert look.overflow() == 0, name
        assert look.page.locator("h1").count() == 1, name
        assert look.page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[language]


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


def test_the_pictures_of_the_readme(viewer: Callable[..., Viewer]) -> None:
    """Kept among the artefacts; whoever wants new ones in docs/pictures copies them."""
    look = viewer("zh", "light", 1400)
    look.sign_in()
    look.live()
    look.page.set_viewport_size({"width": 1400, "height": 640})
    look.page.wait_for_timeout(300)
    look.page.screenshot(path=ARTEFACTS / "readme-fleet.png")
    look.open("/devices/SRV-0377")
    look.live()
    look.page.wait_for_selector("#charts[data-drawn]")
    look.page.set_viewport_size({"width": 1400, "height": 1080})
    look.page.wait_for_timeout(500)
    look.page.screenshot(path=ARTEFACTS / "readme-device.png")


def test_the_contact_sheet(chromium: Any, desk: Desk) -> None:
    """All pictures of this run on one sheet, to be looked at before a change is called done."""
    sheet, pictures = [], 0
    for name in ("sign-in", "fleet", "device", *RECORDS):
        sheet.append(f"<h1>{name}</h1><section>")
        for file in sorted(
            ARTEFACTS.glob(f"{name}-??-*-*.png"), key=lambda file: (file.stem.endswith("-360"), file.stem)
        ):
            picture = base64.b64encode(file.read_bytes()).decode()
            kind = "narrow" if file.stem.endswith("-360") else "wide"
            sheet.append(
                f'<figure class="{kind}"><div><img src="data:image/png;base64,{picture}"></div>{file.stem}</figure>'
            )
            pictures += 1
        sheet.append("</section>")
    page = chromium.new_page(viewport={"width": 2800, "height": 1200})
    page.set_content(SHEET_STYLE + "".join(sheet))
    page.screenshot(path=ARTEFACTS / "contact-sheet.png", full_page=True)
    page.close()
    assert pictures >= len(LOOKS) * (3 + len(RECORDS))
