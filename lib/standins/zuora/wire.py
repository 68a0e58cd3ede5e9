"""How Zuora answers: error bodies, statuses by minor version, ids."""

import json
import re
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lib.standins.server.gateway import ADMIN

REAL_STATUSES = "2024-05-20"
"""From this minor version on, a refusal has its own HTTP status. Before, it is a 200 with `success: false`."""
UNIFIED_QUERY_ERRORS = "2025-08-12"

_STATUS = {
    10: 403,
    11: 401,
    20: 400,
    21: 400,
    22: 400,
    23: 400,
    27: 400,
    30: 400,
    40: 404,
    45: 415,
    50: 409,
    60: 500,
    61: 500,
    70: 429,
    90: 400,
    99: 500,
}


@dataclass
class Switches:
    """Switches for behaviour that Zuora does not document, or that differs between tenants."""

    null_parent: str = "refuse"
    """`parentId: null` in an update: "refuse" or "ignore"."""
    empty_parent: str = "clear"
    """`parentId: ""` in an update: "clear", "ignore" or "refuse"."""
    fields_to_null: str = "clear"
    """`fieldsToNull` in an Actions update: "clear" or "ignore"."""
    string_codes: bool = False
    """Error codes as JSON strings."""
    orders_enabled: bool = True
    """True when the tenant has Orders."""
    orders_answer_cancel: bool = False
    """True when `PUT .../cancel` answers with the order it made, as in a tenant with Orders."""
    invoice_settlement: bool = False
    """True when the tenant has Invoice Settlement, which needs minor version 211.0 or later for cancelling."""
    order_seconds: float = 0.0
    """How many seconds an order takes. Its idempotency key is in use until then."""
    today: date | None = None
    """The tenant's date, None for today in UTC."""
    read_lag: int = 0
    """How many reads of a changed record still show its old values."""
    concurrent: dict[str, int] = field(default_factory=lambda: {"default": 40, "high-volume": 200, "object-query": 80})
    """How many requests of each kind are allowed at a time."""
    sign_ins_a_minute: int = 100
    """How many tokens an address may request in a minute."""

    def current_date(self) -> date:
        """The tenant's date."""
        return self.today or datetime.now(UTC).date()


# Put around a decimal for the JSON encoder, which has no exact numbers.
_MARK = secrets.token_hex(8)
_MARKED = re.compile(f'"{_MARK}(-?[0-9.]+)"')


class Reply(JSONResponse):
    """JSON in which a decimal is a number with exactly its digits."""

    def render(self, content: Any) -> bytes:
        """The bytes of the body."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_mark)
        return _MARKED.sub(r"\1", text).encode()


def _mark(value: object) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value)} is not JSON")
    return f"{_MARK}{value:f}"


class Refusal(Exception):
    """Ends a request with one reason. The last two digits of its code decide the status."""

    def __init__(self, code: int, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or _STATUS[code % 100]


class ActionRefusal(Exception):
    """Ends an Actions request as that older part of the API does."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def minor_version(request: Request) -> str:
    """The dated minor version asked for. Empty for a numbered one or none."""
    version = request.headers.get("Zuora-Version", "")
    return version if version[:2] == "20" and version.count("-") == 2 else ""


def at_least(request: Request, version: str) -> bool:
    """True when the request asks for this numbered minor version or a later one. Without a header it is 186.0."""
    asked = request.headers.get("Zuora-Version", "186.0")
    if minor_version(request):
        return True
    try:
        return float(asked) >= float(version)
    except ValueError:
        return False


def refusal_response(request: Request, refusal: Refusal, switches: Switches) -> Response:
    """The refusal in the form of this request's version of the API."""
    code: int | str = str(refusal.code) if switches.string_codes else refusal.code
    reasons = [{"code": code, "message": refusal.message}]
    body: dict[str, Any] = {
        "success": False,
        "processId": secrets.token_hex(8).upper(),
        "requestId": request_id(request),
        "reasons": reasons,
    }
    status = refusal.status
    version = minor_version(request)
    if request.url.path.startswith("/object-query/"):
        if version >= UNIFIED_QUERY_ERRORS:
            body = {"reasons": reasons, "requestId": request_id(request)}
    elif version < REAL_STATUSES and not request.url.path.startswith(ADMIN):
        status = HTTPStatus.OK
    return JSONResponse(body, status)


def unauthorized(request: Request) -> Response:
    """The gateway's 401. It is never a 200, but its body depends on the version."""
    body: dict[str, Any] = {"message": "Authentication error"}
    if minor_version(request) >= REAL_STATUSES:
        body = {
            "success": False,
            "reasons": [{"code": "90000011", "message": "Authentication error"}],
        }
    return JSONResponse(body, 401, headers={"WWW-Authenticate": "Bearer"})


def request_id(request: Request) -> str:
    """The id of this request, the same in header and body."""
    if not hasattr(request.state, "request_id"):
        request.state.request_id = str(uuid.uuid4())
    return str(request.state.request_id)
