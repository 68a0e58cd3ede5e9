"""Cancelling a subscription, the one change that must never be made twice.

It is an order, which Zuora makes once for each idempotency key. A tenant without Orders is asked by the older
PUT, which knows no such key. Whenever the outcome is not known, the subscription itself is looked at.
"""

import re
import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from lib.clients.call import Call, Reply
from lib.clients.errors import AuthFailed, Busy, Rejected, RemoteError, UnexpectedReply, Unreachable
from lib.clients.zuora import replies
from lib.clients.zuora.sender import Sender, path_of, plain_track
from lib.clients.zuora.subscription import ZuoraSubscription
from lib.clients.zuora.subscriptions import read_subscription

_NAMESPACE = uuid.UUID("6f2b7a1e-0f5c-5d0b-9d0a-3c1f4e8b2a77")
_PERMISSION, _RULE, _UNSUPPORTED = 10, 30, 45
_ORDERS = re.compile(r"\borders?\b", re.IGNORECASE)
_SWITCHED_OFF = re.compile(r"feature|enabled|permission|tenant|not (?:available|supported)", re.IGNORECASE)


class CancelPolicy(StrEnum):
    """When a cancellation takes effect."""

    END_OF_TERM = "EndOfCurrentTerm"
    END_OF_INVOICED = "EndOfLastInvoicePeriod"
    ON_DATE = "SpecificDate"


@dataclass(frozen=True)
class Cancelled:
    """A subscription that is cancelled or will be on `effective`, None where Zuora does not say when.

    `already` says that it was so before. `seen` is False when Zuora took the cancellation but the subscription,
    read right after it, does not show it yet or could not be read.
    """

    number: str
    effective: date | None
    already: bool
    seen: bool
    order_number: str | None = None
    request_id: str | None = None
    track_id: str | None = None


@dataclass(frozen=True)
class _Told:
    day: date | None
    order_number: str | None
    request_id: str | None


