"""The text of the e-mails that the Account Manager sends: subject, plain text and HTML, from `templates`.

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
    """There is no template of this kind, or the values are wrong. The message never quotes a value."""


class LoginChange(NamedTuple):
    """An extension whose login changes; one row of the value `logins`."""

    extension: str
    before: str
    after: str


@dataclass(frozen=True)
class Rendered:
    """The text of one e-mail."""

    subject: str
    text: str
    html: str


KINDS: dict[str, tuple[set[str], set[str]]] = {
    "suspension_notice": (
        {"account_number", "account_name", "contact"},
        {"overdue_amount", "overdue_since", "how_to_pay", "emergency_numbers"},
    ),
    "reenabled_notice": ({"account_number", "account_name", "contact"}, set()),
    "pbx_login_change": ({"account_number", "pbx_name", "when", "logins", "contact"}, set()),
    "jet_phone_login": ({"name", "login", "one_time_link", "link_expires", "contact"}, set()),
}
"""The templates, with the names of their required and optional values: lines of text as people read them."""


def render(kind: str, values: Mapping[str, Any]) -> Rendered:
    """The e-mail of this kind with these values. `logins` are rows of extension, login before, login after.

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
    required, optional = KINDS[kind]
    missing = sorted(required - values.keys())
    unknown = sorted(values.keys() - required - optional)
    if missing or unknown:
        problems = [f"missing {name}" for name in missing] + [f"unknown {name}" for name in unknown]
        raise CannotRender(f"{kind}: {', '.join(problems)}")
    checked: dict[str, Any] = dict.fromkeys(optional)
    for name, value in values.items():
        if value is not None or name in required:
            checked[name] = _rows(name, value) if name == "logins" else _line(name, value)
    return checked


def _line(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise CannotRender(f"{name} is empty or not a text")
    # A second line could look like a part of the e-mail.
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value):
        raise CannotRender(f"{name} is not one line of text")
    if name.endswith("_link") and (not value.startswith("https://") or " " in value):
        raise CannotRender(f"{name} is not an https address")
    return value


def _rows(name: str, value: object) -> list[LoginChange]:
    if not isinstance(value, list | tuple) or not value:
        raise CannotRender(f"{name} is empty or not a list")
    if not all(isinstance(row, list | tuple) and len(row) == 3 for row in value):
        raise CannotRender(f"each row of {name} is an extension with its login before and after")
    return [LoginChange(*(_line(name, cell) for cell in row)) for row in value]
