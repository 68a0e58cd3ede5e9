"""The addresses that are open. Streamlit has more than the product needs; the others answer 404.

Closed are uploads, metrics, the interface for agents, Streamlit's own sign-in, and everything that a later version adds
under its prefix. The body of a refused request is not read.
"""

from collections.abc import Mapping

from lib.web.asgi import App, Receive, Scope, Send, answer, refuse

STREAM = "/_stcore/stream"
READ = frozenset({"GET", "HEAD"})
# Of Streamlit's own addresses, those that are not named here are closed.
OPEN = {"/_stcore/health", "/_stcore/host-config"}
CLOSED = ("/_stcore", "/component", "/auth", "/oauth2callback", "/app/static")
# Cookies of Streamlit's own sign-in and uploads, which are not used: they are neither read nor set.
FOREIGN_COOKIE = b"_streamlit"


class Doors:
    """ASGI middleware. `forms` are addresses of ours that take more than GET: path -> methods."""

    def __init__(self, app: App, forms: Mapping[str, frozenset[str]] | None = None) -> None:
        self._app = app
        self._forms = dict(forms or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer that there is no such page."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if scope["type"] == "websocket":
            if path != STREAM:
                await refuse(scope, receive, send, 403, "")
                return
        elif is_closed(path):
            await answer(send, 404, "There is no such page.")
            return
        elif scope["method"] not in (methods := self._forms.get(path, READ)):
            allowed = ", ".join(sorted(methods)).encode()
            await answer(send, 405, "This cannot be done with this page.", [(b"allow", allowed)])
            return
        await self._app(_without_foreign_cookies(scope), receive, send)


def is_closed(path: str) -> bool:
    """Whether this path (decoded, as ASGI has it) answers 404."""
    if path in OPEN:
        return False
    if not path.startswith("/") or "\x00" in path:
        return True
    # From a page with folders in its address, Streamlit first asks for its own addresses below those folders.
    return "/_stcore/" in path or any(path == one or path.startswith(f"{one}/") for one in CLOSED)


def _without_foreign_cookies(scope: Scope) -> Scope:
    headers = []
    for name, value in scope["headers"]:
        if name.lower() != b"cookie":
            headers.append((name, value))
            continue
        kept = [one.strip() for one in value.split(b";") if not one.strip().startswith(FOREIGN_COOKIE)]
        if kept:
            headers.append((name, b"; ".join(kept)))
    return {**scope, "headers": headers}
