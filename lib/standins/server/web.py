"""Runs a stand-in's web application on a port of this machine, in a thread of this process."""

import asyncio
import contextlib
import http.client
import socket
import threading
import time
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

HOST = "127.0.0.1"
DROP = "standin.drop"
"""Key in the scope's extensions: call it to close the connection after what was sent so far."""
STOPPING = "standin.stopping"
"""Key in the scope's extensions: returns True when the server is asked to stop."""


class WebServer:
    """One application on one port. `start` returns when it answers, `stop` when it has ended.

    Port 0 takes a free port and keeps it for later starts, so that clients find a restarted stand-in.
    """

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._app = app
        self._port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base address without a slash at its end, once the server was started."""
        return f"http://{HOST}:{self._port}"

    def start(self, seconds: float = 10.0) -> None:
        """Start and wait for the first answer.

        Raises:
            OSError: the port is taken.
            TimeoutError: no answer within `seconds`.
        """
        if self._thread is not None:
            return
        # asyncio turns off Nagle's delay (40 ms for each answer) only if the protocol is named.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, self._port))
            listener.listen(128)
        except OSError:
            listener.close()
            raise
        self._port = listener.getsockname()[1]
        # No log_level: it would also change uvicorn's loggers for the dashboard.
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            lifespan="off",
            loop="asyncio",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name=f"standin-{self._port}", daemon=True
        )
        self._thread.start()
        try:
            self._wait_for_answer(time.monotonic() + seconds)
        except TimeoutError:
            self.stop()
            raise

    def stop(self, seconds: float = 10.0) -> None:
        """Finish open requests, close the port and wait until the thread has ended."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(seconds)
        self._server = self._thread = None

    def _wait_for_answer(self, until: float) -> None:
        while time.monotonic() < until:
            connection = http.client.HTTPConnection(HOST, self._port, timeout=1)
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
                connection.request("GET", "/_standin/health", headers={"Connection": "close"})
                if connection.getresponse().status < 500:
                    return
            time.sleep(0.02)
        raise TimeoutError(f"The stand-in on port {self._port} did not answer.")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def drop() -> None:
            await self._drop(scope, receive)

        def stopping() -> bool:
            return self._server is None or self._server.should_exit

        extensions: dict[str, Any] = scope.setdefault("extensions", {})
        extensions[DROP] = drop
        extensions[STOPPING] = stopping
        await self._app(scope, receive, send)

    async def _drop(self, scope: Scope, receive: Receive) -> None:
        """Close the socket of a request. ASGI has no way to do it, so it is found among the connections."""
        assert self._server is not None
        for connection in list(self._server.server_state.connections):
            if getattr(connection, "client", None) == tuple(scope["client"]):
                connection.transport.close()
        # uvicorn must notice the closed connection before the application returns, or it answers 500.
        while (await receive())["type"] != "http.disconnect":
            await asyncio.sleep(0)
