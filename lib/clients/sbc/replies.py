"""Reads the SBC's replies. A success is a 200 with exactly the JSON expected; all else is an error of ours."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard, TypeVar

from lib.clients.call import Call, Reply
from lib.clients.errors import RemoteError, UnexpectedReply
from lib.clients.sbc.checks import SYSTEM, is_emergency, is_name, is_number, is_revision, rule_state
from lib.clients.sbc.port import AuthRule, Health, HeldRule, PutResult
from lib.clients.translate import status_error

T = TypeVar("T")
_MEANINGFUL = frozenset({400, 401, 403, 408, 413, 422, 425, 429})
"""Below 500 these keep their meaning. 404 and the rest mean that this is not the SBC's API."""
_REASONS = {
    "json": "it could not read the request",
    "empty": "the request was empty",
    "account": "this is not an account number",
    "after": "this is not a number to go on from",
    "address": "this machine's address is not one it listens to",
    "port": "this is not the port of its API",
    "client certificate": "the client certificate is not the Hub's",
    "database": "its database did not answer",
    "busy": "somebody else is writing",
}
_ITEMS = {
    "rule": "it does not accept the rule of {}",
    "number": "it does not accept {}",
    "number twice": "{} was sent twice in one request",
}
"""Reasons that come with the index of the item in the request, counted from 0."""


def read_rules(numbers: Sequence[str], reply: Reply, call: Call) -> dict[str, AuthRule | None]:
    """The live rules of exactly these numbers.

    Raises:
        RemoteError: a refusal, or an answer about other numbers.
    """
    body = _json(reply, call, numbers)

    def make() -> dict[str, AuthRule | None]:
        found = {item["number"]: _live(item["number"], item["rule"]) for item in _list(body)}
        if len(body) != len(numbers) or found.keys() != set(numbers):
            raise ValueError
        return found

    return _understood(make, reply, call, "its answer is not about the numbers asked for")


def read_page(account: str, after: str, reply: Reply, call: Call) -> list[HeldRule]:
    """One page of an account's rules, by number, all of them after the number `after`.

    Raises:
        RemoteError: a refusal, or something other than such a page.
    """
    body = _json(reply, call)

    def make() -> list[HeldRule]:
        held = {item["number"]: _held(account, item) for item in _list(body)}
        if len(held) != len(body) or any(number <= after for number in held):
            raise ValueError
        return [held[number] for number in sorted(held)]

    return _understood(make, reply, call, "its answer is not a page of auth rules")


def read_put(rules: Sequence[AuthRule], reply: Reply, call: Call) -> PutResult:
    """How many of these rules were received and applied.

    Raises:
        RemoteError: a refusal, or an answer that does not account for all of them.
    """
    body = _json(reply, call, [rule.number for rule in rules])

    def make() -> PutResult:
        received, applied = _count(body["received"]), _count(body["applied"])
        if received != len(rules) or applied > received:
            raise ValueError
        return PutResult(received, applied)

    return _understood(make, reply, call, "its answer does not account for every rule sent")


def read_deleted(numbers: Sequence[str], reply: Reply, call: Call) -> None:
    """Check that the answer accounts for all of these numbers.

    Raises:
        RemoteError: a refusal, or an answer that does not.
    """
    _accounted("deleted", numbers, reply, call)


def read_forgotten(numbers: Sequence[str], reply: Reply, call: Call) -> None:
    """Check that the answer accounts for all of these numbers.

    Raises:
        RemoteError: a refusal, or an answer that does not.
    """
    _accounted("forgotten", numbers, reply, call)


def read_revisions(numbers: Sequence[str], reply: Reply, call: Call) -> dict[str, int]:
    """The revisions kept of these numbers. A number without one is left out.

    Raises:
        RemoteError: a refusal, or an answer about other numbers.
    """
    body = _json(reply, call, numbers)

    def make() -> dict[str, int]:
        found = {item["number"]: item["rev"] for item in _list(body)}
        kept = {number: revision for number, revision in found.items() if revision is not None}
        if len(body) != len(numbers) or found.keys() != set(numbers) or not all(map(is_revision, kept.values())):
            raise ValueError
        return kept

    return _understood(make, reply, call, "its answer is not about the numbers asked for")


