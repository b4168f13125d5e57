"""What every described answer is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """An object without a member that is not described."""

    model_config = ConfigDict(extra="forbid")


class Texts(Answer):
    zh: str
    en: str
