"""Reads Zuora's replies. An HTTP success may be a failure, and a failure has one of five shapes.

1. `{"success": false, "processId": ..., "requestId": ..., "reasons": [{"code": ..., "message": ...}]}`
2. `{"Success": false, "Errors": [{"Code": ..., "Message": ...}]}`, also inside an array (Actions, CRUD)
3. `{"FaultCode": ..., "FaultMessage": ...}` (ZOQL)
4. `{"code": ..., "message": ...}`, or only a message (the gateway in front)
5. `{"reasons": [...], "requestId": ...}` (Object Query)

The last two digits of a numeric code are its category, whatever the HTTP status says.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from lib.clients.call import Call, Reply
from lib.clients.errors import (
    AuthFailed,
    Busy,
    NotFound,
    Rejected,
    RemoteError,
    UnexpectedReply,
    presentable,
)
from lib.clients.translate import status_error

SYSTEM = "Zuora"
T = TypeVar("T")

_CATEGORIES: dict[int, type[RemoteError]] = {
    10: AuthFailed,
    11: AuthFailed,
    20: Rejected,
    21: Rejected,
    22: Rejected,
    23: Rejected,
    27: Rejected,
    30: Rejected,
    40: NotFound,
    45: Rejected,
    50: Busy,
    60: Busy,
    61: Busy,
    70: Busy,
    90: Rejected,
    99: Busy,
}
_WORDS: dict[str, int] = {
    "LOCK_COMPETITION": 50,
    "MALFORMED_QUERY": 27,
    "MISSING_REQUIRED_VALUE": 22,
    "INVALID_FIELD": 21,
    "INVALID_ID": 20,
    "INVALID_TYPE": 20,
    "INVALID_VALUE": 20,
    "NO_PERMISSION": 10,
    "INVALID_SESSION": 11,
    "REQUEST_EXCEEDED_LIMIT": 70,
    "REQUEST_EXCEEDED_RATE": 70,
    "SERVER_UNAVAILABLE": 61,
    "TEMPORARY_ERROR": 61,
    "SYSTEMERROR": 60,
    "UNKNOWN_ERROR": 60,
}
BAD_VALUES = frozenset({20, 21, 22, 23})
# A fault of Zuora or of a system behind it. The change may have been made before it.
_UNKNOWN_OUTCOME = frozenset({60, 99})
# A reason for which trying again is useless comes first.
_WEIGHT = (Rejected, AuthFailed, NotFound, Busy)


@dataclass(frozen=True)
class Reason:
    """One reason of a refusal, whatever shape it came in."""

    code: str
    message: str

    @property
    def category(self) -> int | None:
        """The category, the same for all resources. None for a code outside Zuora's scheme."""
        if not self.code.isdecimal():
            return _WORDS.get(self.code.upper())
        # A short number is an HTTP status or a gateway's code, and has no category.
        category = int(self.code) % 100 if len(self.code) >= 7 else None
        return category if category in _CATEGORIES else None


def read_object(reply: Reply, call: Call) -> dict[str, Any]:
    """The reply of a call that must answer with `success: true`.

    Raises:
        RemoteError: it does not say so.
    """
    body = read(reply, call)
    if not isinstance(body, dict) or body.get("success") is not True:
        raise unexpected(reply, call, "without its success mark")
    return body


def read_rows(reply: Reply, call: Call) -> tuple[list[dict[str, Any]], str | None]:
    """The rows of an object query's page and the cursor of the next page, None at the end.

    Raises:
        RemoteError: it is a refusal or not a page.
    """
    body = read(reply, call)
    rows = body.get("data") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unexpected(reply, call, "without its list of data")
    cursor = body.get("nextPage")
    if cursor is not None and not isinstance(cursor, str):
        raise unexpected(reply, call, "with a cursor that is not a text")
    return rows, cursor or None


def understood(make: Callable[[], T], reply: Reply, call: Call, what: str) -> T:
    """What `make` builds from the parts of a reply.

    Raises:
        UnexpectedReply: something that `what` ("an account") must have is missing.
    """
    try:
        return make()
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
        problem = unexpected(reply, call, f"without what {what} must have")
    # Raised after the except block, so that the other error is not chained to ours: it quotes the reply.
    raise problem


def same_one(asked: str, given: Iterable[object], reply: Reply, call: Call) -> None:
    """Check that a reply is about what was asked for, by any of its names: a number, an id.

    Zuora ignores case. A reply without names passes.

    Raises:
        UnexpectedReply: it is about another record.
    """
    names = {str(name).strip().casefold() for name in given if isinstance(name, str) and name.strip()}
    if names and asked.strip().casefold() not in names:
        raise unexpected(reply, call, "with the answer about another record")


