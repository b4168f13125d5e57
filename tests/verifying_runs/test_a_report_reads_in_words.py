"""The paper of a verification: in words where the record has keys, in both languages."""

from __future__ import annotations

import re

import pytest

from tests.verifying_runs.house import House

IDENTITY = re.compile(r'<dl class="facts report-facts">(.*?)</dl>', re.DOTALL)


@pytest.mark.parametrize(("language", "title"), [("zh", "启动标识"), ("en", "Boot id")])
def test_what_it_is_and_where_it_was_told_are_words(house: House, language: str, title: str) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(1.1)
    house.submit(number, "li")
    with house.centre.records.writing() as session:
        session.connection().exec_driver_sql("update person set language = ?", (language,))
    shown = house.by("li").get(f"/verifications/{number}/report", headers={"Accept": "text/html"})
    assert shown.status_code == 200, shown.text
    told = IDENTITY.findall(shown.text)[-1]
    assert f"<dt>{title}</dt>" in told
    assert "boot_id" not in told
    assert "<td>kernel_log</td>" not in shown.text
