"""The sign-in page: a form in front of the app. It sets a cookie that no script can read."""

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import structlog
from jinja2 import Environment as Templates
from jinja2 import FileSystemLoader, StrictUndefined
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URL
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from lib.app import sign_in
from lib.app.sign_in import SignedIn, SignInRefused
from lib.app.start import App
from lib.logs import error_id
from lib.settings import Environment
from lib.store.away import is_away

log = structlog.get_logger(__name__)

SIGN_IN = "/sign-in"
STYLE = f"{SIGN_IN}/style.css"
FORMS = {SIGN_IN: frozenset({"GET", "HEAD", "POST"})}
"""The addresses that allow more than GET, for `Doors`."""

LONGEST_BODY = 8192
BODY_SECONDS = 10.0
AT_ONCE = 2
"""How many passwords are checked at a time: each check uses a processor for a quarter of a second."""
MOST_WAITING, MOST_WAITING_OF_ONE = 40, 4
"""How many may wait for that check, in all and from one address. More are refused at once."""
KNOWN_SECONDS = 180 * 24 * 3600
"""How long a browser is recognised, in seconds."""

_FOLDER = Path(__file__).parent
_FRESH = {"Cache-Control": "no-store"}


def routes(start: Callable[[], App]) -> list[BaseRoute]:
    """The routes of the sign-in; `start` returns the started app."""
    turn = asyncio.Semaphore(AT_ONCE)
    waiting: Counter[str] = Counter()

    async def form(request: Request) -> Response:
        started = await run_in_threadpool(start)
        token = request.cookies.get(sign_in.cookie_name(started))
        try:
            identity = await run_in_threadpool(sign_in.signed_in, started, token)
        except SQLAlchemyError as error:
            return trouble(error)
        back = safe_address(request.query_params.get("next"))
        if identity is not None:
            return RedirectResponse(back, 303, headers=_FRESH)
        return _page(started, back, notice="You are signed out." if token else None)

    async def enter(request: Request) -> Response:
        started = await run_in_threadpool(start)
        back = safe_address(request.query_params.get("next"))
        if not _is_own_form(request):
            return _page(started, back, error="You are not signed in: the form came from another site. Use this form.")
        given = await _fields(request)
        if given is None:
            return _page(started, back, error="You are not signed in: the form did not arrive. Type it again.")
        username, password = given
        address = client_address(request)
        if waiting.total() >= MOST_WAITING or waiting[address] >= MOST_WAITING_OF_ONE:
            return _page(started, back, error=sign_in.refusal(started), username=username)
        waiting[address] += 1
        try:
            # They wait in the event loop, so that the threads are free for the people at work.
            async with turn:
                return await run_in_threadpool(_enter, started, request, username, password, back)
        except SignInRefused as refused:
            return _page(started, back, error=str(refused), username=username)
        except SQLAlchemyError as error:
            return trouble(error)
        finally:
            waiting[address] -= 1
            if not waiting[address]:
                del waiting[address]

    return [
        Route(SIGN_IN, form, methods=["GET"]),
        Route(SIGN_IN, enter, methods=["POST"]),
        Route(STYLE, _style, methods=["GET"]),
    ]


def safe_address(text: str | None) -> str:
    """The address to go to after the sign-in; the start page instead of an address on another site."""
    if not text or not text.startswith("/") or text.startswith(("//", SIGN_IN)) or "\\" in text:
        return "/"
    if any(ord(character) < 33 or ord(character) == 127 for character in text):
        return "/"
    parts = urlsplit(text)
    return "/" if parts.scheme or parts.netloc else text


def client_address(request: Request) -> str:
    """Where the request comes from, for counting failed tries; of IPv6 the network, since a host has all of it."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def trouble(error: Exception) -> Response:
    """The page for an error outside Streamlit. While the database is away, the page reloads by itself."""
    quote = error_id(error)
    log.warning("sign-in or gate failed", exc_info=error)
    away = is_away(error)
    html = _templates().get_template("trouble.html").render(away=away, quote=quote)
    again = {"Retry-After": "5", "Refresh": "5"} if away else {}
    return HTMLResponse(html, 503 if away else 500, headers={**_FRESH, **again})


def _enter(app: App, request: Request, username: str, password: str, back: str) -> Response:
    name = sign_in.cookie_name(app)
    found = sign_in.sign_in(
        app,
        username,
        password,
        address=client_address(request),
        browser=request.cookies.get(sign_in.browser_cookie_name(app)),
    )
    # Somebody who was signed in here before is signed out.
    before = sign_in.signed_in(app, request.cookies.get(name))
    if before is not None:
        sign_in.sign_out(app, before)
    return _with_cookies(app, RedirectResponse(back, 303, headers=_FRESH), found)


def _with_cookies(app: App, response: Response, found: SignedIn) -> Response:
    for name, value, seconds in (
        (sign_in.cookie_name(app), found.token, app.settings.sign_in_hours * 3600),
        (sign_in.browser_cookie_name(app), found.browser, KNOWN_SECONDS),
    ):
        response.set_cookie(
            name,
            value,
            max_age=int(seconds),
            httponly=True,
            samesite="lax",
            secure=app.settings.env is not Environment.DEMO,
        )
    return response


def _is_own_form(request: Request) -> bool:
    """False when another site sends the form: it could sign somebody in under an account they did not choose."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or URL(origin).netloc == request.headers.get("host")


async def _fields(request: Request) -> tuple[str, str] | None:
    """User name and password, or None when the request is not the sign-in form."""
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > LONGEST_BODY:
                    return None
    except (TimeoutError, ClientDisconnect):
        return None
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=5, errors="replace")
    except ValueError:
        return None
    names = ("username", "password")
    if any(len(fields.get(name, [])) > 1 for name in names):
        return None
    username, password = (fields.get(name, [""])[0] for name in names)
    return username, password


def _page(
    app: App, back: str, *, error: str | None = None, notice: str | None = None, username: str = ""
) -> HTMLResponse:
    html = (
        _templates()
        .get_template("sign_in.html")
        .render(
            strip=_strip(app.settings.env),
            production=app.settings.env is Environment.PRODUCTION,
            back=None if back == "/" else back,
            error=error,
            notice=notice,
            username=username,
            sign_ins=_demo_sign_ins(app),
        )
    )
    return HTMLResponse(html, 403 if error else 200, headers=_FRESH)


def _strip(environment: Environment) -> str:
    match environment:
        case Environment.DEMO:
            return "DEMO · Every account, name and number is made up."
        case Environment.STAGING:
            return "STAGING · Not the customers' real accounts."
        case Environment.PRODUCTION:
            return "PRODUCTION · real customers"


def _demo_sign_ins(app: App) -> list[tuple[str, str, str]]:
    if app.settings.env is not Environment.DEMO:
        return []
    from lib.demo import DEMO_SIGN_INS

    return [(one.username, one.password, one.what) for one in DEMO_SIGN_INS]


async def _style(_request: Request) -> Response:
    return FileResponse(_FOLDER / "static" / "sign_in.css", headers={"Cache-Control": "no-cache"})


@cache
def _templates() -> Templates:
    return Templates(
        loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