def read_action(reply: Reply, call: Call, object_id: str) -> None:
    """Check the reply of an Actions call for the object with this id: an array with one `Success: true`.

    Raises:
        RemoteError: it does not say so, or is about another object.
    """
    body = read(reply, call)
    if not isinstance(body, list) or len(body) != 1 or _success(body[0]) is not True:
        raise unexpected(reply, call, "without its success mark")
    same_one(object_id, [body[0].get("Id")], reply, call)


def read(reply: Reply, call: Call) -> Any:
    """The JSON of a reply that is not a refusal.

    Raises:
        RemoteError: it is a refusal.
    """
    try:
        body = reply.json()
    except ValueError:
        raise _not_json(reply, call) from None
    reasons = list(_reasons(body))
    if reply.status < 300 and not reasons and not _says_no(body):
        return body
    raise refusal(reply, call, body, reasons)


def refusal(reply: Reply, call: Call, body: object, reasons: list[Reason]) -> RemoteError:
    """Our error for a refusal: by category where Zuora gives one, else by HTTP status."""
    found = {_CATEGORIES[reason.category] for reason in reasons if reason.category is not None}
    by_status = status_error(reply, SYSTEM, call)
    kind: type[RemoteError]
    if reply.status == 401:
        kind = AuthFailed
    elif found:
        kind = next(kind for kind in _WEIGHT if kind in found)
    else:
        kind = Rejected if reply.status < 300 else type(by_status)
    categories = {reason.category for reason in reasons}
    signed_out = kind is AuthFailed and 11 in categories
    unknown = bool(categories & _UNKNOWN_OUTCOME) or (not found and by_status.maybe_done)
    first = body[0] if isinstance(body, list) and body else body
    details = first if isinstance(first, dict) else {}
    named, own = _text(details.get("requestId")), request_id(reply)
    error = kind(
        SYSTEM,
        call.operation,
        writes=call.writes,
        maybe_done=unknown and call.alters,
        detail=_detail(reasons, call) or f"HTTP {reply.status}",
        status=401 if signed_out else reply.status,
        codes=tuple(presentable(r.code)[:40] for r in reasons if r.code),
        request_id=own or named,
        track_id=track_id(reply) or call.track_id,
        process_id=_text(details.get("processId")),
    )
    # An answer kept under an idempotency key names its first request in the body, and the current one in the headers.
    error.replayed = named is not None and own is not None and named.lower() != own.lower()
    return error


def _detail(reasons: list[Reason], call: Call) -> str:
    said = (presentable(reason.message, call.private) for reason in reasons)
    return presentable("; ".join(text.rstrip(".") for text in said if text.strip("…., ")))


def unexpected(reply: Reply, call: Call, what: str) -> UnexpectedReply:
    """The error for a reply that should be a success but does not look like one."""
    return UnexpectedReply(
        SYSTEM,
        call.operation,
        writes=call.writes,
        maybe_done=call.alters,
        detail=what,
        status=reply.status,
        request_id=request_id(reply),
        track_id=track_id(reply) or call.track_id,
    )


def request_id(reply: Reply) -> str | None:
    """The id under which Zuora's support finds the request."""
    return reply.headers.get("Zuora-Request-Id")


def track_id(reply: Reply) -> str | None:
    """The track id that we sent, as Zuora repeats it."""
    return reply.headers.get("Zuora-Track-Id")


def _not_json(reply: Reply, call: Call) -> RemoteError:
    # A page of a gateway. Its 404 is about the address, never about an account.
    if reply.status < 400 or reply.status == 404:
        return unexpected(reply, call, f"HTTP {reply.status} without JSON")
    error = status_error(reply, SYSTEM, call)
    error.request_id = error.request_id or request_id(reply)
    return error


def _reasons(body: object) -> Iterator[Reason]:
    """Every reason in any of the five shapes; nothing for a success."""
    if isinstance(body, list):
        for part in body:
            yield from _reasons(part)
        return
    if not isinstance(body, Mapping) or _success(body) is True:
        return
    for listed, code, message in (("reasons", "code", "message"), ("Errors", "Code", "Message")):
        parts = body.get(listed)
        for part in parts if isinstance(parts, list) else [parts]:
            if isinstance(part, Mapping):
                yield Reason(_text(part.get(code)) or "", _text(part.get(message)) or "")
    if "FaultCode" in body:
        # As in SOAP, the code may have a namespace: fns:INVALID_FIELD.
        code = (_text(body["FaultCode"]) or "").rpartition(":")[2]
        yield Reason(code, _text(body.get("FaultMessage")) or "")
    elif "message" in body and not body.get("reasons"):
        yield Reason(_text(body.get("code")) or "", _text(body["message"]) or "")


def _says_no(body: object) -> bool:
    parts = body if isinstance(body, list) else [body]
    return any(isinstance(part, Mapping) and _success(part) is False for part in parts)


def _success(body: object) -> bool | None:
    value = body.get("success", body.get("Success")) if isinstance(body, Mapping) else None
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, dict | list) else str(value)
