"""Zuora's answers to a cancellation: done, refused, not known, or refused because the tenant has no Orders."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from lib.clients.call import Call, Reply
from lib.clients.errors import AuthFailed, Busy, Rejected, RemoteError
from lib.clients.zuora import replies
from lib.clients.zuora.subscriptions.models import ZuoraSubscription

_PERMISSION, _RULE, _UNSUPPORTED, _TEMPORARY = 10, 30, 45, 61
_PARTS = ("subscriptions", "subscriptionNumbers")
_ORDERS = re.compile(r"\borders?\b", re.IGNORECASE)
_SWITCHED_OFF = re.compile(r"feature|enabled|permission|tenant|not (?:available|supported)", re.IGNORECASE)


@dataclass(frozen=True)
class Confirmation:
    """A cancellation that Zuora says it has made."""

    day: date | None
    order_number: str | None
    request_id: str | None


def _categories(error: RemoteError) -> set[int | None]:
    return {replies.Reason(code, "").category for code in error.codes}


def orders_missing(error: RemoteError) -> bool:
    """True when Zuora refuses the order because this tenant has no Orders, and says so."""
    if error.maybe_done or not _ORDERS.search(error.detail):
        return False
    if isinstance(error, AuthFailed):
        return not error.signed_out
    refused = isinstance(error, Rejected) and bool(_categories(error) & {_PERMISSION, _RULE, _UNSUPPORTED})
    return refused and _SWITCHED_OFF.search(error.detail) is not None


def _confirmation(body: dict[str, Any], reply: Reply, call: Call) -> Confirmation:
    day, number = body.get("cancelledDate"), body.get("orderNumber")
    return Confirmation(
        replies.understood(lambda: date.fromisoformat(day[:10]) if day else None, reply, call, "a cancellation"),
        number if isinstance(number, str) else None,
        replies.request_id(reply),
    )


def read_outcome(subscription: ZuoraSubscription, reply: Reply, call: Call) -> Confirmation:
    """What a reply says about a cancellation.

    Raises:
        RemoteError: `Busy` for any 409, `Rejected` for any 422, whatever the code. The outcome is unknown after any
        5xx, and after a fault that Zuora calls temporary, whatever its status.
    """
    try:
        body = replies.read_object(reply, call)
    except RemoteError as error:
        failure = error
    else:
        _check_names(subscription, body, reply, call)
        return _confirmation(body, reply, call)
    if reply.status == 409:
        failure = Busy.like(failure)
    elif reply.status == 422:
        failure = Rejected.like(failure)
    if reply.status >= 500 or _TEMPORARY in _categories(failure):
        failure.maybe_done = True
    raise failure


def read_again(subscription: ZuoraSubscription, reply: Reply, call: Call) -> Confirmation:
    """What a reply says about a cancellation that was sent again. An earlier answer will not change by waiting.

    Raises:
        RemoteError: as `read_outcome`, but `Rejected` for an earlier refusal, however temporary it was.
    """
    try:
        return read_outcome(subscription, reply, call)
    except RemoteError as error:
        failure = error
    raise Rejected.like(failure) if failure.replayed else failure


def _check_names(subscription: ZuoraSubscription, body: dict[str, Any], reply: Reply, call: Call) -> None:
    """Check the subscriptions of an order, given as numbers or as objects, and its account."""
    parts: list[object] = [part for name in _PARTS for part in (body.get(name) or ()) if isinstance(body[name], list)]
    numbers = [part.get("subscriptionNumber") if isinstance(part, dict) else part for part in parts]
    replies.same_one(subscription.number, numbers, reply, call)
    # The account of an order is the one that pays, which may not be the owner of the subscription.
    owner = body.get("accountNumber")
    ordered = call.body.get("existingAccountNumber") if isinstance(call.body, dict) else None
    owners = {number.casefold() for number in (ordered, subscription.account_number) if isinstance(number, str)}
    if isinstance(owner, str) and owners and owner.strip().casefold() not in owners:
        raise replies.unexpected(reply, call, "with the answer about another record")