def _accounted(name: str, numbers: Sequence[str], reply: Reply, call: Call) -> None:
    body = _json(reply, call, numbers)

    def make() -> None:
        if _count(body[name]) != len(numbers):
            raise ValueError

    _understood(make, reply, call, "its answer does not account for every number sent")


def read_health(reply: Reply, call: Call) -> Health:
    """The SBC's version, and the emergency numbers that it always connects, None where it does not say.

    Raises:
        RemoteError: `Busy` when its database does not answer.
    """
    body = _json(reply, call)

    def make() -> Health:
        if body["db"] is not True or not isinstance(body["version"], str):
            raise ValueError
        return Health(body["version"].strip(), _emergency(body))

    return _understood(make, reply, call, "it does not report its health")


def _emergency(body: Mapping[str, Any]) -> tuple[str, ...] | None:
    if "emergency" not in body:
        return None
    numbers = tuple(number for number in _list(body["emergency"]) if is_emergency(number))
    if len(numbers) != len(body["emergency"]):
        raise ValueError
    return numbers


def _json(reply: Reply, call: Call, sent: Sequence[str] = ()) -> Any:
    """The JSON of a 200; `sent` are the numbers of the request, in its order."""
    if reply.status != 200:
        raise _refusal(reply, call, sent)
    try:
        return reply.json()
    except ValueError:
        problem = _unexpected(reply, call, "HTTP 200 without JSON")
    raise problem


def _refusal(reply: Reply, call: Call, sent: Sequence[str]) -> RemoteError:
    error = status_error(reply, SYSTEM, call)
    said = _body(reply)
    if reply.status < 500 and reply.status not in _MEANINGFUL:
        return _unexpected(reply, call, f"HTTP {reply.status}")
    if reply.status == 413:
        error.detail = "the request has more items than it takes at once"
    else:
        error.detail = _reason(said, sent) or error.detail
    return error


def _reason(body: Mapping[str, Any], sent: Sequence[str]) -> str:
    """The SBC's reason in our own words. Its own text is not passed on."""
    if body.get("db") is False:
        return _REASONS["database"]
    word, index = body.get("error"), body.get("index")
    if not isinstance(word, str):
        return ""
    if word in _ITEMS:
        return _ITEMS[word].format(sent[index] if _is_place(index, sent) else "one of them")
    return _REASONS.get(word, "")


def _is_place(index: object, sent: Sequence[str]) -> TypeGuard[int]:
    return isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(sent)


def _body(reply: Reply) -> Mapping[str, Any]:
    try:
        body = reply.json()
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}


def _understood(make: Callable[[], T], reply: Reply, call: Call, what: str) -> T:
    try:
        return make()
    except (ValueError, TypeError, LookupError, AttributeError):
        problem = _unexpected(reply, call, what)
    # Raised after the except block, so that the other error is not chained to ours: it quotes the reply.
    raise problem


def _unexpected(reply: Reply, call: Call, what: str) -> UnexpectedReply:
    return UnexpectedReply(
        SYSTEM,
        call.operation,
        writes=call.writes,
        maybe_done=call.alters,
        detail=what,
        status=reply.status,
        track_id=call.track_id,
    )


def _held(account: str, item: Mapping[str, Any]) -> HeldRule:
    rule = _rule(item["number"], account, item["state"], item["trunk"], item["rev"])
    packed = item["live"]
    if packed is None or packed == "":
        return HeldRule(rule, None)
    live_account, state, trunk, revision = packed.split(",")
    return HeldRule(rule, _rule(rule.number, live_account, state, trunk, _packed_revision(revision)))


def _live(number: str, item: Mapping[str, Any] | None) -> AuthRule | None:
    return None if item is None else _rule(number, item["account"], item["state"], item["trunk"], item["rev"])


def _rule(number: object, account: object, state: object, trunk: object, revision: object) -> AuthRule:
    """A rule of these values.

    Raises:
        ValueError: one of them cannot be right.
    """
    known = rule_state(state)
    if is_number(number) and is_name(account) and known and is_name(trunk) and is_revision(revision):
        return AuthRule(number, account, known, trunk, revision)
    raise ValueError


def _packed_revision(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise ValueError
    return int(text)


def _list(body: object) -> list[Any]:
    if not isinstance(body, list):
        raise TypeError
    return body


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError
    return value
