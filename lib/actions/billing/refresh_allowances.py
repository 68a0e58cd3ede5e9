"""Refresh allowances: read subscriptions from Zuora, show what changes, and save what Zuora grants."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from lib.actions.billing.subscription import InZuora, read_subscription, saved_words, usable
from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.clients.errors import RemoteError
from lib.clients.together import read_side_by_side
from lib.domain.accounts import Account
from lib.domain.allowances import changes, label_of, words_for
from lib.domain.permissions import Permission
from lib.services import Services
from lib.store import accounts, billing, snapshots
from lib.store.billing import HubSubscription, SubscriptionTerms
from lib.store.engine import writing

SNAPSHOT = "subscription charges"
LATER = "subscription changes"
"""The snapshot of later changes: by subscription, the day and what is granted from then on."""


@dataclass(frozen=True)
class Found:
    """Each subscription that was asked for, with what Zuora said about it."""

    account: Account
    read: list[tuple[HubSubscription, InZuora | RemoteError]]

    def sorted(self) -> tuple[list[tuple[HubSubscription, InZuora]], tuple[str, ...]]:
        """Each subscription in the Hub and in Zuora, and sentences that say why others cannot be used."""
        found = [(stored, usable(stored.number, answer, self.account)) for stored, answer in self.read]
        good = [(stored, one) for stored, one in found if isinstance(one, InZuora)]
        return good, tuple(problem for _, problem in found if isinstance(problem, str))


def _save(job: Job) -> StepReport:
    facts = job.facts["subscriptions"]
    wanted = {number: SubscriptionTerms.model_validate(fact["after"]) for number, fact in facts.items()}
    written = []
    with writing(job.services.engine) as connection:
        for number, terms in wanted.items():
            current = billing.find_subscription(connection, job.account, number)
            if current is None:
                raise StepFailed(f"{number} is no longer on this account. Nothing was saved. Abandon this.")
            if current.terms == terms:
                continue
            if current.terms != SubscriptionTerms.model_validate(facts[number]["before"]):
                raise StepFailed(
                    f"Somebody else has changed {number} in the Hub. Nothing was saved. Abandon this and start again."
                )
            billing.save_terms(connection, job.account, number, terms)
            written.append(number)
    with job.services.engine.connect() as connection:
        kept = {one.number: one.terms for one in billing.list_subscriptions(connection, job.account)}
    if wrong := [number for number, terms in wanted.items() if kept.get(number) != terms]:
        raise StepFailed(f"The Hub does not show the saved allowances of {', '.join(wrong)}. Resume to try again.")
    done = written or (list(wanted) if job.repeated else [])
    job.journal.itemise(_items(facts))
    text = "The Hub has what Zuora grants, read back."
    return StepReport(outcome="done" if done else "nothing", text=text, count=len(done))


def _items(subscriptions: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (f"{number} {label_of(kind)}", f"{words_for(kind, old)} -> {words_for(kind, new)}")
        for number, fact in subscriptions.items()
        for kind, old, new in changes(fact["before"]["allowances"], fact["after"]["allowances"])
    ]


class RefreshAllowances(Action[Found]):
    """`params`: `subscription`, the number of one subscription, or None for every one of the account."""

    kind = "refresh_allowances"
    verb = "Save allowances"
    permission = Permission.ALLOWANCES_REFRESH
    steps = (Step("hub", "Save in the Hub", _save),)

    def look(self, services: Services, wish: Wish) -> Found:
        """It also saves unmapped charges and later changes, with the time, for the page."""
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
            stored = billing.list_subscriptions(connection, wish.account)
            rows = billing.list_charge_map(connection)
        asked = [each for each in stored if wish.params.get("subscription") in (None, each.number)]
        answers = read_side_by_side(*(partial(read_subscription, services, rows, each.number) for each in asked))
        found = Found(account, list(zip(asked, answers, strict=True)))
        read, problems = found.sorted()
        if read and not problems:
            _keep(services, wish.account, {each.number: one for each, one in read}, {each.number for each in stored})
        return found

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Blocks on what cannot be read and on what belongs to another account."""
        one = wish.params.get("subscription")
        title = f"Refresh allowances of {one or found.account.title}"
        if not found.read:
            missing = f"{one} is not on this account." if one else "This account has no billing subscription."
            return Draft(title=title, blockers=(missing,))
        read, problems = found.sorted()
        return Draft(title=title, blockers=problems) if problems else _compared(title, read)


def _compared(title: str, read: list[tuple[HubSubscription, InZuora]]) -> Draft:
    effects: list[Effect] = []
    facts: dict[str, Any] = {}
    for stored, answer in read:
        before, after = stored.terms, answer.terms
        if before == after:
            continue
        facts[stored.number] = {"before": before.model_dump(mode="json"), "after": after.model_dump(mode="json")}
        source = f"{stored.number} version {after.version or 'unknown'}"
        rows = [
            (f"{label_of(kind)} ({source})", words_for(kind, old), words_for(kind, new))
            for kind, old, new in changes(before.allowances, after.allowances)
        ]
        if saved_words(before) != saved_words(after):
            rows.append((stored.number, saved_words(before), saved_words(after)))
        effects += [Effect(system="Hub", text=text, before=was, after=then) for text, was, then in rows]
    shown = ", ".join(f"{stored.number} (version {one.terms.version or 'unknown'})" for stored, one in read)
    return Draft(
        title=title,
        effects=tuple(effects),
        warnings=tuple(note for _, answer in read for note in answer.notes()),
        details=tuple(detail for _, answer in read for detail in answer.unmapped()),
        untouched=("Zuora, numbers, phone users and PBXs.",),
        verdict=None if facts else f"Nothing has changed: the Hub has what Zuora grants. Read: {shown}.",
        steps=("hub",) if facts else (),
        facts={"subscriptions": facts, "unmapped": {one.number: len(its.granted.unmapped) for one, its in read}},
    )


def _keep(services: Services, account: str, read: Mapping[str, InZuora], there: set[str]) -> None:
    """Save what was read, with the time, and keep what was saved of the account's other subscriptions."""
    unmapped = {number: [charge.label for charge in one.granted.unmapped] for number, one in read.items()}
    later = {
        number: {"day": one.later.day.isoformat(), "allowances": one.later.allowances} if one.later else None
        for number, one in read.items()
    }
    subjects: dict[str, dict[str, Any]] = {SNAPSHOT: unmapped, LATER: later}
    with writing(services.engine) as connection:
        for subject, value in subjects.items():
            last = snapshots.last_snapshot(connection, account, system="zuora", subject=subject)
            kept = {number: one for number, one in (last.value if last else {}).items() if number in there}
            snapshots.save_snapshot(connection, account, system="zuora", subject=subject, value=kept | value)
