"""`Idempotency-Key`: a POST that is repeated with its key within a day is done once and gets the first answer.

Every answer that Zuora itself gave is kept, "regardless of whether it succeeded or failed": a success, a business rule,
a lock, a temporary error, and those made by a fault. It is repeated with the ids of its first request in the body.
Answers from before the key is read are not kept: the gateway's 401, 429, 502 and 504, a connection dropped before the
work, and the refusals of this module (a key still in use, a key of another request). An answer that is lost on its way
back is kept like any other.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from lib.standins.zuora.state import ZuoraState
from lib.standins.zuora.wire import Refusal, Switches, refusal_response

KEPT_SECONDS = 24 * 3600
KEY_LIMIT = 255
Handler = Callable[[Request], Awaitable[Response]]


class Idempotency:
    """Wraps the handlers of POST requests. Answers are kept in the state, current requests in memory."""

    def __init__(self, state: ZuoraState, switches: Switches) -> None:
        self._state = state
        self._switches = switches
        self._running: dict[str, str] = {}

    async def once(self, request: Request, handler: Handler) -> Response:
        """The answer of `handler`, success or failure, or the one kept under the request's key."""
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return await handler(request)
        if not 1 <= len(key) <= KEY_LIMIT:
            return self._refuse(request, 50000020, f"Idempotency-Key has 1 to {KEY_LIMIT} characters.", 400)
        asked = _fingerprint(request, await request.body())
        kept = self._state.answer(key, time.time() - KEPT_SECONDS)
        first = self._running.get(key, kept["asked"] if kept else asked)
        if first != asked:
            return self._refuse(request, 50000020, "This Idempotency-Key was used for another request.", 422)
        if key in self._running:
            message = "The first request with this Idempotency-Key is still running."
            return self._refuse(request, 50000050, message, 409)
        if kept is not None:
            return Response(kept["body"], kept["status"], media_type="application/json")
        return await self._first(request, handler, key, asked)

    async def _first(self, request: Request, handler: Handler, key: str, asked: str) -> Response:
        self._running[key] = asked
        try:
            response = await handler(request)
            answer = {"key": key, "asked": asked, "status": response.status_code, "body": bytes(response.body)}
            self._state.keep_answer(answer | {"at": time.time()})
        finally:
            del self._running[key]
        return response

    def _refuse(self, request: Request, code: int, message: str, status: int) -> Response:
        response = refusal_response(request, Refusal(code, message), self._switches)
        # Never a 200: this is decided before the resource, whatever the version.
        response.status_code = status
        return response


def _fingerprint(request: Request, body: bytes) -> str:
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(asked + body).hexdigest()
