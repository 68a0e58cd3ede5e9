"""What a check has to say about one field."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

_QUOTED = 120


class Finding(BaseModel):
    """Something about one field: an error keeps the record from being saved, a warning is to be looked at."""

    model_config = ConfigDict(frozen=True)

    field: str
    severity: Literal["error", "warning"]
    text: str


def error(field: str, text: str) -> Finding:
    """Keeps the record from being saved."""
    return Finding(field=field, severity="error", text=text)


def warning(field: str, text: str) -> Finding:
    """Somebody has to look at it."""
    return Finding(field=field, severity="warning", text=text)


def quoted(text: str) -> str:
    """As much of a text from outside as a sentence can hold, in quotation marks and without invisible characters."""
    seen = "".join(character if character.isprintable() else " " for character in text)
    return f"“{seen if len(seen) <= _QUOTED else f'{seen[:_QUOTED]}…'}”"
