"""The application: routes, and around them what Zuora does to every request."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.standins.web import DROP
from lib.standins.zuora.accounts import Accounts
from lib.standins.zuora.admin import Admin
from lib.standins.zuora.contacts import Contacts
from lib.standins.zuora.faults import Fault
from lib.standins.zuora.idempotency import Idempotency
from lib.standins.zuora.object_query import ObjectQuery
from lib.standins.zuora.orders import Orders
from lib.standins.zuora.state import ZuoraState
from lib.standins.zuora.subscriptions import Subscriptions
from lib.standins.zuora.tokens import LIFE_SECONDS, Tokens
from lib.standins.zuora.wire import Refusal, Switches, linger, refusal_response, request_id, unauthorized

OPEN_PATHS = ("/oauth/token", "/_standin/")
Handler = Callable[[Request], Awaitable[Response]]


def zuora_app(state: ZuoraState, tokens: Tokens, switches: Switches) -> ASGIApp:
    """The whole stand-in as one application over `state`."""
    accounts = Accounts(state, switches)
    contacts = Contacts(state)
    subscriptions = Subscriptions(state, switches)
    orders = Orders(state, switches)
    query = ObjectQuery(state, switches)
    idempotency = Idempotency(state, switches)
    admin = Admin(state.faults, tokens)

    def route(path: str, handler: Handler, method: str) -> Route:
        async def guarded(request: Request) -> Response:
            try:
                return await handler(request)
            except Refusal as refusal:
                return refusal_response(request, refusal, switches)

        async def once(request: Request) -> Response:
            return await idempotency.once(request, guarded)

        repeatable = method == "POST" and path.startswith("/v1/")
        return Route(path, once if repeatable else guarded, methods=[method])

    async def take_token(request: Request) -> Response:
        return await _take_token(request, tokens)

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
        route("/_standin/health", admin.health, "GET"),
        route("/_standin/faults", admin.add_fault, "POST"),
        route("/_standin/faults", admin.clear_faults, "DELETE"),
        route("/_standin/requests", admin.requests, "GET"),
    ]
    inner = Starlette(routes=routes, exception_handlers={404: unknown, 405: unknown})
    return Gateway(inner, state, tokens, switches)


async def _take_token(request: Request, tokens: Tokens) -> Response:
    # Parsed by hand: a form of three fields needs no multipart library.
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


class Gateway:
    """What happens to every request before and after its route: ids, faults, the token."""

    def __init__(self, app: ASGIApp, state: ZuoraState, tokens: Tokens, switches: Switches) -> None:
        self._app = app
        self._state = state
        self._tokens = tokens
        self._switches = switches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, of which nothing is left to read when a fault begins."""
        try:
            receive = _replayed(await Request(scope, receive).body(), receive)
        except ClientDisconnect:
            return
        request = Request(scope, receive)
        send = _with_ids(request, send)
        path = request.url.path
        if path.startswith("/_standin/"):
            await self._app(scope, receive, send)
            return
        asked = f"{request.method} {path}"
        self._state.faults.note(asked)
        for fault in self._state.faults.strike(asked):
            if fault.kind == "latency":
                await linger(scope, fault.seconds)
            elif await self._strike(fault, request, send):
                return
        if not path.startswith(OPEN_PATHS) and not self._tokens.accepts(_bearer(request)):
            await unauthorized(request)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _strike(self, fault: Fault, request: Request, send: Send) -> bool:
        """Let a fault happen. False when the request goes on as if nothing had."""
        scope, receive = request.scope, request.receive
        match fault.kind:
            case "expired_token":
                self._tokens.revoke(_bearer(request))
                return False
            case "drop_before":
                await scope["extensions"][DROP]()
            case "drop_after":
                await self._authorised(scope, receive, _swallow)
                await scope["extensions"][DROP]()
            case "truncate":
                await self._authorised(scope, receive, _halved(send))
                await scope["extensions"][DROP]()
            case _:
                await self._answer(fault, request)(scope, receive, send)
        return True

    async def _authorised(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.url.path.startswith(OPEN_PATHS) or self._tokens.accepts(_bearer(request)):
            await self._app(scope, receive, send)
        else:
            await unauthorized(request)(scope, receive, send)

    def _answer(self, fault: Fault, request: Request) -> Response:
        match fault.kind:
            case "unauthorized":
                return unauthorized(request)
            case "html502" | "html504":
                status = int(fault.kind[4:])
                return HTMLResponse(f"<html><body><h1>{status}</h1><p>The gateway gave up.</p></body></html>", status)
            case "success_false":
                reasons = [{"code": fault.code, "message": fault.message}]
                return JSONResponse({"success": False, "processId": "0" * 16, "reasons": reasons})
            case "lock":
                refusal = Refusal(50000050, "Operation failed due to a lock competition, please retry later")
            case "temporary":
                refusal = Refusal(50000061, "A temporary error occurred, please retry later")
            case _:
                refusal = Refusal(50000070, "Request exceeded limit", status=429)
        response = refusal_response(request, refusal, self._switches)
        if fault.kind == "429":
            # Never a 200: this one is the gateway's, whatever the version.
            response.status_code = 429
            response.headers["ratelimit-limit"] = "2250000, 50000;w=60, 2250000;w=3600"
            response.headers["ratelimit-remaining"] = "0"
            if fault.reset is not None:
                response.headers["ratelimit-reset"] = f"{fault.reset:g}"
            if fault.retry_after is not None:
                response.headers["Retry-After"] = f"{fault.retry_after:g}"
        return response


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Hands out the body already read, then whatever comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiver() -> Message:
        return waiting.pop() if waiting else await receive()

    return receiver


def _with_ids(request: Request, send: Send) -> Send:
    ids = [(b"zuora-request-id", request_id(request).encode())]
    track = request.headers.get("Zuora-Track-Id")
    if track:
        ids.append((b"zuora-track-id", track.encode("latin-1")))

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *ids]}
        await send(message)

    return sender


def _halved(send: Send) -> Send:
    """Sends the headers as they are and half of the body, and leaves the rest open."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return sender


async def _swallow(message: Message) -> None:
    """Sends nothing."""
