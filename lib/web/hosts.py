"""Answers requests only for the product's own addresses, and websockets only from its own pages.

This stops DNS rebinding (somebody else's host name that points to this machine) and websockets from pages of other
sites. Both are refused before Streamlit sees them: to compare the Origin, Streamlit would look up the public address of
this machine, which sends a request to the internet and blocks everybody.
"""

import time
from collections.abc import Iterable

import structlog

from lib.app.address import Address, is_allowed, is_same_origin, read_host
from lib.settings import LOOPBACK
from lib.web.asgi import App, Receive, Scope, Send, is_encrypted, refuse, values

log = structlog.get_logger(__name__)

# A supervisor on this machine may ask by any of its names.
FOR_THE_SUPERVISOR = frozenset({"/readyz", "/_stcore/health"})
QUIET_SECONDS = 60.0
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_SHOWN = 100


class Hosts:
    """ASGI middleware, the outermost: everything behind it may trust the Host header."""

    def __init__(self, app: App, allowed: Iterable[Address]) -> None:
        self._app = app
        self._allowed = tuple(allowed)
        self._here = tuple(Address(name) for name in LOOPBACK)
        self._logged_at = -QUIET_SECONDS
        self._refused = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        host = self._host(scope)
        if host is None:
            self._log("host", values(scope, b"host"))
            await refuse(scope, receive, send, 400, "The Account Manager is not at this address.")
        elif not _comes_from_here(scope, host):
            self._log("origin", values(scope, b"origin"))
            await refuse(scope, receive, send, 403, "Pages of other sites are not allowed to do this.")
        else:
            await self._app(_as_streamlit_compares(scope, host), receive, send)

    def _host(self, scope: Scope) -> Address | None:
        """The host of the request, if it is one of ours."""
        given = values(scope, b"host")
        host = read_host(given[0]) if len(given) == 1 else None
        if host is None:
            return None
        allowed = (*self._allowed, *self._here) if scope["path"] in FOR_THE_SUPERVISOR else self._allowed
        return host if is_allowed(host, allowed) else None

    def _log(self, what: str, given: list[str]) -> None:
        """At most one line a minute, so that a stranger cannot fill the log."""
        self._refused += 1
        if (now := time.monotonic()) - self._logged_at < QUIET_SECONDS:
            return
        log.warning(
            "request refused",
            because=what,
            given=[one[:_SHOWN] for one in given[:3]],
            times=self._refused,
            setting="AM_ALLOWED_HOSTS",
        )
        self._logged_at, self._refused = now, 0


def _as_streamlit_compares(scope: Scope, host: Address) -> Scope:
    """The handshake with Host and Origin in one spelling: Streamlit compares them as text (see above)."""
    if scope["type"] != "websocket":
        return scope
    scheme = values(scope, b"origin")[0].partition("://")[0]
    same = {b"host": str(host).encode(), b"origin": f"{scheme}://{host}".encode()}
    return {**scope, "headers": [(name, same.get(name, value)) for name, value in scope["headers"]]}


def _comes_from_here(scope: Scope, host: Address) -> bool:
    """Whether the request comes from a page of ours, or from no page at all.

    A browser sends an Origin with each websocket and form. A form without one cannot come from a page of another site,
    so it is allowed. A websocket without one is refused: only our pages need it.
    """
    origins = values(scope, b"origin")
    if scope["type"] == "http" and (scope["method"] in _SAFE or not origins):
        return True
    return len(origins) == 1 and is_same_origin(origins[0], host, encrypted=is_encrypted(scope))
