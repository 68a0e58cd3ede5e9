"""The stand-in's own administration under `/_standin/`, opened by the client secret as bearer token."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lib.standins.zuora.bodies import json_object
from lib.standins.zuora.faults import Fault, Faults, InvalidFault
from lib.standins.zuora.tokens import Tokens
from lib.standins.zuora.wire import Refusal


class Admin:
    """Faults and the count of requests."""

    def __init__(self, faults: Faults, tokens: Tokens) -> None:
        self._faults = faults
        self._tokens = tokens

    async def health(self, request: Request) -> Response:
        """`GET /_standin/health`, open to all."""
        return JSONResponse({"ok": True})

    async def add_fault(self, request: Request) -> Response:
        """`POST /_standin/faults` puts one in force."""
        self._check(request)
        try:
            self._faults.add(Fault.from_json(json_object(await request.body())))
        except (InvalidFault, Refusal) as error:
            return JSONResponse({"message": str(error)}, 400)
        return Response(status_code=204)

    async def clear_faults(self, request: Request) -> Response:
        """`DELETE /_standin/faults` takes all out of force."""
        self._check(request)
        self._faults.clear()
        return Response(status_code=204)

    async def requests(self, request: Request) -> Response:
        """`GET /_standin/requests`: how many Zuora requests there were, and the latest of them."""
        self._check(request)
        count, latest = self._faults.requests()
        return JSONResponse({"count": count, "requests": latest})

    def _check(self, request: Request) -> None:
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._tokens.is_secret(secret):
            raise Refusal(90000011, "Authentication error")
