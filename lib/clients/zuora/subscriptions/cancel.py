"""Cancelling a subscription, which must never happen twice.

It is an order, which Zuora makes once for each idempotency key. In a tenant without Orders it is the older PUT, which
has no such key. When the outcome is not known, the subscription is read. That shows that it is cancelled, but not by
whom: whether it was us is in the answer that Zuora kept under our key.
"""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial

from lib.clients.call import Call
from lib.clients.errors import Rejected, RemoteError, UnexpectedReply, Unreachable
from lib.clients.zuora import replies
from lib.clients.zuora.sender import Sender, further_track, path_of, plain_track
from lib.clients.zuora.subscriptions.cancel_answers import Confirmation, orders_missing, read_again, read_outcome
from lib.clients.zuora.subscriptions.cancellation import Cancelled, CancelPolicy, policy_body, seen
from lib.clients.zuora.subscriptions.keys import Keys, is_verdict
from lib.clients.zuora.subscriptions.models import ZuoraSubscription
from lib.clients.zuora.subscriptions.reading import read_subscription

_ALREADY = re.compile(r"\balready\b.*\bcancell?ed\b|\bcancell?ed\b.*\balready\b", re.IGNORECASE)
REPLAYS = 5
"""How many repeated earlier answers one call skips."""


class Cancelling(Sender):
    """The method of a tenant that cancels a subscription."""

    def cancel_subscription(
        self,
        number: str,
        policy: CancelPolicy,
        on: date | None = None,
        *,
        track: str,
        key: str,
        today: date | None = None,
        refused: int = 0,
        unsure: bool = False,
        forgotten: bool = False,
        on_refusal: Callable[[int], None] | None = None,
    ) -> Cancelled:
        """Cancel the subscription with this number, on the day `on` where the policy is `ON_DATE`.

        `key` names the intention, such as a run and its step. Calling again with the same key is safe, and is what
        to do after a failure, within a day and with the same `today`, the business day of the order (by default the
        day in UTC). No invoice is made and no payment is collected.

        Zuora keeps its answer under a key for a day, a refusal too. So after each refusal the order is sent under
        another key, made from `key` and the number of refusals. `on_refusal` gets that number before the next key
        is used. A caller that may be restarted keeps it and passes it as `refused`. `unsure` says that an earlier
        call may have cancelled without its answer being known, `forgotten` that it was so long ago that Zuora no
        longer keeps its answers.

        Raises:
            Unreachable: with `maybe_done`, when no answer came and the subscription shows no cancellation yet; Zuora
            may still be working on it.
            RemoteError: it was not cancelled.
        """
        operation = f"cancel subscription {number}"
        if (on is not None) != (policy is CancelPolicy.ON_DATE) or not key:
            raise Rejected(
                replies.SYSTEM,
                operation,
                writes=True,
                detail="it needs a key, and a day only when it is to take effect on a day",
            )
        look = Call(
            "GET",
            path_of("subscriptions", number, operation, writes=True),
            operation,
            writes=True,
            harmless=True,
            track_id=plain_track(track),
        )
        keys = Keys(key, number, refused, unsure, on_refusal, forgotten=forgotten)
        try:
            return self._cancel(look, number, policy, on, keys, today or datetime.now(UTC).date())
        except RemoteError as error:
            # Nothing that came later says what became of the order whose answer was lost.
            raise error.unsure() if keys.unsure else error from None

    def _cancel(
        self, look: Call, number: str, policy: CancelPolicy, on: date | None, keys: Keys, today: date
    ) -> Cancelled:
        before = self._look(look, number)
        if before.will_end and not keys.unsure:
            return seen(before, look, ours=False)
        order = self._order(before, look, policy, on, today)
        if before.will_end:
            return seen(before, look, ours=self._is_ours(order, before, keys))
        put: Call | None = None
        try:
            try:
                done = self._ask(order, look, before, keys)
            except RemoteError as error:
                if not orders_missing(error):
                    raise
                # The refusal of this order says nothing about an earlier PUT whose answer was lost.
                keys.unsure = keys.began_unsure
                put = self._put(before, look, policy, on)
                now = self._look(look, number)
                done = seen(now, look, ours=False) if now.will_end else self._ask(put, look, before, None)
        except RemoteError as error:
            return self._resolved(error, look, before, order if put is None else None, keys)
        return done if isinstance(done, Cancelled) else self._confirmed(before.number, done, look)

    def _look(self, look: Call, number: str) -> ZuoraSubscription:
        # With a track id of its own, so that its answer is not taken for the answer to a cancellation.
        return self._send(replace(look, track_id=None), partial(read_subscription, number))

    def _order(
        self,
        subscription: ZuoraSubscription,
        look: Call,
        policy: CancelPolicy,
        on: date | None,
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
            "cancelSubscription": policy_body(policy, on),
        }
        return replace(
            look,
            method="POST",
            path="/v1/orders",
            harmless=False,
            read_seconds=max(self._config.action_seconds, self._config.patience.read_seconds),
            body={
                "orderDate": today.isoformat(),
                # Zuora's name is misleading: this is the account that gets the invoices, not the owner.
                "existingAccountNumber": subscription.payer_number,
                "subscriptions": [{"subscriptionNumber": subscription.number, "orderActions": [action]}],
                "processingOptions": {"runBilling": False, "collectPayment": False},
            },
        )

    def _put(self, subscription: ZuoraSubscription, look: Call, policy: CancelPolicy, on: date | None) -> Call:
        return replace(
            look,
            method="PUT",
            path=f"{path_of('subscriptions', subscription.number, look.operation, writes=True)}/cancel",
            harmless=False,
            track_id=further_track(look.track_id, "put"),
            read_seconds=max(self._config.action_seconds, self._config.patience.read_seconds),
            body={**policy_body(policy, on), "runBilling": False, "collect": False},
        )

    def _ask(
        self, call: Call, look: Call, subscription: ZuoraSubscription, keys: Keys | None
    ) -> Confirmation | Cancelled:
        """Send, and send again after a temporary refusal, but never after a lost answer.

        With `keys`, each refusal is followed by another key. Before it is sent again the subscription is read, and
        returned when it shows a cancellation.
        """
        began = time.monotonic()
        tried = replays = 0
        doubt = False
        read = partial(read_outcome, subscription)
        while True:
            sent = replace(call, attempts=1)
            if keys is not None:
                sent = replace(sent, headers=keys.next_header(), track_id=keys.track(call.track_id))
            try:
                return self._send(sent, read)
            except RemoteError as error:
                failure = error
            if keys is not None:
                again = keys.learn(failure)
                if again and replays < REPLAYS:
                    # This is the answer to an earlier request: Zuora has not handled the current one yet.
                    replays += 1
                    continue
                # An earlier request under this key may still be running, and its answer may still come.
                doubt = doubt or (failure.status == 409 and not again)
            tried += 1
            wait = self._http.wait(call, failure, tried, time.monotonic() - began)
            if wait is False or tried >= self._config.patience.attempts:
                if keys is not None:
                    keys.give_up(failure)
                raise failure.unsure() if doubt else failure
            time.sleep(wait)
            try:
                now = self._look(look, subscription.number)
            except RemoteError as error:
                raise error.unsure() if doubt else error from None
            if now.will_end:
                ours = self._is_ours(call, now, keys) if keys is not None and (doubt or keys.unsure) else False
                return seen(now, look, ours=ours)

    def _is_ours(self, order: Call, subscription: ZuoraSubscription, keys: Keys) -> bool | None:
        """Whether one of our orders made the cancellation that shows, None when Zuora does not say.

        Each order is sent again under its key, which brings back its own answer. An order that Zuora never got is
        refused now, because a cancelled subscription cannot be cancelled. So this is only for what *is* cancelled: a
        subscription scheduled to end would accept the order.
        """
        if not subscription.is_cancelled:
            return False
        if keys.forgotten:
            return None
        known = True
        for headers in keys.used_headers():
            try:
                # Sending it twice can do no harm now.
                self._send(replace(order, headers=headers, resend=True), partial(read_again, subscription))
            except RemoteError as error:
                known = known and is_verdict(error) and not orders_missing(error)
            else:
                return True
        return False if known else None

    def _resolved(
        self, error: RemoteError, look: Call, before: ZuoraSubscription, order: Call | None, keys: Keys
    ) -> Cancelled:
        """What became of a cancellation that ended in `error`: done after all, or the error to raise."""
        unknown = error.maybe_done
        if not unknown and not isinstance(error, Rejected):
            raise error
        after: ZuoraSubscription | None
        try:
            after = self._look(look, before.number)
        except RemoteError:
            after = None
        if after is not None and after.will_end:
            # Refused because it is cancelled: then somebody else was first. That is not certain for a PUT, which has no
            # key: a gateway that sends one twice returns the refusal of the second.
            ours: bool | None = None
            if order is not None:
                ours = self._is_ours(order, after, keys) if unknown or keys.began_unsure else False
            return replace(seen(after, look, ours=ours), already=not unknown if ours is None else not ours)
        # Refused as cancelled already, but it does not show: then we do not know whose cancellation that was.
        unknown = unknown or _ALREADY.search(error.detail) is not None
        raise Unreachable.like(error).unsure() if unknown else error

    def _confirmed(self, number: str, confirmation: Confirmation, look: Call) -> Cancelled:
        try:
            after, shown = self._until(lambda: self._look(look, number), lambda now: now.will_end)
        except RemoteError:
            # Zuora said that it is done. A caller that needs proof reads it again.
            after, shown = None, False
        return Cancelled(
            number,
            (after.ends_on if after is not None and shown else None) or confirmation.day,
            already=False,
            seen=shown,
            order_number=confirmation.order_number,
            request_id=confirmation.request_id,
            track_id=look.track_id,
            ours=True,
        )
