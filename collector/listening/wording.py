"""Bytes of a device as text: UTF-8, else GBK as Chinese devices write it, else what can be shown of them."""

from __future__ import annotations


def decoded(raw: bytes) -> str:
    r"""Text of ``raw``; what neither encoding knows is written as \\x….

    >>> decoded("接口".encode("gbk")), decoded("接口".encode())
    ('接口', '接口')
    """
    for encoding in ("utf-8", "gbk"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "backslashreplace")


def one_line(text: str, longest: int) -> str:
    """Nothing in it that steers a terminal or breaks a line; cut at ``longest``."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def readable_text(raw: bytes, longest: int) -> str:
    r"""Text, or hexadecimal where the bytes are none (an address, a bit string).

    >>> readable_text(b"Gi0/1\\x00", 20), readable_text(bytes([0, 17, 34]), 20)
    ('Gi0/1', '00:11:22')
    """
    text = decoded(raw.rstrip(b"\x00"))
    if all(letter.isprintable() or letter in "\r\n\t" for letter in text) and "\\x" not in text:
        return one_line(text, longest)
    return raw[: longest // 3].hex(":")
