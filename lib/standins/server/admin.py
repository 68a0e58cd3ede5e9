"""A stand-in's administration under `/_standin/`, with its secret as bearer token."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lib.standins.server.faults import Fault, Faults, InvalidFault
from lib.standins.server.gateway import ADMIN, bearer

Handler = Callable[[Request], Awaitable[Response]]


class Admin:
    """Faults of the class `kind` and the count of requests, for callers with the secret that `is_secret` accepts."""

    def __init__(self, faults: Faults, kind: type[Fault], is_secret: Callable[[str], bool]) -> None:
        self._faults = faults
        self._kind = kind
        self._is_secret = is_secret

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(f"{ADMIN}health", self.health, methods=["GET"]),
            Route(f"{ADMIN}faults", self._guarded(self.add_fault), methods=["POST"]),
            Route(f"{ADMIN}faults", self._guarded(self.clear_faults), methods=["DELETE"]),
            Route(f"{ADMIN}requests", self._guarded(self.requests), methods=["GET"]),
        ]

    async def health(self, request: Request) -> Response:
        """`GET /_standin/health`, for everybody."""
        return JSONResponse({"ok": True})

    async def add_fault(self, request: Request) -> Response:
        """`POST /_standin/faults` switches one on."""
        try:
            body = json.loads(await request.body())
        except (ValueError, RecursionError):
            return JSONResponse({"message": "Malformed JSON"}, 400)
        try:
            self._faults.add(self._kind.from_json(body))
        except InvalidFault as error:
            return JSONResponse({"message": str(error)}, 400)
        return Response(status_code=204)

    async def clear_faults(self, request: Request) -> Response:
        """`DELETE /_standin/faults` switches all off."""
        await asyncio.to_thread(self._faults.clear)
        return Response(status_code=204)

    async def requests(self, request: Request) -> Response:
        """`GET /_standin/requests`: how many requests the system had, and the latest of them."""
        count, latest = self._faults.requests()
        return JSONResponse({"count": count, "requests": latest})

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            if not self._is_secret(bearer(request)):
                return JSONResponse({"message": "Authentication error"}, 401)
            return await handler(request)

        return guarded
