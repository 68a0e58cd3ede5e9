"""What a cancellation in Zuora does to each subscription of an account.

Zuora only cancels active subscriptions: a suspended one must be resumed first, a pending one activated, a draft is
deleted. The latest order decides the status, so one that is cancelled for a later day is Cancelled at once and goes on
until that day. It is not cancelled again. Source: "Considerations of suspend a subscription", "Subscription statuses"
and "Cancel a subscription" in Zuora's documentation.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from lib.clients.zuora.subscriptions.models import SubscriptionStatus, ZuoraSubscription

_FIRST = {
    SubscriptionStatus.SUSPENDED: "Resume it in Zuora first",
    SubscriptionStatus.PENDING_ACTIVATION: "Activate it in Zuora first",
    SubscriptionStatus.PENDING_ACCEPTANCE: "Have it accepted in Zuora first",
}


@dataclass(frozen=True)
class Cancellable:
    """The subscriptions of an account on one day, each in exactly one of these lists."""

    active: tuple[ZuoraSubscription, ...]
    """Zuora cancels these."""
    ending: tuple[ZuoraSubscription, ...]
    """Cancelled, or scheduled to be, for a later day."""
    stuck: tuple[ZuoraSubscription, ...]
    """Suspended or pending: Zuora refuses to cancel these, and they may bill again."""
    drafts: tuple[ZuoraSubscription, ...]
    over: tuple[ZuoraSubscription, ...]
    """Ended on or before that day, whatever their status says."""

    @classmethod
    def of(cls, subscriptions: Iterable[ZuoraSubscription], today: date) -> "Cancellable":
        """Sort the subscriptions by what can be done to them on this day."""
        sorted_: dict[str, list[ZuoraSubscription]] = {name: [] for name in cls.__dataclass_fields__}
        for one in subscriptions:
            sorted_[_place(one, today)].append(one)
        return cls(**{name: tuple(found) for name, found in sorted_.items()})

    def problems(self, on: date | None) -> list[str]:
        """Why Zuora would refuse to cancel all of them (on the day `on`), and what to do about it."""
        found = [
            f"{one.number} is {one.status.value.lower()}, and Zuora cancels active subscriptions only. "
            f"{_FIRST[one.status]}, or choose to leave the subscriptions."
            for one in self.stuck
        ]
        if on is not None:
            found += [problem for one in self.active if (problem := _day_problem(one, on))]
        return found

    def notes(self, *, cancelling: bool) -> list[str]:
        """What is already scheduled."""
        found = []
        for one in self.ending:
            how = "already cancelled" if one.is_cancelled else "already scheduled to be cancelled"
            when = f"ends on {day_words(one.ends_on)}" if one.ends_on else "ends on a day Zuora does not say"
            again = " It is not cancelled again, so that day stays." if cancelling else ""
            found.append(f"{one.number} is {how} and {when}. It bills until then.{again}")
        found += [
            f"{one.number} is scheduled to be suspended on {day_words(one.scheduled_suspend)}. "
            + ("After that day, Zuora will not cancel it." if cancelling else "It goes on until then.")
            for one in self.active
            if one.scheduled_suspend is not None
        ]
        found += [
            f"{one.number} does not renew: without a cancellation it ends on {day_words(one.ends_on)}."
            for one in self.active
            if one.ends_on is not None
        ]
        if cancelling and not self.active:
            found.append("There is no subscription to cancel in Zuora.")
        return found

    def after(self, one: ZuoraSubscription, *, cancelling: bool) -> str:
        """What happens to this subscription, in a word or two."""
        if one in self.active:
            return "cancelled" if cancelling else "left"
        if one in self.ending:
            return f"ends on {day_words(one.ends_on)}, as scheduled" if one.ends_on else "ends, as scheduled"
        return "has ended" if one in self.over else "left"


def day_words(day: date | None) -> str:
    """The day in words; empty for None."""
    return f"{day:%-d %B %Y}" if day else ""


def _place(one: ZuoraSubscription, today: date) -> str:
    if one.status is SubscriptionStatus.DRAFT:
        return "drafts"
    if one.is_over(today):
        return "over"
    if one.will_end:
        return "ending"
    return "active" if one.status is SubscriptionStatus.ACTIVE else "stuck"


def _day_problem(one: ZuoraSubscription, day: date) -> str | None:
    """Why Zuora would not cancel this active subscription on that day; None when it would."""
    said = f"{one.number} cannot be cancelled on {day_words(day)}"
    begins = one.contract_effective or one.starts
    if begins is not None and day < begins:
        return f"{said}: its contract begins on {day_words(begins)}. Choose a later day."
    if one.term_ends is not None and day > one.term_ends:
        return f"{said}: its term ends on {day_words(one.term_ends)}. Choose that day or an earlier one."
    billed = [charge.charged_through for plan in one.rate_plans for charge in plan.charges if charge.charged_through]
    if billed and day < max(billed):
        return f"{said}: it is invoiced until {day_words(max(billed))}. Choose that day or a later one."
    return None
