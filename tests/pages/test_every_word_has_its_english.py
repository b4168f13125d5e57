"""Chinese is the source; nothing may be shown untranslated, nothing translated may be of no use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import server.web
from server.web.i18n import LOCALE_FOLDER, Words, choose_language, read_translations, words_of

WEB = Path(server.web.__file__).parent
METHODS = [("**/vendor/**", "ignore"), ("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
KEYWORDS = {"_": None, "N_": None, "words": None, "many": (1, 1)}
PLACE = re.compile(r"%\(\w+\)s|\{\w+\}")
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    """Everything templates and page code say → where."""
    found: dict[str, str] = {}
    for name, line, message, _comments, _context in extract_from_dir(str(WEB), METHODS, keywords=KEYWORDS):
        found[message if isinstance(message, str) else message[0]] = f"{name}:{line}"
    return found


@pytest.fixture(scope="module")
def english() -> dict[str, tuple[str, ...]]:
    return read_translations(LOCALE_FOLDER / "en.po")


def test_everything_said_has_its_english(said: dict[str, str], english: dict[str, tuple[str, ...]]) -> None:
    assert {text: where for text, where in said.items() if text not in english} == {}


def test_every_english_is_still_said(said: dict[str, str], english: dict[str, tuple[str, ...]]) -> None:
    assert sorted(english.keys() - said.keys()) == []


def test_the_english_fills_in_the_same_places_and_holds_no_chinese(english: dict[str, tuple[str, ...]]) -> None:
    for text, forms in english.items():
        for form in forms:
            assert sorted(PLACE.findall(form)) == sorted(PLACE.findall(text)), text
            assert not HAN.search(form), text


def test_no_template_holds_chinese_outside_the_words() -> None:
    for file in sorted((WEB / "templates").glob("*.html")):
        plain = re.sub(r"\{[{%].*?[%}]\}", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not HAN.search(plain), f"{file.name}: {HAN.findall(plain)}"


def test_one_and_many_differ_in_english_only() -> None:
    assert words_of("en").many("%(n)s 台", 1) == "1 device"
    assert words_of("en").many("%(n)s 台", 2) == "2 devices"
    assert words_of("zh").many("%(n)s 台", 2) == "2 台"


def test_a_message_without_english_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "en.po"
    file.write_text('msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "设备"\nmsgstr ""\n')
    with pytest.raises(ValueError, match="设备"):
        read_translations(file)


@pytest.mark.parametrize(
    ("person", "cookie", "accept", "language"),
    [
        pytest.param("en", "zh", "zh-CN", "en", id="the person's own choice first"),
        pytest.param(None, "en", "zh-CN", "en", id="then this browser's"),
        pytest.param(None, None, "en-US,en;q=0.9", "en", id="then what the browser asks for"),
        pytest.param(None, None, "zh-TW,zh;q=0.9", "zh", id="any Chinese is Chinese"),
        pytest.param(None, None, "fr-FR", "en", id="somebody who asks for neither reads English"),
        pytest.param(None, None, None, "zh", id="nobody said anything"),
        pytest.param("xx", "yy", "*", "zh", id="nonsense"),
    ],
)
def test_the_language_is_chosen(person: str | None, cookie: str | None, accept: str | None, language: str) -> None:
    assert choose_language(person, cookie, accept) == language


def test_a_text_in_one_language_only_is_shown_as_it_is() -> None:
    assert Words("en", {}).of({"zh": "根分区"}) == "根分区"
    assert Words("en", {}).of({"zh": "根分区", "en": "root"}) == "root"
    assert Words("zh", {}).of(None) == ""
