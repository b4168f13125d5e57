"""The pages' words: Chinese is the source and the key, English stands in ``locale/en.po``, read once at start."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.pofile import read_po

LANGUAGES: dict[str, str] = {"zh": "中文", "en": "English"}
HTML_LANG = {"zh": "zh-CN", "en": "en"}
DEFAULT_LANGUAGE = "zh"
LOCALE_FOLDER = Path(__file__).parent / "locale"


def N_(text: str) -> str:  # noqa: N802 - the mark every gettext tool knows: translated later, where it is shown
    """Mark ``text`` as words of a page without translating it here."""
    return text


class Words:
    """The words of one language. ``words("%(n)s 项", n=3)`` translates, then fills in."""

    def __init__(self, language: str, translations: Mapping[str, tuple[str, ...]]) -> None:
        self.language = language
        self._translations = translations

    def __call__(self, text: str, **values: object) -> str:
        said = self._translations.get(text, (text,))[0]
        return said % values if values else said

    def many(self, text: str, n: int, **values: object) -> str:
        """As a call, with ``n`` deciding between the English singular and plural."""
        forms = self._translations.get(text, (text,))
        return forms[0 if n == 1 else -1] % {"n": n, **values}

    def of(self, both: Mapping[str, str] | None) -> str:
        """The side of a ``{"zh": …, "en": …}`` text that this language reads; the other where one is missing."""
        if not both:
            return ""
        return both.get(self.language) or both.get("zh") or both.get("en") or ""


def read_translations(path: Path) -> dict[str, tuple[str, ...]]:
    """msgid → its translated forms. Raises ValueError naming the message that has none."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale="en")
    found: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        if not message.id:
            continue
        msgid = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
        forms = tuple(message.string) if isinstance(message.string, (tuple, list)) else (message.string or "",)
        if not all(forms) or message.fuzzy:
            raise ValueError(f"{path.name}: {msgid!r} has no English")
        found[msgid] = forms
    return found


@cache
def words_of(language: str) -> Words:
    """Words of ``zh`` or ``en``; anything else reads Chinese."""
    if language == "en":
        return Words("en", read_translations(LOCALE_FOLDER / "en.po"))
    return Words(DEFAULT_LANGUAGE, {})


def choose_language(person: str | None, cookie: str | None, accept: str | None) -> str:
    """The person's own choice, else this browser's, else what it asks for, else Chinese."""
    for choice in (person, cookie):
        if choice in LANGUAGES:
            return choice
    asked = [part.split(";")[0].strip().replace("-", "_") for part in (accept or "").split(",") if part.strip()]
    if not asked:
        return DEFAULT_LANGUAGE
    found = negotiate_locale(asked, ["zh", "zh_CN", "en", "en_US", "en_GB"], sep="_")
    return found.split("_")[0] if found else ("en" if asked[0] != "*" else DEFAULT_LANGUAGE)
