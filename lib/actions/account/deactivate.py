"""Deactivate an account for good: calls end, numbers go to quarantine, everything that belongs to it is removed.

What can refuse comes first: Zuora, then the SBC. The Hub's own removals follow in an order in which nothing is removed
that something else still uses. Each step keeps the names of what it removes, in the transaction that removes it, so a
step that is repeated after a kill knows what was done.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from lib.actions.account import deactivation_plan as plans
from lib.actions.account.deactivation_choices import LEAVE, POLICIES, Choices
from lib.actions.account.deactivation_look import KINDS, Found
from lib.actions.account.debts import read_billing
from lib.actions.account.emergency_calls import FACT, NOT_KNOWN, read_emergency_calls
from lib.actions.account.status import arrive, begin, look_at_rules
from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import NotSeenYet, StepFailed
from lib.actions.engine.plan import Confirmation, Draft, Plan
from lib.actions.numbers.rules import read_rules, write_rules
from lib.clients.errors import RemoteError
from lib.clients.zuora import Cancelled
from lib.domain.accounts import AccountStatus
from lib.domain.numbers import national
from lib.domain.permissions import Permission
from lib.domain.status import DEACTIVATE_REASONS, check_grounds
from lib.domain.words import counted
from lib.services import Services
from lib.store import accounts, belongings, runs
from lib.store.engine import writing
from lib.store.items import items_of_step, keep_items

_TO = AccountStatus.DEACTIVATED


def _cancel(job: Job) -> StepReport:
    """Cancel each subscription of the plan that is not cancelled yet."""
    numbers: list[str] = job.facts["to_cancel"]
    if not numbers:
        return StepReport(outcome="nothing", text="There is no subscription to cancel.", count=0)
    job.journal.progress(0, len(numbers))
    ids: list[str] = []
    by_whom: Counter[str] = Counter()
    for position, number in enumerate(numbers):
        who = job.kept.get(f"{_BY_WHOM} {number}")
        if who is None or who == _WHO[None]:
            # Zuora may say now what it did not say last time.
            cancelled = _cancel_one(job, number, unsure=job.repeated or who is not None)
            who = _WHO[cancelled.ours]
            when = f"ends on {cancelled.effective:%-d %B %Y}" if cancelled.effective else "ends"
            job.journal.itemise([(number, f"{who}, {when}")])
            job.journal.keep({f"{_BY_WHOM} {number}": who})
            ids += [cancelled.request_id] if cancelled.request_id else []
        by_whom[who] += 1
        job.journal.progress(position + 1, len(numbers))
    ours = by_whom[_WHO[True]]
    words = ", ".join(f"{by_whom[who]} {who}" for who in _WHO.values() if by_whom[who])
    return StepReport(
        outcome="nothing" if by_whom[_WHO[False]] == len(numbers) else "done",
        text=f"{words}, read back.",
        count=ours,
        request_ids=tuple(ids),
    )


ANSWERS_KEPT = timedelta(hours=23)
"""Zuora keeps an answer for a day. An hour less, as clocks differ."""
_REFUSED, _BY_WHOM = "refused", "by whom"
_WHO = {
    True: "cancelled",
    None: "cancelled by this action or by somebody else, which Zuora does not say",
    False: "already cancelled by somebody else",
}


def _cancel_one(job: Job, number: str, *, unsure: bool) -> Cancelled:
    """Cancel one subscription. Refusals are counted in the audit: after each one Zuora needs a new key."""
    choices = Choices.of(job.params)
    counter = f"{_REFUSED} {number}"
    cancelled = job.services.zuora.cancel_subscription(
        number,
        POLICIES[choices.zuora],
        choices.cancel_on,
        track=job.key,
        key=job.key,
        today=date.fromisoformat(job.facts["today"]),
        refused=job.kept.get(counter, 0),
        unsure=unsure,
        forgotten=job.age > ANSWERS_KEPT,
        on_refusal=lambda refused: job.journal.keep({counter: refused}),
    )
    if not cancelled.seen:
        raise NotSeenYet(
            f"Zuora accepted the cancellation of {number} but does not show it yet. Resume to check again. It is not "
            "cancelled twice.",
            request_ids=(cancelled.request_id,) if cancelled.request_id else (),
        )
    return cancelled


def _remove_rules(job: Job) -> StepReport:
    """Remove every rule of the account: no call but an emergency call connects any more."""
    wrong = read_rules(job.services, job.account, quick=False).wrong
    # Noted before: the SBC is not part of our transaction, and after a kill it no longer shows what it had.
    job.journal.itemise((national(one.number), "auth rule to be removed") for one in wrong if one.expected is None)
    write_rules(job, [one.number for one in wrong])
    with job.services.engine.connect() as connection:
        noted = [label for label, _ in items_of_step(connection, job.run.id, job.step)]
    if not noted:
        return StepReport(outcome="nothing", text="The SBC has no rule of this account.", count=0)
    job.journal.itemise((label, "auth rule removed") for label in noted)
    return StepReport(outcome="done", text=f"{len(noted):,} removed, read back.", count=len(noted))


def _removing(what: str) -> Callable[[Job], StepReport]:
    """The step that removes one kind of thing."""
    one, many = KINDS[what]

    def remove(connection: Connection, job: Job) -> list[tuple[str, str]]:
        removed = [(label, "removed") for label in belongings.remove(connection, job.account, what)]
        if what == "portal_users":
            closed = belongings.close_sign_ins(connection, job.account)
            removed += [(f"sign-in {username}", "closed") for username in closed]
        return removed

    def left(connection: Connection, job: Job) -> int:
        return len(belongings.list_labels(connection, job.account, what))

    done = "removed" if what in ("portal_users", "subscriptions") else "deleted"
    return lambda job: _in_hub(job, remove, left, one, many, done)


def _quarantine(connection: Connection, job: Job) -> list[tuple[str, str]]:
    until = date.fromisoformat(job.facts["until"])
    reason = "nuisance" if Choices.of(job.params).nuisance else "deactivated"
    labels = belongings.quarantine_all(connection, job.account, until=until, reason=reason)
    return [(label, f"in quarantine until {until:%-d %B %Y}") for label in labels]


def _in_use(connection: Connection, job: Job) -> int:
    numbers = belongings.list_numbers(connection, job.account)
    return sum(one.state != "quarantined" for one in numbers)


def _in_hub(
    job: Job,
    work: Callable[[Connection, Job], list[tuple[str, str]]],
    left: Callable[[Connection, Job], int],
    one: str,
    many: str,
    done: str,
) -> StepReport:
    """Do it and keep what was done in one transaction, then check whether anything is left."""
    engine = job.services.engine
    with writing(engine) as connection:
        keep_items(connection, job.run.id, job.step, work(connection, job))
    with engine.connect() as connection:
        remaining = left(connection, job)
        count = len(items_of_step(connection, job.run.id, job.step))
    if remaining:
        raise StepFailed(f"{counted(remaining, one, many)} added at the same time. Resume to repeat the step.")
    if not count:
        return StepReport(outcome="nothing", text=f"No {many}.", count=0)
    return StepReport(outcome="done", text=f"{count:,} {done}.", count=count)


def _arrive(job: Job) -> StepReport:
    report = arrive(job, _TO)
    with writing(job.services.engine) as connection:
        # A search for deleted people or subscriptions must not find the account any more, one for its numbers must.
        accounts.index_account(connection, job.account)
    return report


class Deactivate(Action[Found]):
    """`params`: `zuora` (leave, invoice_period, date), `cancel_on`, `nuisance`, `keep_children`."""

    kind = "deactivate"
    verb = "Deactivate account"
    permission = Permission.ACCOUNT_DEACTIVATE
    hard = True
    steps = (
        Step("begin", "Mark as deactivating", lambda job: begin(job, _TO)),
        Step("cancel", "Cancel the subscriptions in Zuora", _cancel),
        Step("rules", "Remove the auth rules", _remove_rules),
        Step("queues", "Delete all queues", _removing("queues")),
        Step("callflows", "Delete all callflows", _removing("callflows")),
        Step("parking", "Delete call-parking set-ups", _removing("parking")),
        Step("music", "Delete music on hold", _removing("music")),
        Step("phone_users", "Delete phone users", _removing("phone_users")),
        Step("pbxs", "Delete any PBX", _removing("pbxs")),
        Step(
            "numbers",
            "Quarantine all phone numbers",
            lambda job: _in_hub(job, _quarantine, _in_use, "number", "numbers in use", "in quarantine"),
        ),
        Step("integrations", "Delete integrations", _removing("integrations")),
        Step("tracker_codes", "Delete web-tracker codes", _removing("tracker_codes")),
        Step("portal_users", "Remove all portal users from this account", _removing("portal_users")),
        Step("subscriptions", "Remove all Zuora subscription ids", _removing("subscriptions")),
        Step("hub", "Mark as deactivated", _arrive),
    )

    def look(self, services: Services, wish: Wish) -> Found:
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
            labels = {what: belongings.list_labels(connection, wish.account, what) for what in KINDS}
            numbers = belongings.list_numbers(connection, wish.account)
            children = accounts.list_children(connection, wish.account)
            holders = belongings.foreign_holders(connection, wish.account)
            open_run = runs.open_run(connection, wish.account)
        billing = read_billing(services, account)
        rules = look_at_rules(services, wish.account, AccountStatus.DEACTIVATED)
        emergency = NOT_KNOWN if isinstance(rules, RemoteError) else read_emergency_calls(services)
        return Found(account, labels, numbers, children, holders, open_run, billing, rules, emergency, services.today())

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Names everything that would be removed.

        A deactivation that was begun and abandoned is not refused: the account can only be deactivated.
        """
        title, zuora = f"Deactivate {found.account.title}", found.billing.account
        try:
            choices = Choices.of(wish.params)
        except ValueError as problem:
            return Draft(title=title, blockers=(str(problem),))
        cancelling = choices.zuora != LEAVE
        return Draft(
            title=title,
            effects=tuple(plans.effects_of(found, choices)),
            dangers=tuple(plans.dangers_of(found)),
            warnings=tuple(plans.warnings_of(found, choices)),
            blockers=tuple(plans.blockers_of(found, choices)),
            untouched=plans.untouched_of(found, choices),
            details=plans.details_of(found, choices),
            steps=tuple(step.name for step in self.steps if step.name != "cancel" or cancelling),
            claims=tuple(child.number for child in found.children),
            facts={
                "standing": found.account.status_words,
                "status": found.account.status.value,
                "digest": plans.digest_of(found),
                "rules": found.rules_to_remove,
                FACT: found.emergency.numbers,
                "balance": str(zuora.balance) if zuora is not None else None,
                "children": [child.number for child in found.active_children],
                "to_cancel": [one.number for one in found.cancellable.active] if cancelling else [],
                "until": plans.last_day(found, choices).isoformat(),
                "today": found.today.isoformat(),
            },
        )

    def lacking(self, plan: Plan, given: Confirmation) -> str | None:
        return check_grounds(given.reason, given.note, DEACTIVATE_REASONS)

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Every choice, also those that were left out."""
        try:
            return Choices.of(params).params()
        except ValueError:
            return dict(params)
