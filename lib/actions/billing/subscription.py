"""A billing subscription as Zuora has it, and what every action says about one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lib.actions.engine.plan import Detail
from lib.clients.errors import NotFound, RemoteError
from lib.clients.zuora.subscriptions.models import SubscriptionStatus, ZuoraCharge, ZuoraSegment, ZuoraSubscription
from lib.clients.zuora.subscriptions.reading import EVERY
from lib.domain.accounts import Account
from lib.domain.allowances import Charge, Granted, MapRow, changes, end_words, grant, in_order, label_of, words_for
from lib.services import Services
from lib.store.billing import SubscriptionTerms

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Later:
    """What a subscription grants from a later day on, when that differs from today."""

    day: date
    allowances: dict[str, int]

    def words(self, now: Mapping[str, int]) -> str:
        """What changes on that day, compared with what is granted `now`."""
        changed = (
            f"{label_of(kind)} {words_for(kind, new)} instead of {words_for(kind, old)}"
            for kind, old, new in changes(now, self.allowances)
        )
        return f"from {self.day:%-d %b %Y}: {', '.join(changed)}"


@dataclass(frozen=True)
class InZuora:
    """A subscription as Zuora has it."""

    subscription: ZuoraSubscription

    def granted(self, rows: list[MapRow], today: date) -> Granted:
        """What its charges grant on this day. A subscription that has ended or not begun grants nothing.

        The days decide, not the word: one that is cancelled for a later day is Cancelled at once.
        """
        found = grant(self._charges(today), rows)
        return found if self._grants(today) else Granted({}, found.unmapped)

    def later(self, rows: list[MapRow], today: date) -> Later | None:
        """The next day from which its charges grant something else than today; None when nothing is ordered.

        The end of the whole subscription is none of them: `ZuoraSubscription.ends_on` has it.
        """
        if not self._grants(today):
            return None
        now = self.granted(rows, today).allowances
        spans = [span for charge in self._all_charges() for span in _segments(charge)]
        days = {day for span in spans for day in (span.starts, span.ends) if day is not None and day > today}
        for day in sorted(days):
            if self.subscription.is_over(day):
                return None
            if changes(now, then := self.granted(rows, day).allowances):
                return Later(day, then)
        return None

    def terms(self, granted: Granted) -> SubscriptionTerms:
        """What the Hub keeps of it."""
        return SubscriptionTerms(
            status=self.subscription.status.value,
            term_start=self.subscription.term_starts,
            term_end=self.subscription.term_ends,
            version=self.subscription.version,
            ends=self.subscription.ends_on,
            payer=self.subscription.invoice_owner_number if self.subscription.paid_by_another else None,
            allowances=granted.allowances,
        )

    def ended_words(self, today: date) -> str | None:
        """Says that it grants nothing, being over or not begun, or until when it does; None when it goes on."""
        subscription = self.subscription
        status = subscription.status.value.lower()
        if not self._grants(today):
            if subscription.status is SubscriptionStatus.ACTIVE:
                return f"{subscription.number} {end_words(subscription.ends_on, today)}, so it grants nothing."
            return f"{subscription.number} is {status} in Zuora, so it grants nothing."
        if subscription.ends_on is None:
            return None
        ends = end_words(subscription.ends_on, today)
        return f"{subscription.number} is {status} in Zuora and {ends}. Until then it keeps its allowances."

    def later_words(self, rows: list[MapRow], today: date) -> str | None:
        """Says what a change that is ordered for a later day will grant; None when there is none."""
        later = self.later(rows, today)
        if later is None:
            return None
        return f"{self.subscription.number}, {later.words(self.granted(rows, today).allowances)}."

    def _grants(self, today: date) -> bool:
        return self.subscription.status is not SubscriptionStatus.DRAFT and not self.subscription.is_over(today)

    def _all_charges(self) -> list[ZuoraCharge]:
        return [charge for plan in self.subscription.rate_plans for charge in plan.charges]

    def _charges(self, today: date) -> list[Charge]:
        """The charges in force on this day, each with the segment of the day."""
        found = []
        for charge in self._all_charges():
            numbers = (charge.product_rate_plan_charge_number, charge.number, charge.product_rate_plan_charge_id)
            in_force = [one for one in _segments(charge) if _in_force(one, self.subscription, today)]
            if not in_force:
                continue
            segment = max(in_force, key=lambda one: one.starts or date.min)
            # Usage has no quantity, only what is included; a flat fee has quantity one.
            quantity = segment.quantity if segment.quantity is not None else segment.included_units
            found.append(Charge(tuple(number for number in numbers if number), charge.name, quantity or Decimal(0)))
        return found


def read_subscription(services: Services, number: str) -> InZuora:
    """The subscription in its latest version, for somebody who is waiting: one attempt.

    Raises:
        RemoteError: Zuora did not answer in time, refused, or has no such subscription.
    """
    # With every segment: the day that decides is the company's, which Zuora's calendar may not have reached, and what
    # comes later is worth telling.
    quick = services.settings.zuora_page_seconds
    return InZuora(services.zuora.subscription(number, quick_seconds=quick, segments=EVERY))


def refusal(number: str, answer: InZuora | RemoteError, current: Account) -> str | None:
    """Why what Zuora answered about this subscription cannot be used for the account; None when it can."""
    if isinstance(answer, NotFound):
        return f"Zuora has no subscription {number}."
    if isinstance(answer, RemoteError):
        return f"Zuora could not be read, so nothing was changed. {answer}"
    if current.zuora_id is None:
        return "This account is not linked to Zuora, so it cannot be told whose the subscription is."
    if answer.subscription.account_id != current.zuora_id:
        owner = answer.subscription.account_number or "another account"
        return f"In Zuora {number} belongs to {owner}, not to {current.zuora_number}."
    return None


def find_for(services: Services, current: Account, typed: str) -> InZuora | str:
    """The subscription of this account with the typed number, or the sentence that says why it cannot be used."""
    try:
        found: InZuora | RemoteError = read_subscription(services, typed)
    except RemoteError as error:
        found = error
    if (problem := refusal(typed, found, current)) or isinstance(found, RemoteError):
        return problem or str(found)
    # Zuora also takes an id in place of a number, which nobody could find again.
    if found.subscription.number != typed:
        return f"Zuora calls this subscription {found.subscription.number}: type that."
    return found


def number_problem(text: str) -> str | None:
    """What is wrong with a typed subscription number, as a sentence; None when it may be one."""
    if not text:
        return "Type the number of the subscription, such as SUB-00000012."
    if len(text.split()) > 1:
        return "This holds more than one number. Type one subscription at a time."
    if not _NUMBER.fullmatch(text):
        return "A subscription number has up to 100 letters, digits, points and dashes, and nothing else."
    return None


def granted_detail(granted: Mapping[str, int]) -> Detail:
    """What a subscription grants, a line an allowance."""
    rows = tuple((label_of(kind), words_for(kind, granted[kind])) for kind in in_order(granted))
    return Detail(title="What it grants", columns=("Allowance", "Granted"), rows=rows)


def saved_words(terms: SubscriptionTerms) -> str:
    """Status, version and term in one line."""
    end = terms.term_end.isoformat() if terms.term_end else "no end"
    start = terms.term_start.isoformat() if terms.term_start else "unknown"
    line = f"{terms.status or 'unknown'}, version {terms.version or 'unknown'}, {start} to {end}"
    line += f", ends for good on {terms.ends.isoformat()}" if terms.ends else ""
    return f"{line}, paid by {terms.payer}" if terms.payer else line


def unmapped_detail(number: str, granted: Granted) -> Detail:
    """The charges of a subscription that no row of the charge map names."""
    rows = tuple((number, one.name, ", ".join(one.numbers[:1]), f"{one.quantity:f}") for one in granted.unmapped)
    return Detail(title="Unmapped charges", columns=("Subscription", "Charge", "Number", "Quantity"), rows=rows)


def unmapped_warning(number: str, granted: Granted) -> str:
    """Says that charges of the subscription grant nothing because nobody mapped them."""
    names = ", ".join(f"“{one.label}”" for one in granted.unmapped)
    return f"{number}: no allowance is known for {names}. An admin can add it to the charge map."


def _segments(charge: ZuoraCharge) -> tuple[ZuoraCharge | ZuoraSegment, ...]:
    return charge.segments or (charge,)


def _in_force(charge: ZuoraCharge | ZuoraSegment, subscription: ZuoraSubscription, today: date) -> bool:
    """A charge that ended before its subscription's term belongs to a product that was taken off.

    One that ends with the term goes on until the subscription says otherwise: a renewal may be written late.
    """
    if charge.starts is not None and charge.starts > today:
        return False
    end, term_end = charge.ends, subscription.term_ends
    return end is None or end > today or (term_end is not None and end >= term_end)