class Cancelling(Sender):
    """The method of a tenant that cancels."""

    def cancel_subscription(
        self,
        number: str,
        policy: CancelPolicy,
        on: date | None = None,
        *,
        track: str,
        key: str,
        today: date | None = None,
    ) -> Cancelled:
        """Cancel the subscription with this number, on the day `on` where the policy is `ON_DATE`.

        `key` names the intention, say a run and its step: calling again with the same key is safe and is what
        to do after an outcome nobody knows, within a day and with the same `today`. That is the business day of
        the order, by default the day in UTC. No invoice is made and nothing collected.

        Raises:
            Unreachable: with `maybe_done`, when no answer came and the subscription shows no cancellation so
                far; Zuora may still be at it.
            RemoteError: it was not cancelled.
        """
        operation = f"cancel subscription {number}"
        if (on is not None) != (policy is CancelPolicy.ON_DATE) or not key:
            raise Rejected(
                replies.SYSTEM,
                operation,
                writes=True,
                detail="a key is needed, and a day for a cancellation on a day and no other",
            )
        look = Call(
            "GET",
            path_of("subscriptions", number, operation, writes=True),
            operation,
            writes=True,
            harmless=True,
            track_id=plain_track(track),
        )
        before = self._send(look, read_subscription)
        if before.will_end:
            return _seen(before, look, already=True)
        done: _Told | ZuoraSubscription | None
        order = self._order(before, look, policy, on, key, today or datetime.now(UTC).date())
        try:
            try:
                done = self._ask(order, look, by_key=True)
            except RemoteError as error:
                if not orders_missing(error):
                    raise
                done = None
            if done is None:
                now = self._send(look, read_subscription)
                done = now if now.will_end else self._ask(self._put(before, look, policy, on), look, by_key=False)
        except RemoteError as error:
            return self._resolved(error, look)
        if isinstance(done, ZuoraSubscription):
            return _seen(done, look, already=True)
        return self._confirmed(before.number, done, look)

    def _order(
        self,
        subscription: ZuoraSubscription,
        look: Call,
        policy: CancelPolicy,
        on: date | None,
        key: str,
        today: date,
    ) -> Call:
        if subscription.payer_number is None:
            raise UnexpectedReply(
                replies.SYSTEM, look.operation, writes=True, detail="a subscription without its account's number"
            )
        day = (on or today).isoformat()
        action = {
            "type": "CancelSubscription",
            "triggerDates": [{"name": "ContractEffective", "triggerDate": day}],
            "cancelSubscription": _policy(policy, on),
        }
        return replace(
            look,
            method="POST",
            path="/v1/orders",
            harmless=False,
            read_seconds=max(self._config.action_seconds, self._config.read_seconds),
            body={
                "orderDate": today.isoformat(),
                # Zuora's name for it misleads: this is the account that gets the invoices, not the owner.
                "existingAccountNumber": subscription.payer_number,
                "subscriptions": [{"subscriptionNumber": subscription.number, "orderActions": [action]}],
                "processingOptions": {"runBilling": False, "collectPayment": False},
            },
            # With the number in it: one intention may cancel several subscriptions.
            headers={"Idempotency-Key": str(uuid.uuid5(_NAMESPACE, f"{key}\n{subscription.number}"))},
        )

    def _put(self, subscription: ZuoraSubscription, look: Call, policy: CancelPolicy, on: date | None) -> Call:
        return replace(
            look,
            method="PUT",
            path=f"{path_of('subscriptions', subscription.number, look.operation, writes=True)}/cancel",
            harmless=False,
            read_seconds=max(self._config.action_seconds, self._config.read_seconds),
            body={**_policy(policy, on), "runBilling": False, "collect": False},
        )

    def _ask(self, call: Call, look: Call, *, by_key: bool) -> _Told | ZuoraSubscription:
        """Send, and again after a refusal that passes; never again after a lost answer.

        Before each further sending the subscription is looked at, and returned when it shows a cancellation.
        """
        began = time.monotonic()
        tried = 0
        doubt = False
        while True:
            tried += 1
            try:
                return self._send(replace(call, attempts=1), _read_outcome)
            except RemoteError as error:
                # With a key, 409 may be a first request that is still running, and nothing tells it from a lock.
                doubt = doubt or (by_key and error.status == 409)
                wait = self._http.wait(call, error, tried, time.monotonic() - began)
                if wait is False or tried >= self._config.attempts:
                    raise error.unsure() if doubt else error from None
            time.sleep(wait)
            try:
                now = self._send(look, read_subscription)
            except RemoteError as error:
                raise error.unsure() if doubt else error from None
            if now.will_end:
                return _Told(None, None, None) if doubt else now

    def _resolved(self, error: RemoteError, look: Call) -> Cancelled:
        """What became of a cancellation that ended in `error`: done after all, or the error that says so."""
        unknown = error.maybe_done
        if not unknown and not isinstance(error, Rejected):
            raise error
        after: ZuoraSubscription | None
        try:
            after = self._send(look, read_subscription)
        except RemoteError:
            after = None
        if after is not None and after.will_end:
            # Refused because it is cancelled: then somebody else was first.
            return _seen(after, look, already=not unknown)
        raise Unreachable.like(error).unsure() if unknown else error

    def _confirmed(self, number: str, told: _Told, look: Call) -> Cancelled:
        try:
            after = self._send(look, read_subscription)
        except RemoteError:
            # Zuora's word stands; whoever needs proof reads it again.
            after = None
        shown = after is not None and after.will_end
        return Cancelled(
            number,
            (_day_of(after) if after is not None and shown else None) or told.day,
            already=False,
            seen=shown,
            order_number=told.order_number,
            request_id=told.request_id,
            track_id=look.track_id,
        )


def _policy(policy: CancelPolicy, on: date | None) -> dict[str, str]:
    body = {"cancellationPolicy": policy.value}
    if on is not None:
        body["cancellationEffectiveDate"] = on.isoformat()
    return body


def _seen(subscription: ZuoraSubscription, look: Call, *, already: bool) -> Cancelled:
    return Cancelled(subscription.number, _day_of(subscription), already=already, seen=True, track_id=look.track_id)


def _day_of(subscription: ZuoraSubscription) -> date | None:
    return subscription.ends_on


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


def _told(body: dict[str, Any], reply: Reply, call: Call) -> _Told:
    day, number = body.get("cancelledDate"), body.get("orderNumber")
    return _Told(
        replies.understood(lambda: date.fromisoformat(day[:10]) if day else None, reply, call, "a cancellation"),
        number if isinstance(number, str) else None,
        replies.request_id(reply),
    )


def _read_outcome(reply: Reply, call: Call) -> _Told:
    """The reply of a cancellation.

    Raises:
        RemoteError: `Busy` for any 409, `Rejected` for any 422, whatever the code; any 5xx leaves the outcome
            unknown, a fault that calls itself temporary as well.
    """
    try:
        return _told(replies.read_object(reply, call), reply, call)
    except RemoteError as error:
        failure = error
    if reply.status == 409:
        failure = Busy.like(failure)
    elif reply.status == 422:
        failure = Rejected.like(failure)
    if reply.status >= 500:
        failure.maybe_done = True
    raise failure
