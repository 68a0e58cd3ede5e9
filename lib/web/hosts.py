"""Requests for this product's own addresses only, and sockets from its own pages only.

A name that a stranger makes lead to this machine (DNS rebinding) gets nothing, and a page of another site opens no
websocket. Both are refused before Streamlit sees them: it would look for the public address of this machine to compare
the Origin with, which sends something out and holds everybody.
"""

import time
from collections.abc import Iterable

import structlog

from lib.app.address import Address, is_allowed, is_same_origin, read_host
from lib.settings import LOOPBACK
from lib.web.asgi import App, Receive, Scope, Send, is_encrypted, refuse, values

log = structlog.get_logger(__name__)

# The supervisor asks this machine itself, by whichever name.
FOR_THE_SUPERVISOR = frozenset({"/readyz", "/_stcore/health"})
QUIET_SECONDS = 60.0
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_SHOWN = 100


class Hosts:
    """ASGI middleware, the outermost: everything else may trust the Host header."""

    def __init__(self, app: App, allowed: Iterable[Address]) -> None:
        self._app = app
        self._allowed = tuple(allowed)
        self._here = tuple(Address(name) for name in LOOPBACK)
        self._told = -QUIET_SECONDS
        self._untold = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        host = self._host(scope)
        if host is None:
            self._tell("host", values(scope, b"host"))
            await refuse(scope, receive, send, 400, "The Account Manager is not at this address.")
        elif not _comes_from_here(scope, host):
            self._tell("origin", values(scope, b"origin"))
            await refuse(scope, receive, send, 403, "A page of another site may not do this.")
        else:
            await self._app(_as_streamlit_compares(scope, host), receive, send)

    def _host(self, scope: Scope) -> Address | None:
        """The one host that is asked for, when it is one of ours."""
        given = values(scope, b"host")
        host = read_host(given[0]) if len(given) == 1 else None
        if host is None:
            return None
        allowed = (*self._allowed, *self._here) if scope["path"] in FOR_THE_SUPERVISOR else self._allowed
        return host if is_allowed(host, allowed) else None

    def _tell(self, what: str, given: list[str]) -> None:
        """One line, and then one a minute at most: a stranger could fill the log."""
        self._untold += 1
        if (now := time.monotonic()) - self._told < QUIET_SECONDS:
            return
        log.warning(
            "request refused",
            because=what,
            given=[one[:_SHOWN] for one in given[:3]],
            times=self._untold,
            setting="AM_ALLOWED_HOSTS",
        )
        self._told, self._untold = now, 0


def _as_streamlit_compares(scope: Scope, host: Address) -> Scope:
    """The handshake with one spelling of its host: Streamlit compares letters, and looks for our public address when
    those of Host and Origin differ.
    """
    if scope["type"] != "websocket":
        return scope
    scheme = values(scope, b"origin")[0].partition("://")[0]
    same = {b"host": str(host).encode(), b"origin": f"{scheme}://{host}".encode()}
    return {**scope, "headers": [(name, same.get(name, value)) for name, value in scope["headers"]]}


def _comes_from_here(scope: Scope, host: Address) -> bool:
    """A browser names the page behind each websocket and each form, so that one without an Origin is no browser's.

    A form without one is let through, because no other site can have sent it; a websocket is not: nothing but a page
    of ours has use for it.
    """
    origins = values(scope, b"origin")
    if scope["type"] == "http" and (scope["method"] in _SAFE or not origins):
        return True
    return len(origins) == 1 and is_same_origin(origins[0], host, encrypted=is_encrypted(scope))
