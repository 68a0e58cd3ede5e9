"""A billing subscription in Zuora, and what every action says about one."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.exc import IntegrityError

from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Detail
from lib.clients.errors import NotFound, RemoteError
from lib.clients.together import outcome
from lib.clients.zuora.subscriptions.models import SubscriptionStatus, ZuoraCharge, ZuoraSegment, ZuoraSubscription
from lib.clients.zuora.subscriptions.reading import EVERY
from lib.domain.accounts import Account
from lib.domain.allowances import Charge, Granted, MapRow, changes, end_words, grant, in_order, label_of, words_for
from lib.services import Services
from lib.store.billing import SubscriptionTaken, SubscriptionTerms

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Later:
    """What a subscription grants from a later day on, when that is different from today."""

    day: date
    allowances: dict[str, int]

    def words(self, now: Mapping[str, int]) -> str:
        """What changes on that day. `now` is what it grants today."""
        changed = (
            f"{label_of(kind)} {words_for(kind, new)} instead of {words_for(kind, old)}"
            for kind, old, new in changes(now, self.allowances)
        )
        return f"from {self.day:%-d %b %Y}: {', '.join(changed)}"


@dataclass(frozen=True)
class InZuora:
    """A subscription in Zuora, read with these rows of the charge map on this day."""

    subscription: ZuoraSubscription
    rows: list[MapRow]
    today: date

    @property
    def granted(self) -> Granted:
        """What its charges grant today: nothing when it has ended or not begun.

        The dates decide, not the status: one that is cancelled for a later day is Cancelled at once.
        """
        return self._granted_on(self.today)

    @property
    def later(self) -> Later | None:
        """The next day on which its charges grant something else; None when no change is ordered.

        The end of the whole subscription does not count: `ZuoraSubscription.ends_on` has it.
        """
        if not self._grants_on(self.today):
            return None
        now = self.granted.allowances
        spans = [span for charge in self._all_charges() for span in _segments(charge)]
        days = {day for span in spans for day in (span.starts, span.ends) if day is not None and day > self.today}
        for day in sorted(days):
            if self.subscription.is_over(day):
                return None
            if changes(now, then := self._granted_on(day).allowances):
                return Later(day, then)
        return None

    @property
    def terms(self) -> SubscriptionTerms:
        """What the Hub keeps of it."""
        return SubscriptionTerms(
            status=self.subscription.status.value,
            term_start=self.subscription.term_starts,
            term_end=self.subscription.term_ends,
            version=self.subscription.version,
            ends=self.subscription.ends_on,
            payer=self.subscription.invoice_owner_number if self.subscription.paid_by_another else None,
            allowances=self.granted.allowances,
        )

    def notes(self) -> tuple[str, ...]:
        """What to know before it is saved: unmapped charges, its end, and a later change."""
        number, later = self.subscription.number, self.later
        names = ", ".join(f"“{one.label}”" for one in self.granted.unmapped)
        unmapped = f"{number}: no allowance is known for {names}. An admin can add it to the charge map."
        ordered = f"{number}, {later.words(self.granted.allowances)}." if later else None
        return tuple(words for words in (unmapped if names else None, self._ended_words(), ordered) if words)

    def grants(self) -> Detail:
        """What it grants, one row for each allowance."""
        granted = self.terms.allowances
        rows = tuple((label_of(kind), words_for(kind, granted[kind])) for kind in in_order(granted))
        return Detail(title="What it grants", columns=("Allowance", "Granted"), rows=rows)

    def unmapped(self) -> tuple[Detail, ...]:
        """Its charges that are not in the charge map: one table, or none."""
        charges, number = self.granted.unmapped, self.subscription.number
        rows = tuple((number, one.name, ", ".join(one.numbers[:1]), f"{one.quantity:f}") for one in charges)
        columns = ("Subscription", "Charge", "Number", "Quantity")
        return (Detail(title="Unmapped charges", columns=columns, rows=rows),) if rows else ()

    def _ended_words(self) -> str | None:
        """That it grants nothing, or until when it does; None when it goes on."""
        subscription = self.subscription
        status = subscription.status.value.lower()
        ends = end_words(subscription.ends_on, self.today)
        if not self._grants_on(self.today):
            if subscription.status is SubscriptionStatus.ACTIVE:
                return f"{subscription.number} {ends}, so it grants nothing."
            return f"{subscription.number} is {status} in Zuora, so it grants nothing."
        if subscription.ends_on is None:
            return None
        return f"{subscription.number} is {status} in Zuora and {ends}. Until then it keeps its allowances."

    def _granted_on(self, day: date) -> Granted:
        found = grant(self._charges(day), self.rows)
        return found if self._grants_on(day) else Granted({}, found.unmapped)

    def _grants_on(self, day: date) -> bool:
        return self.subscription.status is not SubscriptionStatus.DRAFT and not self.subscription.is_over(day)

    def _all_charges(self) -> list[ZuoraCharge]:
        return [charge for plan in self.subscription.rate_plans for charge in plan.charges]

    def _charges(self, day: date) -> list[Charge]:
        """The charges in force on this day, each with its segment."""
        found = []
        for charge in self._all_charges():
            numbers = (charge.product_rate_plan_charge_number, charge.number, charge.product_rate_plan_charge_id)
            in_force = [one for one in _segments(charge) if _in_force(one, self.subscription, day)]
            if not in_force:
                continue
            segment = max(in_force, key=lambda one: one.starts or date.min)
            # Usage has only included units, no quantity. A flat fee has quantity one.
            quantity = segment.quantity if segment.quantity is not None else segment.included_units
            found.append(Charge(tuple(number for number in numbers if number), charge.name, quantity or Decimal(0)))
        return found


def read_subscription(services: Services, rows: list[MapRow], number: str) -> InZuora | RemoteError:
    """The latest version of the subscription, or why it could not be read. One attempt, as somebody waits."""
    # With every segment: the company's day may be ahead of Zuora's, and later changes are shown.
    quick = services.settings.zuora_page_seconds
    found = outcome(lambda: services.zuora.subscription(number, quick_seconds=quick, segments=EVERY))
    return found if isinstance(found, RemoteError) else InZuora(found, rows, services.today())


def usable(number: str, answer: InZuora | RemoteError, current: Account) -> InZuora | str:
    """The subscription if it belongs to the account, else a sentence that says why it cannot be used."""
    if isinstance(answer, NotFound):
        return f"Zuora has no subscription {number}."
    if isinstance(answer, RemoteError):
        return f"Zuora could not be read, so nothing was changed. {answer}"
    if current.zuora_id is None:
        return "This account is not linked to Zuora, so the owner of the subscription cannot be checked."
    if answer.subscription.account_id != current.zuora_id:
        owner = answer.subscription.account_number or "another account"
        return f"In Zuora {number} belongs to {owner}, not to {current.zuora_number}."
    if answer.subscription.number != number:
        # Zuora also accepts an id, which nobody could search for later.
        return f"Zuora calls this subscription {answer.subscription.number}: use that number."
    return answer


@contextmanager
def not_taken(number: str) -> Iterator[None]:
    """Wraps the code that gives an account the subscription `number`.

    Raises:
        StepFailed: another account has it, or gets it at this moment.
    """
    try:
        yield
    except SubscriptionTaken as taken:
        raise StepFailed(f"{number} is now on account {taken.owner}. Nothing was changed. Abandon this.") from taken
    except IntegrityError as error:
        # Another process was faster by less than a transaction. After a Resume the step sees who has it.
        raise StepFailed(f"{number} is being added to another account now. Resume to check again.") from error


def number_problem(text: str) -> str | None:
    """What is wrong with a typed subscription number, as a sentence; None when it is valid."""
    if not text:
        return "Type the number of the subscription, such as SUB-00000012."
    if len(text.split()) > 1:
        return "Type one subscription number at a time. It can't contain spaces."
    if not _NUMBER.fullmatch(text):
        return "A subscription number can have up to 100 letters, digits, dots, dashes and underscores."
    return None


def saved_words(terms: SubscriptionTerms) -> str:
    """Status, version and term in one line."""
    end = terms.term_end.isoformat() if terms.term_end else "no end"
    start = terms.term_start.isoformat() if terms.term_start else "unknown"
    line = f"{terms.status or 'unknown'}, version {terms.version or 'unknown'}, {start} to {end}"
    line += f", ends for good on {terms.ends.isoformat()}" if terms.ends else ""
    return f"{line}, paid by {terms.payer}" if terms.payer else line


def _segments(charge: ZuoraCharge) -> tuple[ZuoraCharge | ZuoraSegment, ...]:
    return charge.segments or (charge,)


def _in_force(charge: ZuoraCharge | ZuoraSegment, subscription: ZuoraSubscription, today: date) -> bool:
    """A charge that ended before its subscription's term belongs to a removed product.

    A charge that ends with the term goes on until the subscription ends: a renewal may be recorded late.
    """
    if charge.starts is not None and charge.starts > today:
        return False
    end, term_end = charge.ends, subscription.term_ends
    return end is None or end > today or (term_end is not None and end >= term_end)
