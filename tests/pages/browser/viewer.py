"""One browser window, and where its pictures are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PASSWORD = "measure twice, cut once"
ARTEFACTS = Path(__file__).parents[3] / "artefacts" / "pages"
NARROW = 360
# A signed week, one under way, and a round of the hosts: tests/pages/browser/paperwork.py
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
# The machine room: tests/pages/equipment.py
EQUIPMENT = {
    "switch": "/devices/SW-0101",
    "switch-optics": "/devices/SW-0102",
    "chassis": "/devices/SW-0103",
    "fabric": "/devices/FC-0201",
    "firewall": "/devices/FW-0301",
    "ups": "/devices/UPS-0401",
    "ups-on-battery": "/devices/UPS-0402",
    "pdu": "/devices/PDU-0501",
    "air-conditioner": "/devices/AC-0601",
    "environment": "/devices/ENV-0602",
    "storage": "/devices/STO-0701",
    "bmc": "/devices/BMC-0801",
    "refused": "/devices/SW-0902",
    "fleet-equipment": "/devices",
    "collection": "/collection",
    "topology": "/collection/topology",
    "collection-add": "/collection/add-device",
    "collection-device": "/collection/devices/SW-0101",
    "collection-share": "/collection/shares/room",
}


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
        lang = {"zh": "zh-CN", "en": "en"}[self.language]
        if self.page.locator("html").get_attribute("lang") != lang:
            self.page.click(".switches form[action='/preferences/language'] button")
            self.page.wait_for_selector(f"html[lang={lang}]")  # the next page must not overtake this one

    def live(self) -> None:
        self.page.wait_for_selector("[data-live][data-state=live]")

    def overflow(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def keep(self, page: str, *, full: bool = False) -> None:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{page}-{self.name}.png", full_page=full)
