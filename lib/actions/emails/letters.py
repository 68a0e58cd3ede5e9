"""The Hub's e-mails in words: a subject, plain text and HTML from the files in `templates`.

`<kind>.txt` begins with `Subject:` and an empty line; `<kind>.html` says the same with its markup.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

_FOLDER = Path(__file__).parent / "templates"
_SUBJECT = "Subject: "


class CannotRender(ValueError):
    """The kind has no template, or its values are not the ones it takes; values are not quoted."""


class LoginChange(NamedTuple):
    """An extension whose login changes; one row of the value `logins`."""

    extension: str
    before: str
    after: str


@dataclass(frozen=True)
class Rendered:
    """One e-mail in words."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Values:
    """The names of the values that a template takes."""

    required: frozenset[str]
    optional: frozenset[str] = frozenset()


KINDS = {
    "suspension_notice": Values(
        frozenset({"account_number", "account_name", "contact"}),
        frozenset({"overdue_amount", "overdue_since", "how_to_pay", "emergency_numbers"}),
    ),
    "reenabled_notice": Values(frozenset({"account_number", "account_name", "contact"})),
    "pbx_login_change": Values(frozenset({"account_number", "pbx_name", "when", "logins", "contact"})),
    "jet_phone_login": Values(frozenset({"name", "login", "one_time_link", "link_expires", "contact"})),
}
"""What there is a template for. Values are texts of one line, as the reader shall see them: "$1,024.10"."""


def render(kind: str, values: Mapping[str, Any]) -> Rendered:
    """The e-mail of this kind with these values; `logins` are rows of extension, login before, login after.

    Raises:
        CannotRender: unknown kind, a value missing, empty, unknown or of several lines, or a link without https.
    """
    if kind not in KINDS:
        raise CannotRender(f"there is no template “{kind}”")
    given = _checked(kind, values)
    text = _environment().get_template(f"{kind}.txt").render(given)
    html = _environment().get_template(f"{kind}.html").render(given)
    head, _, body = text.partition("\n")
    if not head.startswith(_SUBJECT):
        raise CannotRender(f"the template {kind}.txt does not begin with its subject")
    return Rendered(head.removeprefix(_SUBJECT).strip(), body.strip() + "\n", html.strip() + "\n")


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _checked(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    takes = KINDS[kind]
    missing = sorted(takes.required - values.keys())
    unknown = sorted(values.keys() - takes.required - takes.optional)
    if missing or unknown:
        problems = [f"missing {name}" for name in missing] + [f"unknown {name}" for name in unknown]
        raise CannotRender(f"{kind}: {', '.join(problems)}")
    checked: dict[str, Any] = dict.fromkeys(takes.optional)
    for name, value in values.items():
        if value is not None or name in takes.required:
            checked[name] = _rows(name, value) if name == "logins" else _line(name, value)
    return checked


def _line(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise CannotRender(f"{name} is empty or no text")
    # A line of its own could pass for a part of the letter.
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value):
        raise CannotRender(f"{name} is not one line of text")
    if name.endswith("_link") and (not value.startswith("https://") or " " in value):
        raise CannotRender(f"{name} is not an https address")
    return value


def _rows(name: str, value: object) -> list[LoginChange]:
    if not isinstance(value, list | tuple) or not value:
        raise CannotRender(f"{name} is empty or no list")
    if not all(isinstance(row, list | tuple) and len(row) == 3 for row in value):
        raise CannotRender(f"each row of {name} is an extension with its login before and after")
    return [LoginChange(*(_line(name, cell) for cell in row)) for row in value]
