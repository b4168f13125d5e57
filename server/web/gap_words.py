"""Why something could not be read and what happened, in the reader's language."""

from __future__ import annotations

from server.happenings.chinese import OWN, in_chinese, known_words
from server.happenings.tongues import tongues
from server.web.i18n import Words


def gap_words(detail: str, words: Words) -> str:
    """``detail`` as the reader of ``words`` reads it.

    >>> from server.web.i18n import words_of
    >>> gap_words("CLI 192.0.2.7 port 22 as backup: no prompt in 5 s", words_of("zh"))
    'CLI 192.0.2.7 端口 22 用户 backup：5 秒内没有出现提示符'
    """
    return detail if words.language == "en" else in_chinese(detail)


def event_words(text: str, source: str, kind: str, words: Words) -> str:
    """What happened, as the reader reads it: told in both languages, by a collector of itself, or in words of IPMI.

    >>> from server.web.i18n import words_of
    >>> event_words("Fan 1, Lower Critical going low, Asserted", "ipmi", "bmc_event", words_of("zh"))
    'Fan 1，降过下限（严重），出现'
    """
    zh, en = tongues(text)
    if words.language == "en":
        return en
    if kind == "bmc_event" and source == "ipmi":
        known = known_words("events")["ipmi"]
        said = [known.get(word.lower(), word) for word in text.split(", ")]
        return "，".join(said) if said != text.split(", ") else text
    return in_chinese(zh) if kind in OWN else zh
