"""Refresh allowances: read subscriptions from Zuora, show old and new, and save what Zuora grants."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from lib.actions.action import Action, Detail, Draft, Effect, Services, Step, StepContext, StepReport, Weight
from lib.actions.errors import StepFailed
from lib.clients.errors import NotFound, RemoteError
from lib.clients.together import read_side_by_side
from lib.clients.zuora.subscription import SubscriptionStatus, ZuoraCharge, ZuoraSubscription
from lib.domain.accounts import Account
from lib.domain.allowances import Charge, Granted, MapRow, changes, grant, label_of, words_for
from lib.domain.permissions import Identity, Permission
from lib.store import accounts, billing, snapshots
from lib.store.billing import HubSubscription, SubscriptionTerms
from lib.store.engine import writing

SNAPSHOT = "subscription charges"
_GRANT_NOTHING = (SubscriptionStatus.CANCELLED, SubscriptionStatus.EXPIRED, SubscriptionStatus.DRAFT)


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


def _terms(fact: Mapping[str, Any]) -> SubscriptionTerms:
    return SubscriptionTerms.model_validate(fact)


def _save(context: StepContext) -> StepReport:
    wanted = {number: _terms(fact["after"]) for number, fact in context.facts["subscriptions"].items()}
    written = []
    with writing(context.services.engine) as connection:
        for number, terms in wanted.items():
            current = billing.find_subscription(connection, context.account, number)
            if current is None:
                raise StepFailed(f"{number} is not on this account any more. Nothing was saved. Abandon this.")
            if current.terms == terms:
                continue
            if current.terms != _terms(context.facts["subscriptions"][number]["before"]):
                raise StepFailed(
                    f"Somebody changed {number} in the Hub meanwhile. Nothing was saved. "
                    "Abandon this refresh and start a new one."
                )
            billing.save_terms(connection, context.account, number, terms)
            written.append(number)
    _read_back(context.services.engine, context.account, wanted)
    done = written or (list(wanted) if context.repeated else [])
    context.itemise(_items(context.facts["subscriptions"]))
    return StepReport(
        outcome="done" if done else "nothing",
        text="The Hub has what Zuora grants, read back.",
        count=len(done),
    )


def _read_back(engine: Engine, account: str, wanted: Mapping[str, SubscriptionTerms]) -> None:
    with engine.connect() as connection:
        kept = {one.number: one.terms for one in billing.list_subscriptions(connection, account)}
    wrong = [number for number, terms in wanted.items() if kept.get(number) != terms]
    if wrong:
        raise StepFailed(f"The Hub shows other allowances than were saved for {', '.join(wrong)}. Resume to try again.")


def _items(subscriptions: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (f"{number} {label_of(kind)}", f"{words_for(kind, old)} -> {words_for(kind, new)}")
        for number, fact in subscriptions.items()
        for kind, old, new in changes(fact["before"]["allowances"], fact["after"]["allowances"])
    ]


class RefreshAllowances(Action):
    """`params`: `subscription`, the number of one subscription, or None for every one of the account."""

    kind = "refresh_allowances"
    verb = "Save allowances"
    permission = Permission.ALLOWANCES_REFRESH
    weight = Weight.REFRESH
    steps = (Step("hub", "Save in the Hub", _save),)

    def draft(self, services: Services, account: str, params: Mapping[str, Any], actor: Identity) -> Draft:
        """See `Action.draft`. Keeps which charges are unmapped, with the time; blocks on what cannot be read."""
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, account)
            stored = billing.list_subscriptions(connection, account)
            rows = billing.list_charge_map(connection)
        one = params.get("subscription")
        asked = [each for each in stored if one in (None, each.number)]
        title = f"Refresh allowances of {one or current.title}"
        if not asked:
            missing = f"{one} is not on this account." if one else "This account has no billing subscription."
            return Draft(title=title, blockers=(missing,))
        read = read_side_by_side(*(lambda each=each: read_subscription(services, each.number) for each in asked))
        found: dict[str, InZuora] = {}
        blockers = []
        for each, answer in zip(asked, read, strict=True):
            if problem := refusal(each.number, answer, current):
                blockers.append(problem)
            elif isinstance(answer, InZuora):
                found[each.number] = answer
        if blockers:
            return Draft(title=title, blockers=tuple(blockers))
        granted = {number: answer.granted(rows, services.today()) for number, answer in found.items()}
        _keep_unmapped(services, account, granted, {each.number for each in stored})
        return _compared(title, asked, found, granted)


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


def _compared(
    title: str, asked: list[HubSubscription], found: Mapping[str, InZuora], granted: Mapping[str, Granted]
) -> Draft:
    effects: list[Effect] = []
    warnings: list[str] = []
    facts: dict[str, Any] = {}
    for each in asked:
        before, after = each.terms, found[each.number].terms(granted[each.number])
        if granted[each.number].unmapped:
            warnings.append(unmapped_warning(each.number, granted[each.number]))
        if before == after:
            continue
        facts[each.number] = {"before": before.model_dump(mode="json"), "after": after.model_dump(mode="json")}
        source = f"{each.number} version {after.version or 'unknown'}"
        for kind, old, new in changes(before.allowances, after.allowances):
            words = words_for(kind, old), words_for(kind, new)
            effects.append(Effect(system="Hub", text=f"{label_of(kind)} ({source})", before=words[0], after=words[1]))
        if saved_words(before) != saved_words(after):
            words = saved_words(before), saved_words(after)
            effects.append(Effect(system="Hub", text=each.number, before=words[0], after=words[1]))
        if found[each.number].subscription.status in _GRANT_NOTHING:
            status = found[each.number].subscription.status.value.lower()
            warnings.append(f"{each.number} is {status} in Zuora, so it grants nothing.")
    unmapped = [unmapped_detail(number, one) for number, one in granted.items() if one.unmapped]
    shown = ", ".join(f"{number} (version {one.subscription.version or 'unknown'})" for number, one in found.items())
    return Draft(
        title=title,
        effects=tuple(effects),
        warnings=tuple(warnings),
        details=tuple(unmapped),
        untouched=("Zuora is only read. Numbers, phone users and PBXs stay as they are.",),
        verdict=None if facts else f"Nothing changed: the Hub has what Zuora grants. Read: {shown}.",
        steps=("hub",) if facts else (),
        facts={"subscriptions": facts, "unmapped": {number: len(one.unmapped) for number, one in granted.items()}},
    )


def _keep_unmapped(services: Services, account: str, granted: Mapping[str, Granted], there: set[str]) -> None:
    """Keep what was read with its time, so that the page can list the charges that nobody mapped."""
    with writing(services.engine) as connection:
        kept = snapshots.last_snapshot(connection, account, system="zuora", subject=SNAPSHOT)
        value = {number: names for number, names in (kept.value if kept else {}).items() if number in there}
        value |= {number: [charge.label for charge in one.unmapped] for number, one in granted.items()}
        snapshots.save_snapshot(connection, account, system="zuora", subject=SNAPSHOT, value=value)
