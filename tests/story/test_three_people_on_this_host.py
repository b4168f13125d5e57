"""The chain on this very host: read, confirmed by one, reviewed by another, signed by a third, proven offline."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.story.conftest import PASSWORD, House, Somebody

pytestmark = pytest.mark.peer("chromium")

ARTEFACTS = Path(__file__).parents[2] / "artefacts" / "story"
CHECKER = Path(__file__).parents[2] / "evidence_check.py"
A_MINUTE_MS = 150_000


def keep(somebody: Somebody, name: str) -> None:
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    somebody.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


def device_no(somebody: Somebody) -> str:
    somebody.open("/devices")
    link = somebody.page.locator("li.device .name a").first
    return str(link.get_attribute("href")).rpartition("/")[2]


def checked(file: Path) -> subprocess.CompletedProcess[str]:
    """As an inspector would, a year later and without us."""
    return subprocess.run(
        [sys.executable, "-I", str(CHECKER), str(file)], capture_output=True, text=True, check=False, cwd=file.parent
    )


def download(somebody: Somebody, link: str, to: Path) -> Path:
    with somebody.page.expect_download() as expected:
        somebody.page.locator("a", has_text=link).click()
    expected.value.save_as(to)
    return to


def confirm_everything(li: Somebody) -> int:
    """Each line as its reading says; where there is none, with the reason; what is looked at, with what was seen."""
    done = 0
    while (form := li.page.locator(".item .hand > form[action$='/confirm']").first).count():
        if (choice := form.locator("select[name=result]")).count():
            choice.select_option("normal")
        if (note := form.locator("input[name=note]")).count():
            note.fill("一号机柜指示灯全绿，风扇无异响" if choice.count() else "刚接入，还没有读数")
        form.locator("button").click()
        li.page.wait_for_selector(".told")
        assert "已确认" in li.told()
        done += 1
    return done


def test_a_checklist_takes_two_people_and_proves_itself(house: House, tmp_path: Path) -> None:
    li, zhao = house.people["li"], house.people["zhao"]
    li.open("/runs")
    li.page.click("text=开始一张")
    li.page.wait_for_url("**/runs/C-*")
    number = li.page.url.rpartition("/")[2]
    assert "检查单" in li.told()
    keep(li, "run-filled")

    # What differs from the reading needs its reason; with one, both stay.
    other = li.page.locator(".item .hand details").first
    other.locator("summary").click()
    other.locator("select[name=result]").select_option("abnormal")
    other.locator("input[name=value]").fill("97 %")
    other.locator("input[name=note]").evaluate("field => field.removeAttribute('required')")
    other.locator("button").click()
    li.page.wait_for_selector(".told.wrong")
    assert "2.2-4" in li.told()
    other = li.page.locator(".item .hand details").first
    other.locator("summary").click()
    other.locator("select[name=result]").select_option("abnormal")
    other.locator("input[name=value]").fill("97 %")
    other.locator("input[name=note]").fill("现场看到的不同")
    other.locator("button").click()
    li.page.wait_for_selector(".told:not(.wrong)")
    assert li.page.locator(".item.differs").count() == 1

    # Two people at one line: whoever comes second is told, and what the first one said stands.
    wang = house.people["wang"]
    wang.open(f"/runs/{number}")
    late = wang.page.locator(".item .hand > form[action*='/items/lamps/']")
    assert confirm_everything(li) >= 5
    late.locator("select[name=result]").select_option("abnormal")
    late.locator("input[name=note]").fill("二号机柜有黄灯")
    late.locator("button").click()
    wang.page.wait_for_selector(".told.wrong")
    assert "变了" in wang.told()
    assert "一号机柜指示灯全绿" in wang.page.locator("#hand-lamps").inner_text()
    # Nobody reviews what they confirmed: no button is there, and the request itself is refused.
    li.open(f"/runs/{number}")
    assert li.page.locator("form[action$='/review']").count() == 0
    first = li.page.evaluate("async number => (await (await fetch('/api/v1/runs/' + number)).json()).items[0]", number)
    review = f"/api/v1/runs/{number}/items/{first['item']}/review"
    assert li.refused(review, {"version": first["version"], "agree": True}) == (403, "2.1-7")
    assert li.page.locator("form[action$='/close']").count() == 0

    zhao.open(f"/runs/{number}")
    keep(zhao, "run-to-review")
    while (button := zhao.page.locator("form[action$='/review'] button.do").first).count():
        button.click()
        zhao.page.wait_for_selector(".told")
        assert zhao.told() == "已复核。"
    zhao.page.fill("form[action$='/close'] [name=password]", "not this one at all")
    zhao.page.click("form[action$='/close'] button")
    zhao.page.wait_for_selector(".told.wrong")
    zhao.page.fill("form[action$='/close'] [name=password]", PASSWORD)
    zhao.page.click("form[action$='/close'] button")
    zhao.page.wait_for_selector(".told:not(.wrong)")
    assert "全部复核并关闭" in zhao.heading()
    keep(zhao, "run-closed")

    confirm = f"/api/v1/runs/{number}/items/{first['item']}/confirm"
    assert li.refused(confirm, {"version": first["version"], "note": "again"}) == (409, "2.2-4")

    file = download(zhao, "导出证据", tmp_path / "run.jsonl")
    held = checked(file)
    assert held.returncode == 0, held.stdout + held.stderr
    whole = file.read_bytes()
    at = whole.index(b"97 %")
    file.write_bytes(whole[:at] + b"17 %" + whole[at + 4 :])
    broken = checked(file)
    assert broken.returncode == 1
    assert "line" in broken.stdout + broken.stderr


def test_a_trial_is_marked_and_never_signed_as_a_pass(house: House, tmp_path: Path) -> None:
    li, wang, zhao = (house.people[name] for name in ("li", "wang", "zhao"))
    number_of_device = device_no(li)
    li.open(f"/devices/{number_of_device}")
    li.page.fill("form[action$='/verifications'] [name=window]", "5 bananas")
    li.page.click("text=启动上线验证")
    li.page.wait_for_selector(".told.wrong")
    li.page.fill("form[action$='/verifications'] [name=window]", "2 min")
    li.page.click("text=启动上线验证")
    li.page.wait_for_url("**/verifications/V-*")
    number = li.page.url.rpartition("/")[2]
    assert "试运行" in li.page.inner_text("main")

    # Production stays closed while it runs.
    li.open(f"/devices/{number_of_device}")
    assert li.page.locator(".life .here").inner_text() == "验证中"
    assert li.page.locator("form[action$='/life']").count() == 0
    launch = {"to": "in_production", "password": PASSWORD}
    assert li.refused(f"/api/v1/devices/{number_of_device}/life", launch) == (409, "1.5-16")

    wang.open(f"/verifications/{number}")
    wang.page.check("[name=alarm][value=no]")
    wang.page.fill("form[action$='/observations'] [name=note]", "指示灯正常，风扇无异响")
    wang.page.click("text=记录观察")
    wang.page.wait_for_selector(".told")
    assert wang.told() == "观察已记录。"

    # Two whole minutes pass on this host; the page goes on by itself.
    li.open(f"/verifications/{number}")
    li.page.wait_for_selector("[data-live][data-state=live]")
    li.page.wait_for_function(
        "() => !document.querySelector('#part-verification-head h1').innerText.includes('还需')",
        timeout=2 * A_MINUTE_MS,
    )
    keep(li, "verification-running")
    li.page.fill("form[action$='/submit'] [name=password]", PASSWORD)
    li.page.click("form[action$='/submit'] button")
    li.page.wait_for_selector(".told")
    assert "冻结" in li.told()

    # Who started it sees no form to sign; who may sign cannot sign a trial as a pass.
    assert li.page.locator("form[action$='/opinion']").count() == 0
    opinion = {"opinion": "fail", "text": "mine", "password": PASSWORD}
    assert li.refused(f"/api/v1/verifications/{number}/opinion", opinion) == (403, "1.5-20")
    zhao.open(f"/verifications/{number}")
    keep(zhao, "verification-submitted")
    sign(zhao, "pass", "")
    zhao.page.wait_for_selector(".told.wrong")
    assert "试运行" in zhao.told()
    zhao.open(f"/verifications/{number}/report")
    assert zhao.page.locator(".every-page").is_visible()
    paper(zhao, "report")
    zhao.open(f"/verifications/{number}")
    sign(zhao, "fail", "试运行，正式验证另行进行")
    zhao.page.wait_for_selector(".told:not(.wrong)")
    assert "不合格" in zhao.heading()
    keep(zhao, "verification-signed")

    held = checked(download(zhao, "导出证据", tmp_path / "verification.jsonl"))
    assert held.returncode == 0, held.stdout + held.stderr
    li.open(f"/devices/{number_of_device}")
    assert li.page.locator(".life .here").inner_text() == "已领用"
    assert "验证中 → 已领用" in li.page.inner_text("#ledger")


def sign(somebody: Somebody, opinion: str, text: str) -> None:
    somebody.page.check(f"[name=opinion][value={opinion}]")
    somebody.page.fill("form[action$='/opinion'] [name=text]", text)
    somebody.page.fill("form[action$='/opinion'] [name=password]", PASSWORD)
    somebody.page.click("form[action$='/opinion'] button")


def paper(somebody: Somebody, name: str) -> None:
    """On A4, the mark of a trial on every page."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    somebody.page.pdf(path=ARTEFACTS / f"{name}.pdf", format="A4", print_background=True)
    keep(somebody, name)
