"""Refresh allowances: read subscriptions from Zuora, show old and new, and save what Zuora grants."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Engine

from lib.actions.billing.subscription import InZuora, Later, read_subscription, saved_words, usable
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
"""The snapshot of what is ordered for a later day: by subscription, the day and what is granted from then on."""


@dataclass(frozen=True)
class Found:
    """What the look finds: each subscription that was asked for, with what Zuora said of it."""

    account: Account
    read: list[tuple[HubSubscription, InZuora | RemoteError]]

    def sorted(self) -> tuple[list[tuple[HubSubscription, InZuora]], tuple[str, ...]]:
        """Each subscription as the Hub and as Zuora has it, and why others cannot be used, as sentences."""
        found = [(stored, usable(stored.number, answer, self.account)) for stored, answer in self.read]
        good = [(stored, one) for stored, one in found if isinstance(one, InZuora)]
        return good, tuple(problem for _, problem in found if isinstance(problem, str))


def _terms(fact: Mapping[str, Any]) -> SubscriptionTerms:
    return SubscriptionTerms.model_validate(fact)


def _save(job: Job) -> StepReport:
    wanted = {number: _terms(fact["after"]) for number, fact in job.facts["subscriptions"].items()}
    written = []
    with writing(job.services.engine) as connection:
        for number, terms in wanted.items():
            current = billing.find_subscription(connection, job.account, number)
            if current is None:
                raise StepFailed(f"{number} is not on this account any more. Nothing was saved. Abandon this.")
            if current.terms == terms:
                continue
            if current.terms != _terms(job.facts["subscriptions"][number]["before"]):
                raise StepFailed(
                    f"Somebody changed {number} in the Hub meanwhile. Nothing was saved. "
                    "Abandon this refresh and start a new one."
                )
            billing.save_terms(connection, job.account, number, terms)
            written.append(number)
    _read_back(job.services.engine, job.account, wanted)
    done = written or (list(wanted) if job.repeated else [])
    job.itemise(_items(job.facts["subscriptions"]))
    text = "The Hub has what Zuora grants, read back."
    return StepReport(outcome="done" if done else "nothing", text=text, count=len(done))


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


class RefreshAllowances(Action[Found]):
    """`params`: `subscription`, the number of one subscription, or None for every one of the account."""

    kind = "refresh_allowances"
    verb = "Save allowances"
    permission = Permission.ALLOWANCES_REFRESH
    steps = (Step("hub", "Save in the Hub", _save),)

    def look(self, services: Services, wish: Wish) -> Found:
        """See `Action.look`. What it read, it keeps for the page, with the time: unmapped charges and later changes."""
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
        """See `Action.decide`. Blocks on what cannot be read and on what is another account's."""
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
        untouched=("Zuora is only read. Numbers, phone users and PBXs stay as they are.",),
        verdict=None if facts else f"Nothing changed: the Hub has what Zuora grants. Read: {shown}.",
        steps=("hub",) if facts else (),
        facts={"subscriptions": facts, "unmapped": {one.number: len(its.granted.unmapped) for one, its in read}},
    )


def _keep(services: Services, account: str, read: Mapping[str, InZuora], there: set[str]) -> None:
    """Keep what was read with its time for the page; what was kept of the account's other subscriptions stays."""
    unmapped = {number: [charge.label for charge in one.granted.unmapped] for number, one in read.items()}
    later = {number: _as_kept(one.later) for number, one in read.items()}
    subjects: dict[str, dict[str, Any]] = {SNAPSHOT: unmapped, LATER: later}
    with writing(services.engine) as connection:
        for subject, value in subjects.items():
            last = snapshots.last_snapshot(connection, account, system="zuora", subject=subject)
            kept = {number: one for number, one in (last.value if last else {}).items() if number in there}
            snapshots.save_snapshot(connection, account, system="zuora", subject=subject, value=kept | value)


def _as_kept(later: Later | None) -> dict[str, Any] | None:
    return {"day": later.day.isoformat(), "allowances": later.allowances} if later else None
