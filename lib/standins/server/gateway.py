"""What a stand-in does to every request before and after its route: count it, let faults strike, look at the token."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.standins.server.faults import Fault, Faults
from lib.standins.server.web import DROP, STOPPING

ADMIN = "/_standin/"
"""Below it a stand-in is administered: no faults strike and no request is counted there."""


class Gateway:
    """An application in front of a stand-in's routes. A system says in a subclass whom it lets in and how it fails."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request that may not come in, None for one that may."""
        raise NotImplementedError

    def failure(self, fault: Fault, request: Request) -> Response | None:
        """The answer of a fault of the system's own kinds; None when the request goes on as if nothing had been."""
        raise NotImplementedError

    def dressed(self, request: Request, send: Send) -> Send:
        """`send` with what the system adds to every answer."""
        return send

    def turn(self, request: Request) -> AbstractContextManager[Response | None]:
        """Held while the request is under way; it gives the answer to one that is one too many."""
        return nullcontext()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, of which nothing is left to read when a fault begins."""
        try:
            receive = _replayed(await Request(scope, receive).body(), receive)
        except ClientDisconnect:
            return
        request = Request(scope, receive)
        send = self.dressed(request, send)
        path = request.url.path
        if path.startswith(ADMIN):
            await self._app(scope, receive, send)
            return
        asked = f"{request.method} {path}"
        self._faults.note(asked)
        with self._faults.answering(), self.turn(request) as too_many:
            if too_many is not None:
                await too_many(request.scope, request.receive, send)
                return
            era = self._faults.era
            for fault in self._faults.strike(asked):
                if fault.kind == "latency":
                    await linger(scope, fault.seconds, lambda: self._faults.era != era)
                elif await self._strike(fault, request, send):
                    return
            await self._enter(request, send)

    async def _enter(self, request: Request, send: Send) -> None:
        answer = self.refusal(request) or self._app
        await answer(request.scope, request.receive, send)

    async def _strike(self, fault: Fault, request: Request, send: Send) -> bool:
        """Let a fault happen. False when the request goes on as if nothing had."""
        drop = request.scope["extensions"][DROP]
        match fault.kind:
            case "drop_before":
                await drop()
            case "drop_after":
                await self._enter(request, _swallow)
                await drop()
            case "truncate":
                await self._enter(request, _halved(send))
                await drop()
            case "broken_json":
                await self._enter(request, _clipped(send))
            case _:
                answer = self.failure(fault, request)
                if answer is None:
                    return False
                await answer(request.scope, request.receive, send)
        return True


def gateway_page(status: int) -> Response:
    """What a proxy in front of a system says when it gets no answer from it."""
    return HTMLResponse(f"<html><body><h1>{status}</h1><p>The gateway gave up.</p></body></html>", status)


def bearer(request: Request) -> str:
    """The token a request came with, an empty text without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


async def linger(scope: Scope, seconds: float, enough: Callable[[], bool] = lambda: False) -> None:
    """Wait until then, or until it is enough, but not beyond the end of the server."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not scope["extensions"][STOPPING]() and not enough():
        await asyncio.sleep(min(left, 0.05))


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Hands out the body already read, then whatever comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiver() -> Message:
        return waiting.pop() if waiting else await receive()

    return receiver


def _halved(send: Send) -> Send:
    """Sends the headers as they are and half of the body, and leaves the rest open."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return sender


def _clipped(send: Send) -> Send:
    """Sends half of the body with headers that speak of no more."""
    started: list[Message] = []

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.append(message)
            return
        body = message.get("body", b"")
        body = body[: len(body) // 2]
        lengths = [(b"content-length", str(len(body)).encode())]
        others = [header for header in started[0].get("headers", []) if header[0] != b"content-length"]
        await send({**started[0], "headers": others + lengths})
        await send({**message, "body": body})

    return sender


async def _swallow(message: Message) -> None:
    """Sends nothing."""
