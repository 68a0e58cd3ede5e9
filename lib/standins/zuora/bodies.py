"""Checks of a request's body and its texts."""

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.requests import Request

from lib.standins.zuora.wire import Refusal

_EMAIL = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\".]+(\.[^@\s,;<>()\".]+)+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def json_object(raw: bytes) -> dict[str, Any]:
    """The request body as a JSON object. A malformed one is refused."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refusal(50000090, "Malformed JSON")
    return body


async def put_body(request: Request) -> dict[str, Any]:
    """The body of a PUT, which must have one and must not come with an idempotency key."""
    raw = await request.body()
    if "idempotency-key" in request.headers:
        message = "Request method 'PUT' not supported with Idempotency-Key header"
        raise Refusal(50000045, message, status=400)
    if not raw:
        raise Refusal(50000045, "Content type is not supported: the request has no body.")
    return json_object(raw)


def checked_text(resource: int, field: str, value: Any, limit: int) -> str:
    """The value as a text that Zuora can store. An empty one clears the field."""
    if not isinstance(value, str):
        raise invalid(resource, f"The value of {field} is not a text.")
    if any(ord(character) > 0xFFFF or 0xD800 <= ord(character) <= 0xDFFF for character in value):
        raise invalid(resource, f"The value of {field} holds a character of four bytes.")
    if len(value) > limit:
        raise invalid(resource, f"The value of {field} is longer than {limit} characters.")
    return value


def checked_email(resource: int, field: str, value: str) -> str:
    """The text, which must be empty or an e-mail address."""
    if value and not _EMAIL.fullmatch(value):
        raise invalid(resource, f"The value of {field} is not a valid email address.")
    return value


def checked_flag(resource: int, field: str, value: Any) -> bool:
    """The value, which must be true or false."""
    if not isinstance(value, bool):
        raise invalid(resource, f"The value of {field} is not true or false.")
    return value


def checked_date(resource: int, field: str, value: Any) -> date:
    """The value as a date, which must be yyyy-mm-dd."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise invalid(resource, f"The value of {field} is not a date of the form yyyy-mm-dd.")


def known_fields(resource: int, body: Mapping[str, Any], known: frozenset[str]) -> None:
    """Refuse a body with a field that Zuora does not have."""
    if unknown := sorted(set(body) - known):
        raise Refusal(resource * 100 + 21, f"The field {unknown[0]} is unknown.")


def required(resource: int, body: Mapping[str, Any], *fields: str) -> None:
    """Refuse a body without one of the fields."""
    for field in fields:
        if body.get(field) in (None, "", [], {}):
            raise Refusal(resource * 100 + 22, f"The field {field} is missing.")


def invalid(resource: int, message: str) -> Refusal:
    """The refusal of a value, with the resource's own code."""
    return Refusal(resource * 100 + 20, message)
