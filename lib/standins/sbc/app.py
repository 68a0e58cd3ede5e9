"""The application: the routes of the SBC's provisioning API over one state."""

import hmac
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from lib.standins.sbc.bodies import Refusal, account_and_after, deletions, items, numbers, rules
from lib.standins.sbc.faults import Fault
from lib.standins.sbc.records import Change
from lib.standins.sbc.state import SbcState
from lib.standins.server import faults, gateway
from lib.standins.server.admin import Admin
from lib.standins.server.gateway import gateway_page

ROWS_A_PAGE = 1000
HEALTH = "/v1/health"
Handler = Callable[[Request], Awaitable[Response]]


def sbc_app(state: SbcState, token: str) -> ASGIApp:
    """The whole stand-in as one application over `state`, for everybody with the token."""
    api = Api(state)
    admin = Admin(state.faults, Fault, lambda secret: _same(secret, token))
    routes = [
        Route(HEALTH, api.health, methods=["GET"]),
        Route("/v1/rules", _guarded(api.put), methods=["PUT"]),
        Route("/v1/rules/query", _guarded(api.query), methods=["POST"]),
        Route("/v1/rules/by-account", _guarded(api.of_account), methods=["POST"]),
        Route("/v1/rules/delete", _guarded(api.delete), methods=["POST"]),
        Route("/v1/rules/forget", _guarded(api.forget), methods=["POST"]),
        Route("/v1/rules/revisions", _guarded(api.revisions), methods=["POST"]),
        Route("/v1/reload", api.reload, methods=["POST"]),
        *admin.routes(),
    ]

    async def unknown(request: Request, _: Exception) -> Response:
        return JSONResponse({"error": "no such resource"}, 404)

    inner = Starlette(routes=routes, exception_handlers={404: unknown, 405: unknown})
    return Gateway(inner, state, token)


class Api:
    """The requests about rules."""

    def __init__(self, state: SbcState) -> None:
        self._state = state

    async def health(self, request: Request) -> Response:
        """`GET /v1/health`."""
        told = {} if self._state.emergency is None else {"emergency": list(self._state.emergency)}
        return JSONResponse({"db": True, "version": "stand-in", **told})

    async def put(self, request: Request) -> Response:
        """`PUT /v1/rules`: all of them or none. One that is older than its row changes nothing."""
        found = await rules(request)
        applied = self._state.put(found)
        self._log(request, "written", len(found), applied)
        return JSONResponse({"received": len(found), "applied": applied})

    async def query(self, request: Request) -> Response:
        """`POST /v1/rules/query`: what calls use, in reverse order, so that no client relies on the order."""
        asked = await numbers(request)
        found = self._state.found(asked)
        answers = [
            {"number": number, "rule": _without_number(found[number]) if number in found else None}
            for number in reversed(asked)
        ]
        return JSONResponse(answers)

    async def of_account(self, request: Request) -> Response:
        """`POST /v1/rules/by-account`: a page of an account's rows, each with its live copy."""
        account, after = await account_and_after(request)
        return JSONResponse(self._state.of_account(account, after, ROWS_A_PAGE))

    async def delete(self, request: Request) -> Response:
        """`POST /v1/rules/delete`: all of them or none. They need not exist."""
        sent = len(await items(request))
        found = await deletions(request)
        if not found:
            raise Refusal(422, error="empty")
        self._state.delete(found)
        self._log(request, "deleted", sent, sent)
        return JSONResponse({"deleted": sent})

    async def forget(self, request: Request) -> Response:
        """`POST /v1/rules/forget`: the same, and their revisions are deleted, too."""
        found = await numbers(request)
        if not found:
            raise Refusal(422, error="empty")
        self._state.forget(found)
        self._log(request, "forgotten", len(found), len(found))
        return JSONResponse({"forgotten": len(found)})

    async def revisions(self, request: Request) -> Response:
        """`POST /v1/rules/revisions`: the highest revision kept of each number, null without one."""
        kept = self._state.revisions(asked := await numbers(request))
        return JSONResponse([{"number": number, "rev": kept.get(number)} for number in sorted(set(asked))])

    async def reload(self, request: Request) -> Response:
        """`POST /v1/reload`: make the live copies from the rows, after the database was restored."""
        self._state.reload()
        return JSONResponse({"reloaded": True})

    def _log(self, request: Request, what: str, received: int, applied: int) -> None:
        actor, asked = (request.headers.get(name, "-") for name in ("X-Actor", "X-Request-Id"))
        self._state.note(Change(what, received, applied, actor, asked))


class Gateway(gateway.Gateway):
    """The bearer token, and the SBC's faults."""

    def __init__(self, app: ASGIApp, state: SbcState, token: str) -> None:
        super().__init__(app, state.faults)
        self._expected = f"Bearer {token}"

    def refusal(self, request: Request) -> Response | None:
        """401 for a request without the token."""
        given = request.headers.get("authorization", "")
        return None if _same(given, self._expected) else _unauthorized()

    def failure(self, fault: faults.Fault, request: Request) -> Response | None:
        """The answer of one of the SBC's faults."""
        match fault.kind:
            case "unauthorized":
                return _unauthorized()
            case "address":
                return JSONResponse({"error": "address"}, 403)
            case "html502":
                return gateway_page(502)
            case _:
                body = {"db": False} if request.url.path == HEALTH else {"error": "database"}
                return JSONResponse(body, 503)


def _unauthorized() -> Response:
    return JSONResponse({"error": "unauthorized"}, 401, headers={"WWW-Authenticate": "Bearer"})


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.status)

    return guarded


def _without_number(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "number"}


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
