"""The limits of websockets: how many a stranger may open, how large a message may be, and what it may ask for."""

import time
from collections import Counter, deque
from dataclasses import dataclass

import structlog

from lib.web.asgi import App, Message, Receive, Scope, Send, refuse
from lib.web.messages import Malformed, is_wanted
from lib.web.who import Who, cookies_of, nobody_is_a_stranger

log = structlog.get_logger(__name__)

MINUTE = 60.0
UNSUPPORTED, PROTOCOL_ERROR, TOO_BIG = 1003, 1002, 1009


@dataclass(frozen=True)
class Bounds:
    """What one process accepts from strangers. For people who are signed in, only Streamlit's own limits count."""

    strangers: int = 100
    strangers_per_address: int = 20
    strangers_a_minute: int = 60
    """Streamlit keeps a closed session for two minutes. Without this limit, strangers could fill the memory."""
    stranger_bytes: int = 64 * 1024


class Sockets:
    """ASGI middleware around Streamlit's websocket."""

    def __init__(self, app: App, who: Who = nobody_is_a_stranger, bounds: Bounds | None = None) -> None:
        self._app = app
        self._who = who
        self._bounds = bounds or Bounds()
        self._open: Counter[str] = Counter()
        self._came: deque[float] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the websocket on within its limits, or refuse its handshake."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        if await self._is_known(scope):
            await self._app(scope, *_watched(receive, send, None))
            return
        address = _address(scope)
        if (
            self._open.total() >= self._bounds.strangers
            or self._open[address] >= self._bounds.strangers_per_address
            or self._are_too_many()
        ):
            await refuse(scope, receive, send, 403, "")
            return
        self._open[address] += 1
        try:
            await self._app(scope, *_watched(receive, send, self._bounds.stranger_bytes))
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    def _are_too_many(self) -> bool:
        """Whether a minute already had its strangers; otherwise this one is counted."""
        now = time.monotonic()
        while self._came and now - self._came[0] > MINUTE:
            self._came.popleft()
        if len(self._came) >= self._bounds.strangers_a_minute:
            return True
        self._came.append(now)
        return False

    async def _is_known(self, scope: Scope) -> bool:
        try:
            return await self._who(cookies_of(scope))
        except Exception as error:
            log.warning("sign-in of a websocket not checked", exc_info=error)
            return False


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _watched(receive: Receive, send: Send, most: int | None) -> tuple[Receive, Send]:
    """Receive and send, which let through only messages that a page may send (see `lib.web.messages`)."""
    closed = False

    async def send_while_open(message: Message) -> None:
        nonlocal closed
        if not closed:
            closed = message["type"] == "websocket.close"
            await send(message)

    async def end(code: int) -> Message:
        await send_while_open({"type": "websocket.close", "code": code})
        return {"type": "websocket.disconnect", "code": code}

    async def receive_wanted() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            content = message.get("bytes")
            if content is None:
                return await end(UNSUPPORTED)
            if most is not None and len(content) > most:
                return await end(TOO_BIG)
            try:
                if is_wanted(content):
                    return message
            except Malformed:
                return await end(PROTOCOL_ERROR)

    return receive_wanted, send_while_open
