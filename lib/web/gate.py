"""The gate in front of Streamlit: pages only for people who are signed in, files and sessions only for their owner."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.app import sign_in
from lib.app.start import App
from lib.domain.permissions import Identity
from lib.web import bindings, links
from lib.web.doors import STREAM
from lib.web.links import MEDIA
from lib.web.sign_in import SIGN_IN, STYLE, trouble
from lib.web.who import Who, cookies_of, without_doubled

_FRESH = {"Cache-Control": "no-store"}
# What a browser needs for the sign-in and to start the app. None of it is about a customer.
OPEN = frozenset({"/readyz", "/favicon.png", "/manifest.json", SIGN_IN, STYLE})
OPEN_FOLDERS = ("/_stcore/", "/static/")


class Gate:
    """ASGI middleware. `start` returns the started app: the middleware is made before the app is started."""

    def __init__(self, app: ASGIApp, start: Callable[[], App]) -> None:
        self._app = app
        self._start = start

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through to Streamlit, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        scope = without_doubled(scope)
        path = scope["path"]
        if scope["type"] == "websocket" and path.endswith(STREAM):
            await self._connect(scope, receive, send)
        elif scope["type"] == "http" and path not in OPEN and not path.startswith(OPEN_FOLDERS):
            answer = await self._refuse(scope, path)
            await (answer or self._app)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _refuse(self, scope: Scope, path: str) -> Response | None:
        """The answer to give instead of Streamlit's, or None when Streamlit may answer."""
        try:
            identity = await self._who(scope)
        except SQLAlchemyError as error:
            return trouble(error)
        if path.startswith(MEDIA):
            # The same answer as for a file that does not exist, so that nobody learns which ones do.
            allowed = identity is not None and bindings.may_load(identity.session or "", path.removeprefix(MEDIA))
            return None if allowed else PlainTextResponse("There is no such file, or it is not yours.", 404)
        query = scope.get("query_string", b"").decode("latin-1")
        if identity is not None:
            flat = "/" + "-".join(part for part in path.split("/") if part)
            # Streamlit looks for its files below the page's address, and shows an empty page on one with folders.
            return None if flat == path else RedirectResponse(_joined(flat, query), 303, headers=_FRESH)
        wanted = _joined(path, query)
        target = SIGN_IN if wanted == "/" else f"{SIGN_IN}?{urlencode({'next': wanted})}"
        return RedirectResponse(target, 303, headers=_FRESH)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Continue a session only for the sign-in it belongs to; anybody else gets a new one."""
        own = await self._session_of(scope)
        wanted = _session_asked_for(scope)
        if wanted is not None and (own is None or bindings.owner(wanted) != own):
            scope = _without_session(scope)

        async def note(message: Message) -> None:
            nonlocal own
            names = links.given(message.get("bytes") or b"") if message["type"] == "websocket.send" else []
            if names:
                # Not known yet when the database was away while the browser connected.
                own = own or await self._session_of(scope)
                if own is not None:
                    bindings.hand_out(own, names)
            await send(message)

        async def receive_own() -> Message:
            while True:
                message = await receive()
                file = links.asked(message.get("bytes") or b"") if message["type"] == "websocket.receive" else None
                # Streamlit makes a file for anybody who has its id.
                if file is None or (own is not None and bindings.may_load(own, file)):
                    return message

        await self._app(scope, receive_own, note)

    async def _session_of(self, scope: Scope) -> str | None:
        try:
            identity = await self._who(scope)
        except SQLAlchemyError:
            return None
        return identity.session if identity is not None else None

    async def _who(self, scope: Scope) -> Identity | None:
        started = await run_in_threadpool(self._start)
        token = cookies_of(scope).get(sign_in.cookie_name(started))
        return await run_in_threadpool(sign_in.signed_in, started, token)


def knows(start: Callable[[], App]) -> Who:
    """The check that `Sockets` needs: whether one of these cookies belongs to somebody who is signed in."""

    async def is_known(cookies: Mapping[str, str]) -> bool:
        started = await run_in_threadpool(start)
        token = cookies.get(sign_in.cookie_name(started))
        return await run_in_threadpool(sign_in.signed_in, started, token) is not None

    return is_known


def _joined(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _session_asked_for(scope: Scope) -> str | None:
    """The session that a browser wants to continue: the third of its subprotocols."""
    asked = _subprotocols(scope)
    return asked[2] if len(asked) > 2 and asked[2] else None


def _subprotocols(scope: Scope) -> list[str]:
    given = Headers(scope=scope).get("sec-websocket-protocol") or ""
    return [part.strip() for part in given.split(",")]


def _without_session(scope: Scope) -> dict[str, Any]:
    kept = ", ".join(_subprotocols(scope)[:2])
    headers = [(name, value) for name, value in scope["headers"] if name != b"sec-websocket-protocol"]
    return {
        **scope,
        "headers": [*headers, (b"sec-websocket-protocol", kept.encode("latin-1"))],
        "subprotocols": [part for part in _subprotocols(scope)[:2] if part],
    }
