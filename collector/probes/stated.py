"""What a probe is told: strict settings with a limit on each, and secrets that are written nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

Told = TypeVar("Told")

Host = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_:][A-Za-z0-9._:%-]{0,252}$", description="a name or an address")]
Port = Annotated[int, Meta(ge=1, le=65535)]
LimitS = Annotated[float, Meta(gt=0, le=120)]
Name = Annotated[str, Meta(min_length=1, max_length=120)]
LONGEST_SECRET = 20_000  # a private key in PEM
Text = Annotated[str, Meta(max_length=4096)]


class WrongSettings(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """Settings that cannot be used. The text names the field, and never what stands in it."""


class Secret:
    """A password or key: shown as ``***`` wherever it is printed, logged or compared in a failed test."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself: for the wire, never for a sentence."""
        return self._text

    def hidden_in(self, sentence: str) -> str:
        """``sentence`` of somebody else's library, should it repeat the secret."""
        return sentence.replace(self._text, "***") if self._text else sentence

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "***"


NO_SECRET = Secret("")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every probe's settings are made of: frozen, by name, checked whole when they are ``taken``."""


def taken(shape: type[Told], written: Mapping[str, Any]) -> Told:
    """``written`` as ``shape``. Raises WrongSettings with the field, for the first thing that is wrong.

    >>> from collector.probes.tcp import TcpSettings
    >>> taken(TcpSettings, {"host": "10.0.0.9", "port": 70000})
    Traceback (most recent call last):
    collector.probes.stated.WrongSettings: TcpSettings: Expected `int` <= 65535 - at `$.port`
    """
    try:
        return msgspec.convert(written, shape, dec_hook=_secret)
    except msgspec.ValidationError as error:
        raise WrongSettings(f"{shape.__name__}: {error}") from None


def _secret(shape: type, written: Any) -> Any:
    # The text of a failed conversion must not carry what stood there: it may have been a secret in the wrong place.
    if shape is not Secret:
        raise NotImplementedError(f"no settings are of {shape.__name__}")
    if not isinstance(written, str) or not 0 < len(written) <= LONGEST_SECRET or "\0" in written:
        raise ValueError(f"a secret is a text of 1 to {LONGEST_SECRET} characters")
    return Secret(written)
