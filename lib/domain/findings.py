"""What a check reports about one field."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

_QUOTED = 120


class Finding(BaseModel):
    """A finding about one field. With an error the record cannot be saved; a warning is to be looked at."""

    model_config = ConfigDict(frozen=True)

    field: str
    severity: Literal["error", "warning"]
    text: str


def error(field: str, text: str) -> Finding:
    """A finding with which the record cannot be saved."""
    return Finding(field=field, severity="error", text=text)


def warning(field: str, text: str) -> Finding:
    """A finding that somebody should look at."""
    return Finding(field=field, severity="warning", text=text)


def quoted(text: str) -> str:
    """The beginning of a text from outside, in quotation marks and without invisible characters, for a sentence."""
    seen = "".join(character if character.isprintable() else " " for character in text)
    return f"“{seen if len(seen) <= _QUOTED else f'{seen[:_QUOTED]}…'}”"
