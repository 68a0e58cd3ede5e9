"""Cancelling a subscription, the one change that must never be made twice.

It is an order, which Zuora makes once for each idempotency key. A tenant without Orders is asked by the older
PUT, which knows no such key. Whenever the outcome is not known, the subscription itself is looked at. That shows
that it is cancelled and not by whom: whether it was us, Zuora tells by the answer it kept under our key.
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
from lib.clients.zuora.subscriptions.cancel_answers import Told, orders_missing, read_again, read_outcome
from lib.clients.zuora.subscriptions.cancellation import Cancelled, CancelPolicy, policy_body, seen
from lib.clients.zuora.subscriptions.keys import Keys, is_verdict
from lib.clients.zuora.subscriptions.models import ZuoraSubscription
from lib.clients.zuora.subscriptions.reading import read_subscription

_ALREADY = re.compile(r"\balready\b.*\bcancell?ed\b|\bcancell?ed\b.*\balready\b", re.IGNORECASE)
REPLAYS = 5
"""How many earlier answers in a row are passed over in one call."""


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
        refused: int = 0,
        unsure: bool = False,
        forgotten: bool = False,
        on_refusal: Callable[[int], None] | None = None,
    ) -> Cancelled:
        """Cancel the subscription with this number, on the day `on` where the policy is `ON_DATE`.

        `key` names the intention, say a run and its step: calling again with the same key is safe and is what
        to do after a failure, within a day and with the same `today`. That is the business day of the order, by
        default the day in UTC. No invoice is made and nothing collected.

        Zuora keeps its answer under a key for a day, a refusal as well. So after each refusal the order goes out
        under another key, made from `key` and the number of refusals. `on_refusal` gets that number before
        the next key is used; a caller that outlives its process keeps it and passes it as `refused`. `unsure` says
        that an earlier call may have been carried out without its answer being known, `forgotten` that it was so long
        ago that Zuora no longer keeps its answers.

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
        keys = Keys(key, number, refused, unsure, on_refusal, forgotten=forgotten)
        try:
            return self._cancel(look, number, policy, on, keys, today or datetime.now(UTC).date())
        except RemoteError as error:
            # Nothing that came afterwards tells what became of the order whose answer was lost.
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
                # That this order was refused says nothing of an earlier PUT whose answer was lost.
                keys.unsure = keys.began_unsure
                put = self._put(before, look, policy, on)
                now = self._look(look, number)
                done = seen(now, look, ours=False) if now.will_end else self._ask(put, look, before, None)
        except RemoteError as error:
            return self._resolved(error, look, before, order if put is None else None, keys)
        return done if isinstance(done, Cancelled) else self._confirmed(before.number, done, look)

    def _look(self, look: Call, number: str) -> ZuoraSubscription:
        # With a track id of its own, so that the answer to it cannot be taken for that to a cancellation.
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
                # Zuora's name for it misleads: this is the account that gets the invoices, not the owner.
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

    def _ask(self, call: Call, look: Call, subscription: ZuoraSubscription, keys: Keys | None) -> Told | Cancelled:
        """Send, and again after a refusal that passes; never again after a lost answer.

        With `keys` each refusal is followed by another key. Before each further sending the subscription is looked
        at, and returned when it shows a cancellation.
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
                    # It is the answer to an earlier request: Zuora has not handled the current one yet.
                    replays += 1
                    continue
                # A first request under this key may be at work still, and its own answer may yet come.
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
        """Whether one of this intention's orders made the cancellation that shows; None when Zuora does not tell.

        Each is asked for again under its key, which brings back its own answer. An order that Zuora never got is
        refused now, as what is cancelled cannot be cancelled. That holds for what *is* cancelled alone: a subscription
        that somebody scheduled to end would take the order, and a cancellation of ours would show as one at once.
        """
        if not subscription.is_cancelled:
            return False
        if keys.forgotten:
            return None
        known = True
        for headers in keys.used_headers():
            try:
                # Sending it twice does no harm any more.
                self._send(replace(order, headers=headers, resend=True), partial(read_again, subscription))
            except RemoteError as error:
                known = known and is_verdict(error) and not orders_missing(error)
            else:
                return True
        return False if known else None

    def _resolved(
        self, error: RemoteError, look: Call, before: ZuoraSubscription, order: Call | None, keys: Keys
    ) -> Cancelled:
        """What became of a cancellation that ended in `error`: done after all, or the error that says so."""
        unknown = error.maybe_done
        if not unknown and not isinstance(error, Rejected):
            raise error
        after: ZuoraSubscription | None
        try:
            after = self._look(look, before.number)
        except RemoteError:
            after = None
        if after is not None and after.will_end:
            # Refused because it is cancelled: then somebody else was first. A PUT has no key by which Zuora could
            # tell, and a gateway that sends one twice brings back the refusal of the second.
            ours: bool | None = None
            if order is not None:
                ours = self._is_ours(order, after, keys) if unknown or keys.began_unsure else False
            return replace(seen(after, look, ours=ours), already=not unknown if ours is None else not ours)
        # Refused as cancelled already, and it does not show: then it is not known whose cancellation that was.
        unknown = unknown or _ALREADY.search(error.detail) is not None
        raise Unreachable.like(error).unsure() if unknown else error

    def _confirmed(self, number: str, told: Told, look: Call) -> Cancelled:
        try:
            after, shown = self._until(lambda: self._look(look, number), lambda now: now.will_end)
        except RemoteError:
            # Zuora's word stands; whoever needs proof reads it again.
            after, shown = None, False
        return Cancelled(
            number,
            (after.ends_on if after is not None and shown else None) or told.day,
            already=False,
            seen=shown,
            order_number=told.order_number,
            request_id=told.request_id,
            track_id=look.track_id,
            ours=True,
        )
