"""Whether somebody who is signed in or a stranger makes a request, and its cookies."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Protocol

from lib.web.asgi import Scope, values


class Who(Protocol):
    """The question that `Sockets` asks once, at the handshake."""

    async def __call__(self, cookies: Mapping[str, str], /) -> bool:
        """Whether one of these cookies belongs to a sign-in that has not ended. An error counts as no."""
        ...


async def nobody_is_a_stranger(_cookies: Mapping[str, str]) -> bool:
    """The answer where people sign in through the websocket itself: all of them may open one."""
    return True


def cookies_of(scope: Scope) -> dict[str, str]:
    """The cookies of a request. One that comes twice with different values is left out: either could be planted."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for header in values(scope, b"cookie"):
        for part in header.split(";"):
            name, equals, value = part.strip().partition("=")
            if not equals:
                continue
            if found.setdefault(name, value) != value:
                twice.add(name)
    return {name: _unquoted(value) for name, value in found.items() if name not in twice}


def without_doubled(scope: Scope) -> Scope:
    """The request without cookies that come twice: later readers would not all take the same one."""
    sent = [part.strip().partition("=") for header in values(scope, b"cookie") for part in header.split(";")]
    kept = cookies_of(scope)
    if len(sent) == len(kept):
        return scope
    line = "; ".join(dict.fromkeys(f"{name}={value}" for name, mark, value in sent if mark and name in kept))
    headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"cookie"]
    return {**scope, "headers": [*headers, (b"cookie", line.encode("latin-1"))] if line else headers}


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        return SimpleCookie(f"x={value}")["x"].value
    except (CookieError, KeyError):
        return value
