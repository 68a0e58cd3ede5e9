"""A billing subscription as Zuora has it, and what every action says about one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lib.actions.action import Detail, Services
from lib.clients.errors import NotFound, RemoteError
from lib.clients.zuora.subscription import SubscriptionStatus, ZuoraCharge, ZuoraSubscription
from lib.domain.accounts import Account
from lib.domain.allowances import Charge, Granted, MapRow, grant, in_order, label_of, words_for
from lib.store.billing import SubscriptionTerms

_GRANT_NOTHING = (SubscriptionStatus.CANCELLED, SubscriptionStatus.EXPIRED, SubscriptionStatus.DRAFT)
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class InZuora:
    """A subscription as Zuora has it."""

    subscription: ZuoraSubscription

    def granted(self, rows: list[MapRow], today: date) -> Granted:
        """What its charges grant on this day. A subscription that has ended or not begun grants nothing."""
        in_force = [one for one in self._charges() if _in_force(one, self.subscription, today)]
        found = grant(map(self._charge, in_force), rows)
        if self.subscription.status in _GRANT_NOTHING:
            return Granted({}, found.unmapped)
        return found

    def terms(self, granted: Granted) -> SubscriptionTerms:
        """What the Hub keeps of it."""
        return SubscriptionTerms(
            status=self.subscription.status.value,
            term_start=self.subscription.term_starts,
            term_end=self.subscription.term_ends,
            version=self.subscription.version,
            allowances=granted.allowances,
        )

    @property
    def ended_words(self) -> str | None:
        """Says that it grants nothing because of its status; None when it does not."""
        subscription = self.subscription
        if subscription.status not in _GRANT_NOTHING:
            return None
        return f"{subscription.number} is {subscription.status.value.lower()} in Zuora, so it grants nothing."

    def _charges(self) -> list[ZuoraCharge]:
        return [charge for plan in self.subscription.rate_plans for charge in plan.charges]

    def _charge(self, charge: ZuoraCharge) -> Charge:
        numbers = (charge.product_rate_plan_charge_number, charge.number, charge.product_rate_plan_charge_id)
        # Usage has no quantity, only what is included; a flat fee has quantity one.
        quantity = charge.quantity if charge.quantity is not None else charge.included_units
        return Charge(tuple(number for number in numbers if number), charge.name, quantity or Decimal(0))


def read_subscription(services: Services, number: str) -> InZuora:
    """The subscription in its latest version, for somebody who is waiting: one attempt.

    Raises:
        RemoteError: Zuora did not answer in time, refused, or has no such subscription.
    """
    quick = services.settings.zuora_page_seconds
    return InZuora(services.zuora.subscription(number, quick_seconds=quick))


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
    return f"{terms.status or 'unknown'}, version {terms.version or 'unknown'}, {start} to {end}"


def unmapped_detail(number: str, granted: Granted) -> Detail:
    """The charges of a subscription that no row of the charge map names."""
    rows = tuple((number, one.name, ", ".join(one.numbers[:1]), f"{one.quantity:f}") for one in granted.unmapped)
    return Detail(title="Unmapped charges", columns=("Subscription", "Charge", "Number", "Quantity"), rows=rows)


def unmapped_warning(number: str, granted: Granted) -> str:
    """Says that charges of the subscription grant nothing because nobody mapped them."""
    names = ", ".join(f"“{one.label}”" for one in granted.unmapped)
    return f"{number}: no allowance is known for {names}. An admin can add it to the charge map."


def _in_force(charge: ZuoraCharge, subscription: ZuoraSubscription, today: date) -> bool:
    """A charge that ended before its subscription's term belongs to a product that was taken off.

    One that ends with the term goes on until the subscription says otherwise: a renewal may be written late.
    """
    if charge.starts is not None and charge.starts > today:
        return False
    end, term_end = charge.ends, subscription.term_ends
    return end is None or end > today or (term_end is not None and end >= term_end)
