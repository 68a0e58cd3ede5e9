"""What a stand-in does with every request around its route: count it, apply faults, check the token."""

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
"""The path of the administration: there are no faults, and requests are not counted."""


class Gateway:
    """An application in front of a stand-in's routes. A system's subclass says who may come in and how it fails."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request that is not allowed, None for one that is."""
        raise NotImplementedError

    def failure(self, fault: Fault, request: Request) -> Response | None:
        """The answer of a fault of the system's own kinds. None when the request goes on as usual."""
        raise NotImplementedError

    def dressed(self, request: Request, send: Send) -> Send:
        """`send`, with what the system adds to every answer."""
        return send

    def turn(self, request: Request) -> AbstractContextManager[Response | None]:
        """Entered around the request. It gives the answer when there are too many at a time."""
        return nullcontext()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. It is read completely before a fault begins."""
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
        """Let a fault happen. False when the request goes on as usual."""
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
    """The page of a proxy that gets no answer from the system."""
    return HTMLResponse(f"<html><body><h1>{status}</h1><p>The gateway gave up.</p></body></html>", status)


def bearer(request: Request) -> str:
    """The token of a request, empty without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


async def linger(scope: Scope, seconds: float, enough: Callable[[], bool] = lambda: False) -> None:
    """Wait for `seconds`, or until it is `enough` or the server stops."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not scope["extensions"][STOPPING]() and not enough():
        await asyncio.sleep(min(left, 0.05))


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read already, then what comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiver() -> Message:
        return waiting.pop() if waiting else await receive()

    return receiver


def _halved(send: Send) -> Send:
    """Sends the headers unchanged and half of the body, without an end."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return sender


def _clipped(send: Send) -> Send:
    """Sends half of the body, with headers as if it were complete."""
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
