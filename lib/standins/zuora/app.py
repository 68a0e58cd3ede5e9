"""The application: the routes, and what Zuora does with every request."""

import math
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Send

from lib.standins.server import faults, gateway
from lib.standins.server.admin import Admin
from lib.standins.server.gateway import ADMIN, bearer, gateway_page
from lib.standins.zuora.accounts import Accounts
from lib.standins.zuora.contacts import Contacts
from lib.standins.zuora.manners.faults import Fault
from lib.standins.zuora.manners.idempotency import Idempotency
from lib.standins.zuora.manners.limits import POLICY, Limits, Place
from lib.standins.zuora.manners.tokens import LIFE_SECONDS, Tokens
from lib.standins.zuora.objects.query import ObjectQuery
from lib.standins.zuora.state import ZuoraState
from lib.standins.zuora.subscriptions.orders import Orders
from lib.standins.zuora.subscriptions.routes import Subscriptions
from lib.standins.zuora.wire import Refusal, Switches, refusal_response, request_id, unauthorized

OPEN_PATHS = ("/oauth/token", ADMIN)
OWN_FAULT = "standin.zuora.fault"
"""Key in the scope's extensions: the fault that happens while the request is handled."""
Handler = Callable[[Request], Awaitable[Response]]


def zuora_app(state: ZuoraState, tokens: Tokens, switches: Switches) -> ASGIApp:
    """The whole stand-in as one application over `state`."""
    accounts = Accounts(state, switches)
    contacts = Contacts(state)
    subscriptions = Subscriptions(state, switches)
    orders = Orders(state, switches)
    query = ObjectQuery(state, switches)
    idempotency = Idempotency(state, switches)
    lag = state.lag
    admin = Admin(state.faults, Fault, tokens.is_secret)

    def route(path: str, handler: Handler, method: str) -> Route:
        async def guarded(request: Request) -> Response:
            try:
                refusal = own_fault(request, switches)
                if refusal is not None:
                    return refusal
                with lag.reading() if method == "GET" else lag.writing(switches.read_lag):
                    return await handler(request)
            except Refusal as refusal:
                return refusal_response(request, refusal, switches)

        async def once(request: Request) -> Response:
            return await idempotency.once(request, guarded)

        repeatable = method == "POST" and path.startswith("/v1/")
        return Route(path, once if repeatable else guarded, methods=[method])

    async def take_token(request: Request) -> Response:
        return _too_many_sign_ins(request, state.limits, switches) or await _take_token(request, tokens)

    async def unknown(request: Request, _: Exception) -> Response:
        refusal = Refusal(50000040, f"No resource at {request.method} {request.url.path}", status=404)
        return refusal_response(request, refusal, switches)

    routes = [
        route("/oauth/token", take_token, "POST"),
        route("/v1/accounts/{key}", accounts.read, "GET"),
        route("/v1/accounts/{key}", accounts.update, "PUT"),
        route("/v1/accounts/{key}/summary", accounts.summary, "GET"),
        route("/v1/contacts/{key}", contacts.read, "GET"),
        route("/v1/contacts/{key}", contacts.update, "PUT"),
        route("/v1/subscriptions/accounts/{key}", subscriptions.of_account, "GET"),
        route("/v1/subscriptions/{key}", subscriptions.read, "GET"),
        route("/v1/subscriptions/{key}/cancel", subscriptions.cancel, "PUT"),
        route("/v1/orders", orders.create, "POST"),
        route("/v1/orders", orders.page, "GET"),
        route("/v1/action/update", accounts.action_update, "POST"),
        route("/object-query/{type}", query.page, "GET"),
        route("/object-query/{type}/{key}", query.one, "GET"),
        *admin.routes(),
    ]
    inner = Starlette(routes=routes, exception_handlers={404: unknown, 405: unknown})
    return Gateway(inner, state, tokens, switches)


def own_fault(request: Request, switches: Switches) -> Response | None:
    """The refusal of a request that Zuora itself has begun to handle, by a fault."""
    fault = request.scope.get("extensions", {}).get(OWN_FAULT)
    if fault is None:
        return None
    match fault.kind:
        case "lock":
            refusal = Refusal(50000050, "Operation failed due to a lock competition, please retry later")
        case "temporary":
            refusal = Refusal(50000061, "A temporary error occurred, please retry later")
        case _:
            reasons = [{"code": fault.code, "message": fault.message}]
            ids = {"processId": secrets.token_hex(8).upper(), "requestId": request_id(request)}
            return JSONResponse({"success": False, **ids, "reasons": reasons})
    return refusal_response(request, refusal, switches)


def _too_many_sign_ins(request: Request, limits: Limits, switches: Switches) -> Response | None:
    address = request.client.host if request.client else ""
    remaining, wait = limits.sign_in(address, switches.sign_ins_a_minute)
    if not wait:
        return None
    refusal = Refusal(50000070, "Request exceeded limit", status=429)
    response = refusal_response(request, refusal, switches)
    # Never a 200: this one is the gateway's, whatever the version.
    response.status_code = 429
    response.headers["X-RateLimit-Limit-minute"] = str(switches.sign_ins_a_minute)
    response.headers["X-RateLimit-Remaining-minute"] = str(remaining)
    response.headers["Retry-After"] = str(math.ceil(wait))
    return response


