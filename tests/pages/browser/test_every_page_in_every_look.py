"""Every page in Chromium, in both languages, light and dark, wide and narrow; and all of them on one sheet."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.pages.browser.viewer import ARTEFACTS, EQUIPMENT, RECORDS, Viewer

if TYPE_CHECKING:
    from tests.pages.browser.conftest import Desk

pytestmark = pytest.mark.peer("chromium")

LOOKS = [(language, theme, width) for language in ("zh", "en") for theme in ("light", "dark") for width in (1440, 360)]
# Long pages are cut: the sheet is for a look at all of them, each picture lies beside it whole.
SHEET_STYLE = """<style>
body { margin: 16px; font: 12px sans-serif; background: #9a9a9a; } h1 { font-size: 18px; margin: 18px 0 8px; }
section { display: flex; flex-wrap: wrap; gap: 12px; } figure { margin: 0; }
figure div { overflow: hidden; max-height: 820px; } img { display: block; width: 100%; }
.wide { width: 640px; } .narrow { width: 250px; }
</style>"""


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


@pytest.mark.parametrize(("language", "theme", "width"), LOOKS, ids=str)
def test_every_page_of_equipment_in_every_look(
    room_viewer: Callable[..., Viewer], language: str, theme: str, width: int
) -> None:
    look = room_viewer(language, theme, width)
    look.sign_in()
    for name, path in EQUIPMENT.items():
        look.open(path)
        if look.page.locator("[data-live]").count():
            look.live()
        if look.page.locator("#charts").count():
            look.page.wait_for_selector("#charts[data-drawn]", state="attached")
        look.page.wait_for_timeout(300)
        look.keep(name, full=True)
        assert look.overflow() == 0, name
        assert look.page.locator("h1").count() == 1, name
        assert look.page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[language]


def test_the_pictures_of_the_readme(viewer: Callable[..., Viewer]) -> None:
    """Kept among the artefacts; whoever wants new ones in docs/pictures copies them."""
    look = viewer("zh", "light", 1400)
    look.sign_in()
    look.live()
    look.page.set_viewport_size({"width": 1400, "height": 640})
    look.page.wait_for_timeout(300)
    look.page.screenshot(path=ARTEFACTS / "readme-fleet.png")
    look.open("/")
    look.live()
    look.page.set_viewport_size({"width": 1400, "height": 560})
    look.page.wait_for_timeout(300)
    look.page.screenshot(path=ARTEFACTS / "readme-desk.png")
    look.open(RECORDS["verification"])
    look.page.set_viewport_size({"width": 1400, "height": 1300})
    look.page.wait_for_timeout(300)
    look.page.screenshot(path=ARTEFACTS / "readme-verification.png")
    look.open("/devices/SRV-0377")
    look.live()
    look.page.wait_for_selector("#charts[data-drawn]")
    look.page.set_viewport_size({"width": 1400, "height": 1080})
    look.page.wait_for_timeout(500)
    look.page.screenshot(path=ARTEFACTS / "readme-device.png")


def test_the_picture_of_a_switch(room_viewer: Callable[..., Viewer]) -> None:
    """Kept beside those of the README, from a room of its own."""
    look = room_viewer("zh", "light", 1400)
    look.sign_in("/devices/SW-0103")
    look.live()
    look.page.set_viewport_size({"width": 1400, "height": 1120})
    look.page.wait_for_timeout(500)
    look.page.screenshot(path=ARTEFACTS / "readme-switch.png")


def test_the_contact_sheet(chromium: Any, desk: Desk) -> None:
    """All pictures of this run on one sheet, to be looked at before a change is called done."""
    sheet, pictures = [], 0
    for name in ("sign-in", "fleet", "device", *RECORDS, *EQUIPMENT):
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
    assert pictures >= len(LOOKS) * (3 + len(RECORDS) + len(EQUIPMENT))
