"""Checks requests as strictly as the SBC's own configuration."""

import json
import re
from typing import Any

from starlette.requests import Request

ITEMS_A_REQUEST = 1000
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_DIGITS = re.compile(r"[0-9]{1,9}")
_REVISION_LIMIT = 999_999_999


class Refusal(Exception):
    """Ends a request with a status and a body. Nothing was done."""

    def __init__(self, status: int, **body: Any) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


async def items(request: Request) -> list[dict[str, Any]]:
    """The array of a request, with at most a thousand objects.

    Raises:
        Refusal: it is something else.
    """
    body = await json_body(request)
    if not isinstance(body, list):
        raise Refusal(400, error="json")
    if len(body) > ITEMS_A_REQUEST:
        raise Refusal(413, error="at most 1000 items")
    return [item if isinstance(item, dict) else {} for item in body]


async def numbers(request: Request) -> list[str]:
    """The numbers of a request, in their order.


    Raises:
        Refusal: one of them is not a number.
    """
    found = await items(request)
    for index, item in _from_the_end(found):
        if not is_number(item.get("number")):
            raise Refusal(422, error="number", index=index)
    return [str(item["number"]) for item in found]


async def deletions(request: Request) -> dict[str, list[int | None]]:
    """The numbers of a request to delete, each with the revisions that its items state, None without one.

    Raises:
        Refusal: one of them is not a number, or states something that is not a revision.
    """
    found = await items(request)
    for index, item in _from_the_end(found):
        if not is_number(item.get("number")):
            raise Refusal(422, error="number", index=index)
        if "rev" in item and _revision(item["rev"]) is None:
            raise Refusal(422, error="rule", index=index)
    stated: dict[str, list[int | None]] = {}
    for item in found:
        stated.setdefault(item["number"], []).append(_revision(item["rev"]) if "rev" in item else None)
    return stated


async def rules(request: Request) -> list[dict[str, Any]]:
    """The rules of a request.

    Raises:
        Refusal: one of them is not a rule, two have the same number, or there are no rules.
    """
    found = await items(request)
    seen: set[str] = set()
    for index, item in _from_the_end(found):
        if not _is_rule(item):
            raise Refusal(422, error="rule", index=index)
        if item["number"] in seen:
            raise Refusal(422, error="number twice", index=index)
        seen.add(item["number"])
    if not found:
        raise Refusal(422, error="empty")
    return [item | {"rev": _revision(item["rev"])} for item in found]


async def account_and_after(request: Request) -> tuple[str, str]:
    """The account asked for, and the number after which the page begins, empty for the first page.

    Raises:
        Refusal: one of them is not valid.
    """
    body = await json_body(request)
    if not isinstance(body, dict | list):
        raise Refusal(400, error="json")
    body = body if isinstance(body, dict) else {}
    account, after = body.get("account"), body.get("after", "")
    if after != "" and not is_number(after):
        raise Refusal(422, error="after")
    if not _is_name(account):
        raise Refusal(422, error="account")
    return str(account), str(after)


async def json_body(request: Request) -> Any:
    """The JSON of a request, None if it is not JSON."""
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError):
        return None


def is_number(value: object) -> bool:
    """True for "+" and 7 to 15 digits."""
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _is_rule(item: dict[str, Any]) -> bool:
    return (
        is_number(item.get("number"))
        and _is_name(item.get("account"))
        and item.get("state") in ("allowed", "suspended")
        and _is_name(item.get("trunk"))
        and _revision(item.get("rev")) is not None
    )


def _revision(value: object) -> int | None:
    """The revision, a number or its text. None for anything else."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _REVISION_LIMIT
    return value if isinstance(value, int) and number else None


def _from_the_end(found: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """The items with their places, last one first: of several wrong ones the SBC names the last."""
    return list(reversed(list(enumerate(found))))
