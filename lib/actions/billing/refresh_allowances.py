"""Refresh allowances: read subscriptions from Zuora, show old and new, and save what Zuora grants."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

from lib.actions.billing.subscription import (
    InZuora,
    Later,
    read_subscription,
    refusal,
    saved_words,
    unmapped_detail,
    unmapped_warning,
)
from lib.actions.engine.action import Action, Job, Step, StepReport
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.clients.together import read_side_by_side
from lib.domain.allowances import Granted, changes, label_of, words_for
from lib.domain.permissions import Identity, Permission
from lib.services import Services
from lib.store import accounts, billing, snapshots
from lib.store.billing import HubSubscription, SubscriptionTerms
from lib.store.engine import writing

SNAPSHOT = "subscription charges"
LATER = "subscription changes"
"""The snapshot of what is ordered for a later day: by subscription, the day and what is granted from then on."""


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


class RefreshAllowances(Action[Any]):
    """`params`: `subscription`, the number of one subscription, or None for every one of the account."""

    kind = "refresh_allowances"
    verb = "Save allowances"
    permission = Permission.ALLOWANCES_REFRESH
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
        today = services.today()
        granted = {number: answer.granted(rows, today) for number, answer in found.items()}
        later = {number: answer.later(rows, today) for number, answer in found.items()}
        there = {each.number for each in stored}
        unmapped = {number: [charge.label for charge in one.unmapped] for number, one in granted.items()}
        _keep(services, account, SNAPSHOT, unmapped, there)
        _keep(services, account, LATER, {number: _told(one) for number, one in later.items()}, there)
        notes = {
            number: [words for words in (answer.ended_words(today), answer.later_words(rows, today)) if words]
            for number, answer in found.items()
        }
        return _compared(title, asked, found, granted, notes)


def _compared(
    title: str,
    asked: list[HubSubscription],
    found: Mapping[str, InZuora],
    granted: Mapping[str, Granted],
    notes: Mapping[str, list[str]],
) -> Draft:
    effects: list[Effect] = []
    warnings: list[str] = []
    facts: dict[str, Any] = {}
    for each in asked:
        before, after = each.terms, found[each.number].terms(granted[each.number])
        if granted[each.number].unmapped:
            warnings.append(unmapped_warning(each.number, granted[each.number]))
        warnings += notes[each.number]
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


def _told(later: Later | None) -> dict[str, Any] | None:
    return {"day": later.day.isoformat(), "allowances": later.allowances} if later else None


def _keep(services: Services, account: str, subject: str, read: Mapping[str, Any], there: set[str]) -> None:
    """Keep what was read with its time for the page; what was kept of the account's other subscriptions stays."""
    with writing(services.engine) as connection:
        kept = snapshots.last_snapshot(connection, account, system="zuora", subject=subject)
        value = {number: told for number, told in (kept.value if kept else {}).items() if number in there}
        snapshots.save_snapshot(connection, account, system="zuora", subject=subject, value=value | dict(read))
