"""Who sees a page, how one comes in and out, and what is said to those who do not."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from server.centre import Centre
from server.devices.ledger import add_device
from server.devices.tables import Device
from tests.fixtures_centre import OURS, PASSWORD, Client, HandClock, MakePerson, MakeToken, Visit

HTML = {"Accept": "text/html", "Accept-Language": "zh-CN"}
PAGES = ("/", "/devices", "/devices/SRV-1", "/devices/SRV-1/charts", "/devices/SRV-1/all-readings")
STREAMS = ("/events/devices", "/events/devices/SRV-1")


@pytest.fixture
def device(centre: Centre, clock: HandClock) -> Device:
    with centre.records.writing() as session:
        new = Device(device_no="SRV-1", name="交易前置一", created_ms=0)
        return add_device(session, new, actor=OURS, now=clock())


def come_in(client: Client, name: str = "li", password: str = PASSWORD, **form: str) -> httpx.Response:
    return client.post("/sign-in", data={"name": name, "password": password, **form}, headers=HTML)


@pytest.mark.parametrize("path", PAGES + STREAMS)
def test_a_stranger_is_led_to_the_door_and_back(client: Client, device: Device, path: str) -> None:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    if path != "/":
        assert f"next={path}" in answer.headers["location"]


@pytest.mark.parametrize("path", PAGES + STREAMS)
def test_a_program_sees_no_page_whatever_its_token(client: Client, device: Device, token: MakeToken, path: str) -> None:
    assert client.bear(token("admin")).get(path, headers=HTML).status_code == 303


def test_coming_in_leads_to_where_one_wanted_to_go(client: Client, person: MakePerson, device: Device) -> None:
    person("li")
    answer = come_in(client, next="/devices/SRV-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/devices/SRV-1")
    assert "交易前置一" in client.get("/devices/SRV-1", headers=HTML).text


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org", "/\\example.org", "devices"])
def test_coming_in_never_leads_elsewhere(client: Client, person: MakePerson, elsewhere: str) -> None:
    person("li")
    assert come_in(client, next=elsewhere).headers["location"] == "/"


def test_a_wrong_password_is_said_in_the_readers_words(client: Client, person: MakePerson) -> None:
    person("li")
    answer = come_in(client, password="wrong <b>")
    assert answer.status_code == 401
    assert "账号与口令不符。" in answer.text
    assert "wrong" not in answer.text.replace('class="wrong"', "").replace('id="wrong"', "").replace('"wrong"', "")


def test_too_many_tries_are_told_how_long_to_wait(client: Client, person: MakePerson) -> None:
    person("li")
    answers = [come_in(client, password="wrong") for _ in range(8)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert "秒再试" in answers[-1].text


def test_the_form_from_another_site_is_refused(client: Client, person: MakePerson) -> None:
    person("li")
    form = {"name": "li", "password": PASSWORD}
    answer = client.post("/sign-in", data=form, headers={**HTML, "Origin": "https://example.org"})
    assert answer.status_code == 403
    assert "没有这个权限" in answer.text


def test_going_out_needs_our_own_form(client: Client, person: MakePerson) -> None:
    person("li")
    come_in(client)
    assert client.post("/sign-out", headers=HTML).status_code == 403
    page = client.get("/devices", headers=HTML).text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    answer = client.post("/sign-out", data={"csrf": csrf}, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert client.get("/devices", headers=HTML).status_code == 303


def test_the_language_is_kept_with_the_person(visit: Visit, person: MakePerson) -> None:
    person("li")
    here, elsewhere = visit(), visit()
    come_in(here)
    page = here.get("/devices", headers=HTML).text
    assert '<html lang="zh-CN"' in page
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    answer = here.post("/preferences/language", data={"csrf": csrf, "language": "en", "back": "/devices"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/devices")
    come_in(elsewhere)
    assert '<html lang="en"' in elsewhere.get("/devices", headers=HTML).text


def test_the_language_of_a_session_does_not_change_without_our_form(client: Client, person: MakePerson) -> None:
    person("li")
    come_in(client)
    assert client.post("/preferences/language", data={"language": "en"}).status_code == 403


def test_an_unknown_language_is_refused(client: Client) -> None:
    assert client.post("/preferences/language", data={"language": "xx"}).status_code == 422


def test_no_device_yet_shows_the_commands_to_type(client: Client, person: MakePerson, centre: Centre) -> None:
    person("li")
    come_in(client)
    page = client.get("/devices", headers=HTML).text
    assert "还没有设备" in page
    assert f"zhishou enrolment create --device SRV-0001 --data {centre.settings.data}" in page
    assert "zhishou agent enrol --server http://centre --token" in page


def test_a_device_without_readings_says_so_everywhere(client: Client, person: MakePerson, device: Device) -> None:
    person("li")
    come_in(client)
    page = client.get("/devices/SRV-1", headers=HTML).text
    for words in ("无数据", "从未上报", "还没有读数", "还没有判定", "近 7 天没有事件", "还没有来源上报"):
        assert words in page
    assert "st normal" not in page
    assert client.get("/devices/SRV-1/charts").json()["panels"] == []


def test_a_name_is_text_and_never_markup(client: Client, person: MakePerson, centre: Centre, clock: HandClock) -> None:
    with centre.records.writing() as session:
        new = Device(device_no="SRV-2", name="<script>alert(1)</script>", created_ms=0)
        add_device(session, new, actor=OURS, now=clock())
    person("li")
    come_in(client)
    for path in ("/devices", "/devices/SRV-2", "/devices?q=<script>"):
        assert "<script>alert" not in client.get(path, headers=HTML).text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/devices/SRV-9", 404), ("/nothing", 404), ("/devices/SRV-1/charts?range=3y", 422), ("/devices?page=0", 422)],
)
def test_errors_are_pages_for_people_and_problems_for_programs(
    client: Client, person: MakePerson, device: Device, path: str, status: int
) -> None:
    person("li")
    come_in(client)
    page, problem = client.get(path, headers=HTML), client.get(path, headers={"Accept": "application/json"})
    assert (page.status_code, problem.status_code) == (status, status)
    assert page.headers["content-type"].startswith("text/html")
    assert problem.headers["content-type"] == "application/problem+json"


def test_what_breaks_inside_is_a_page_that_tells_nothing_of_the_inside(
    client: Client, person: MakePerson, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    person("li")
    come_in(client)
    monkeypatch.setattr("server.web.pages.device.device.view", lambda *_: 1 / 0)
    answer = client.get("/devices/SRV-1", headers=HTML)
    assert answer.status_code == 500
    assert "中心出错了" in answer.text
    assert "ZeroDivisionError" not in answer.text


def test_static_files_are_kept_by_their_tag_and_pages_never(client: Client) -> None:
    page = client.get("/sign-in", headers=HTML)
    assert page.headers["cache-control"] == "no-store"
    tagged = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "immutable" in client.get(tagged).headers["cache-control"]
    assert client.get(tagged.split("?")[0]).headers["cache-control"] == "no-cache"
    assert client.get("/static/../app.py").status_code == 404


def test_no_page_has_a_script_or_a_style_of_its_own() -> None:
    """The policy would block them; a template must not even try."""
    templates = Path(__file__).parents[2] / "server" / "web" / "templates"
    for file in templates.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert "style=" not in text, file.name
        assert " onclick" not in text, file.name
        assert "<style" not in text, file.name
        for script in text.split("<script")[1:]:
            assert "src=" in script.split(">")[0] or 'type="application/json"' in script.split(">")[0], file.name
