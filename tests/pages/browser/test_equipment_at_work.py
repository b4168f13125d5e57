"""Equipment in Chromium: traps arrive on the open page, ports are found and filtered, forms show what was chosen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from readings.wire import Batch, Tick, WireEvent
from tests.pages.browser.machine_room import BOOTED_NS
from tests.pages.browser.viewer import Viewer
from tests.pages.equipment import BOOT, INTERVAL_S

if TYPE_CHECKING:
    from tests.pages.browser.machine_room import MachineRoom

pytestmark = pytest.mark.peer("chromium")


@pytest.mark.parametrize("device_no", ["UPS-0401", "SW-0101"])
def test_a_trap_is_on_the_open_page_without_a_reload(
    room_viewer: Callable[..., Viewer], machine_room: MachineRoom, device_no: str
) -> None:
    look = room_viewer("en")
    look.sign_in(f"/devices/{device_no}")
    look.live()
    look.page.evaluate("window.untouched = true")
    now = time.time_ns()
    text = "UPS 输出过载 / the UPS output is overloaded <img src=x onerror=alert(1)>"
    trap = WireEvent(device_no, 0, 0, "trap", "ups_overload", 3, text)
    tick = Tick(machine_room.number + 1, 0, now - BOOTED_NS, now)
    machine_room.send(Batch([BOOT], [tick], [], [], [trap], [], interval_s=INTERVAL_S))
    row = look.page.locator("#part-events tr", has_text="the UPS output is overloaded")
    row.wait_for()
    assert "输出过载" not in row.inner_text()
    assert "Trap" in row.inner_text()
    assert row.locator("img").count() == 0
    assert look.page.evaluate("window.untouched")


def test_ports_are_filtered_found_and_led_to(room_viewer: Callable[..., Viewer]) -> None:
    look = room_viewer()
    look.sign_in("/devices/SW-0101")
    look.live()
    shown = look.page.locator("#part-interfaces tbody tr:visible")
    used = shown.count()
    look.page.click("[data-ports-show=trouble]")
    trouble = shown.count()
    look.page.click("[data-ports-show=all]")
    assert 0 < trouble < used < shown.count() == 39
    look.page.keyboard.press("/")
    look.page.keyboard.type("a07")
    assert shown.count() == 1
    assert "GigabitEthernet0/0/5" in shown.inner_text()
    look.page.keyboard.press("Escape")
    look.page.click("[data-ports-show=trouble]")
    look.page.locator("a.square.unused").first.click()
    assert look.page.locator("#part-interfaces tr:target").is_visible(), "a square leads to its row, filtered or not"


def test_a_form_shows_the_fields_of_what_is_chosen(room_viewer: Callable[..., Viewer]) -> None:
    look = room_viewer()
    look.sign_in("/collection/add-device")
    page = look.page
    assert page.locator("[name='snmp.community']").is_visible()
    assert not page.locator("[name='snmp.auth_key']").is_visible()
    page.select_option("[name='way.snmp.version']", "3")
    assert not page.locator("[name='snmp.community']").is_visible()
    assert page.locator("[name='snmp.auth_key']").is_visible()
    assert not page.locator("[name='way.cli.platform']").is_visible()
    page.check("[name='way.cli']")
    assert page.locator("[name='way.cli.platform']").is_visible()
    assert page.locator("[name='ssh.password']").is_visible()
    page.uncheck("[name='way.snmp']")
    page.uncheck("[name='way.trap']")
    assert not page.locator("[name='snmp.auth_key']").is_visible()


def test_a_refused_form_comes_back_as_it_was_typed(room_viewer: Callable[..., Viewer]) -> None:
    look = room_viewer("en")
    look.sign_in("/collection/add-device")
    page = look.page
    page.fill("[name=device_no]", "SW-7777")
    page.fill("[name=name]", "typed once")
    page.fill("[name=address]", "192.0.2.77")
    page.fill("[name='way.snmp.port']", "70000")
    page.fill("[name='snmp.community']", "typed-and-not-shown")
    page.click("form.adding button.btn.do")
    page.wait_for_selector("[name='way.snmp.port'][aria-invalid=true]")
    assert (
        "65535"
        in page.locator("#" + str(page.get_attribute("[name='way.snmp.port']", "aria-describedby"))).inner_text()
    )
    assert page.input_value("[name=name]") == "typed once"
    assert "typed-and-not-shown" not in page.content()
    page.fill("[name='way.snmp.port']", "161")
    page.fill("[name='snmp.community']", "typed-and-not-shown")
    page.click("form.adding button.btn.do")
    page.wait_for_url("**/devices/SW-7777")
    assert "not asked yet" in page.locator("#part-asked").inner_text()
    assert "typed-and-not-shown" not in page.content()
    # The browser itself notes the answer's status; that is not a fault of the page.
    look.complaints = [complaint for complaint in look.complaints if "422" not in complaint]