def _kind(request: Request) -> str:
    """The kind of request, for which Zuora limits how many there are at a time."""
    path = request.url.path
    if path.startswith("/object-query/"):
        return "object-query"
    ordered = request.method == "POST" and path == "/v1/orders"
    return "high-volume" if ordered or path.endswith("/cancel") else "default"


async def _take_token(request: Request, tokens: Tokens) -> Response:
    # A form of three fields needs no multipart library.
    form = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    client_id, secret, grant = (form.get(name, [""])[0] for name in ("client_id", "client_secret", "grant_type"))
    if grant != "client_credentials":
        return JSONResponse({"error": "unsupported_grant_type"}, 400)
    if len(client_id) != 36 or not tokens.knows(client_id, secret):
        return JSONResponse({"message": "Invalid client id"}, 401)
    return JSONResponse(
        {
            "access_token": tokens.issue(),
            "token_type": "bearer",
            "expires_in": LIFE_SECONDS,
            "scope": "service.echo.read tenant.19",
            "jti": request_id(request).replace("-", ""),
        }
    )


class Gateway(gateway.Gateway):
    """Adds Zuora's ids to every answer, applies its faults and checks its tokens."""

    def __init__(self, app: ASGIApp, state: ZuoraState, tokens: Tokens, switches: Switches) -> None:
        super().__init__(app, state.faults)
        self._limits = state.limits
        self._tokens = tokens
        self._switches = switches

    def refusal(self, request: Request) -> Response | None:
        """401 for a request that needs a token of ours and has no such token."""
        if request.url.path.startswith(OPEN_PATHS) or self._tokens.accepts(bearer(request)):
            return None
        return unauthorized(request)

    @contextmanager
    def turn(self, request: Request) -> Iterator[Response | None]:
        """Counts the request among the current ones; 429 when Zuora allows no more of this kind."""
        if request.url.path.startswith(OPEN_PATHS):
            yield None
            return
        kind = _kind(request)
        with self._limits.place(kind, self._switches.concurrent[kind]) as place:
            request.state.place = place
            yield None if place.taken else self._one_too_many(request)

    def _one_too_many(self, request: Request) -> Response:
        refusal = Refusal(50000070, "Request exceeded limit", status=429)
        response = refusal_response(request, refusal, self._switches)
        response.status_code = 429
        response.headers["Retry-After"] = "1"
        return response

    def _limit_headers(self, request: Request, status: int) -> list[tuple[bytes, bytes]]:
        """What Zuora says about its limits: that of this kind always, the requests left only with a success."""
        place: Place | None = getattr(request.state, "place", None)
        if place is None:
            return []
        told = [("Concurrency-Limit-Type", place.kind), ("Concurrency-Limit-Limit", str(place.limit))]
        told.append(("Concurrency-Limit-Remaining", str(place.remaining)))
        if status < 400:
            remaining, seconds = self._limits.count()
            told += [("ratelimit-limit", POLICY), ("ratelimit-remaining", str(remaining))]
            told.append(("ratelimit-reset", str(seconds)))
        return [(name.lower().encode(), value.encode()) for name, value in told]

    def dressed(self, request: Request, send: Send) -> Send:
        """`send`, with the ids by which Zuora's support finds the request, and what is left of the limits."""
        ids = [(b"zuora-request-id", request_id(request).encode())]
        track = request.headers.get("Zuora-Track-Id")
        if track:
            ids.append((b"zuora-track-id", track.encode("latin-1")))

        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                limits = self._limit_headers(request, message["status"])
                message = {**message, "headers": [*message.get("headers", []), *ids, *limits]}
            await send(message)

        return sender

    def failure(self, fault: faults.Fault, request: Request) -> Response | None:
        """The answer of one of Zuora's faults. None for a token that counts as expired from now on."""
        assert isinstance(fault, Fault)
        match fault.kind:
            case "expired_token":
                self._tokens.revoke(bearer(request))
                return None
            case "unauthorized":
                return unauthorized(request)
            case "html502" | "html504":
                return gateway_page(int(fault.kind[4:]))
            case "success_false" | "lock" | "temporary":
                # Zuora's own refusals come from behind the gateway and are kept under an idempotency key.
                request.scope["extensions"][OWN_FAULT] = fault
                return None
            case _:
                refusal = Refusal(50000070, "Request exceeded limit", status=429)
        response = refusal_response(request, refusal, self._switches)
        if fault.kind == "429":
            # Never a 200: this one is the gateway's, whatever the version.
            response.status_code = 429
            response.headers["ratelimit-limit"] = POLICY
            response.headers["ratelimit-remaining"] = "0"
            if fault.reset is not None:
                response.headers["ratelimit-reset"] = f"{fault.reset:g}"
            if fault.retry_after is not None:
                response.headers["Retry-After"] = f"{fault.retry_after:g}"
        return response
