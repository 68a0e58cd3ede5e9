"""The few words of ASGI that the parts of this package share."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY_VIOLATION = 1008


def values(scope: Scope, name: bytes) -> list[str]:
    """Every value of this header (named in small letters), in order."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def is_encrypted(scope: Scope) -> bool:
    """Whether the request is known to have come over TLS, here or at a proxy that this process trusts."""
    return scope.get("scheme") in ("https", "wss")


async def answer(send: Send, status: int, sentence: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """A plain sentence, and the end of the connection: what else the client was going to send is not read."""
    body = f"{sentence}\n".encode()
    start = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    """Answer a request, or a websocket's handshake (which gets 403), before anything of ours has looked at it."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
    else:
        await answer(send, status, sentence)
