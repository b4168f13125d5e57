"""Configurations shown to people have no secrets in them: what follows a word of secrecy is hidden unless harmless."""

from __future__ import annotations

import re

HIDDEN = "***"
SECRET_WORD = re.compile(
    r"(?:^|[-_])(?:passw(?:or)?d|secret|community|key|keys|psk|cipher|plaintext|passphrase|credential|token"
    r"|shared-key|key-string|md5|sha|sha2|hmac|auth|priv|securityname|hash|simple)(?:$|[-_])",
    re.IGNORECASE,
)
# Words between the one that announces a secret and the secret, and words that may follow it.
HARMLESS = {
    *("0", "5", "6", "7", "8", "9", "10", "128", "192", "256", "cipher", "simple", "irreversible-cipher", "hash"),
    *("plain", "plaintext", "encrypted", "read", "write", "ro", "rw", "view", "acl", "mib-view", "level", "role"),
    *("auth", "priv", "noauth", "md5", "sha", "sha2", "sha-256", "sha256", "sha2-256", "sha-512", "sha512", "aes"),
    *("aes128", "aes192", "aes256", "aes-128", "aes-256", "3des", "des", "des56", "des168", "scrypt", "string"),
    *("password", "secret", "key", "community", "address", "ascii", "hex", "version", "v1", "v2c", "v3", "privacy"),
    *("authentication", "login", "local", "radius", "tacacs", "none", "enable", "undo", "no", "chain", "rsa", "dsa"),
    *("traps", "informs", "1", "2c", "3", "text", "mode", "default", "group"),
    *("privacy-mode", "authentication-mode", "expire", "history", "complexity-check", "length", "aaa", "scheme"),
}
# Lines in which a secret stands without a word that says so.
TARGET = re.compile(r"^\s*snmp-server host\s", re.IGNORECASE)
AUTHENTICATION = re.compile(r"^(?!\s*aaa\b).*\bauthentication$", re.IGNORECASE)
BEGIN_KEY, END_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")


def masked(text: str) -> str:
    """Every line without its secrets.

    >>> print(masked("username li privilege 15 password 7 0822455D0A16\\nsysname SW-A"))
    username li privilege 15 password 7 ***
    sysname SW-A
    """
    shown: list[str] = []
    in_key = False
    for line in text.split("\n"):
        if in_key:
            in_key = END_KEY.search(line) is None
            shown.append(HIDDEN if in_key else line)
            continue
        in_key = BEGIN_KEY.search(line) is not None and END_KEY.search(line) is None
        shown.append(_line(line))
    return "\n".join(shown)


def _line(line: str) -> str:
    """Words after the one that announces a secret; where all of them look harmless, one of them is the secret."""
    words = re.split(r"(\s+)", line)
    announced = next((place for place in range(0, len(words), 2) if _announces(words, place)), len(words))
    following = [place for place in range(announced + 2, len(words), 2) if words[place]]
    secret = [place for place in following if words[place].lower() not in HARMLESS]
    for place in secret or following:
        words[place] = HIDDEN
    return "".join(words)


def _announces(words: list[str], place: int) -> bool:
    before = "".join(words[: place + 1])
    if TARGET.match(before) is not None:
        return before.split()[-1] not in {"snmp-server", "host"}  # the address
    return SECRET_WORD.search(words[place]) is not None or AUTHENTICATION.match(before) is not None
