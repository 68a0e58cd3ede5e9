"""Suspend and enable: what both have in common. The Hub says so last, when the SBC is known to do so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from lib.actions.action import Detail, Effect, Services, StepContext, StepReport
from lib.actions.errors import StepFailed
from lib.actions.refresh_rules import digest
from lib.actions.rules import apply_rules, read_rules
from lib.clients.errors import NotFound, RemoteError
from lib.clients.together import read_side_by_side
from lib.clients.zuora import ZuoraAccount
from lib.clients.zuora.invoices import overdue_sums
from lib.clients.zuora.subscription import ZuoraSubscription
from lib.domain.accounts import Account, AccountStatus
from lib.domain.auth_rules import Finding, Rule
from lib.domain.emails import InvalidEmail, check_address
from lib.domain.numbers import national
from lib.domain.words import counted
from lib.store import accounts
from lib.store import numbers as number_store
from lib.store.engine import writing


@dataclass(frozen=True)
class Debt:
    """What an account owes after the due date, in one currency."""

    amount: Decimal
    currency: str
    since: date
    days: int
    invoices: int

    def __str__(self) -> str:
        invoices = counted(self.invoices, "invoice")
        days = counted(self.days, "day")
        return f"{self.amount:,.2f} {self.currency} overdue, {invoices}, the oldest for {days}"


@dataclass(frozen=True)
class Billing:
    """What Zuora says about an account somebody is about to suspend or enable."""

    account: ZuoraAccount | None
    debts: tuple[Debt, ...] | None
    """None: not known. Empty: nothing is overdue."""
    problems: tuple[str, ...]
    subscriptions: tuple[ZuoraSubscription, ...] | None = None
    """None: not asked for, or not known."""

    @property
    def recipient(self) -> str | None:
        """The bill-to contact's address, if it is one."""
        contact = self.account.bill_to if self.account else None
        try:
            return check_address(contact.work_email) if contact and contact.work_email else None
        except InvalidEmail:
            return None


def read_billing(services: Services, account: Account, *, subscriptions: bool = False) -> Billing:
    """The Zuora account, what it owes and, if asked for, its subscriptions, read side by side for somebody who waits.

    Failures are told, never raised.
    """
    key = account.zuora_id
    if key is None:
        return Billing(None, None, ("This account is not linked to Zuora, so what it owes is not known.",))
    quick = services.settings.zuora_page_seconds
    reads: list[Callable[[], object]] = [lambda: services.read_zuora(key), lambda: debts_of(services, key)]
    if subscriptions:
        reads.append(lambda: services.zuora.subscriptions(key, quick_seconds=quick))
    found, debts, *more = read_side_by_side(*reads)
    if isinstance(found, NotFound):
        return Billing(None, None, (f"Zuora has no account {account.zuora_number}, so what it owes is not known.",))
    problems = []
    if failure := next((one for one in (found, debts) if isinstance(one, RemoteError)), None):
        problems.append(f"What the account owes could not be read from Zuora. {failure}")
    if isinstance(found, RemoteError):
        return Billing(None, None, tuple(problems))
    listed = more[0] if more else None
    if isinstance(listed, RemoteError):
        problems.append(f"Its subscriptions could not be read from Zuora. {listed}")
    return Billing(
        cast(ZuoraAccount, found),
        None if isinstance(debts, RemoteError) else cast(tuple[Debt, ...], debts),
        tuple(problems),
        None if listed is None or isinstance(listed, RemoteError) else tuple(cast(list[ZuoraSubscription], listed)),
    )


def debts_of(services: Services, zuora_id: str) -> tuple[Debt, ...]:
    """What the account with this Zuora id owes now, one entry a currency.

    Raises:
        RemoteError: Zuora could not be read.
    """
    today = services.today()
    quick = services.settings.zuora_page_seconds
    sums = overdue_sums(services.zuora.overdue_of(zuora_id, today, quick_seconds=quick))
    return tuple(Debt(one.balance, one.currency, one.oldest, (today - one.oldest).days, one.invoices) for one in sums)


@dataclass(frozen=True)
class SbcPart:
    """What a change of status means for calls: the part of a plan about the SBC."""

    effects: tuple[Effect, ...] = ()
    warnings: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
    numbers: int = 0
    facts: str = ""


def plan_calls(services: Services, account: Account, to: AccountStatus, words: str) -> SbcPart:
    """Compare the SBC with what it will have to do; `words` say what that is for the numbers."""
    try:
        rules = read_rules(services, account.number, quick=True, heading=to)
    except RemoteError as error:
        return SbcPart(blockers=(f"The SBC could not be read, so nothing was changed. {error}",))
    count, wrong = len(rules.findings), rules.wrong
    if not count:
        return SbcPart(warnings=("The account has no number, so no call is affected.",))
    numbers = counted(count, "number")
    if not wrong:
        return SbcPart(warnings=(f"The SBC already does this for {numbers}.",), numbers=count, facts=digest(wrong))
    return SbcPart(
        effects=(Effect(system="SBC", text=f"{numbers}: {words}"),),
        details=(_numbers(wrong),),
        numbers=count,
        facts=digest(wrong),
    )


def _numbers(findings: list[Finding]) -> Detail:
    return Detail(
        title="Numbers",
        columns=("Number", "Now", "Will be"),
        rows=tuple((national(one.number), one.now, one.should_be) for one in findings),
    )


# ------------------------------------------------------------------ steps
def begin(context: StepContext, to: AccountStatus) -> StepReport:
    """Step: the Hub notes where the account is going, so that new numbers get the right rule at once."""
    before = context.facts["standing"]
    try:
        with writing(context.services.engine) as connection:
            changed = accounts.begin_status(connection, context.account, expect=before, to=to)
    except accounts.Conflict as conflict:
        raise StepFailed(
            f"The account is {conflict.current} by now, not {before}. Nothing was changed. Abandon this and look again."
        ) from conflict
    with context.services.engine.connect() as connection:
        now = accounts.get_account(connection, context.account).standing
    return context.done(f"The Hub shows the account as {now}.", changed=changed, before=before, after=now)


def write_rules(context: StepContext, word: str) -> StepReport:
    """Step: every number of the account, and every rule of it beyond those, gets the rule the Hub wants now."""
    rules = read_rules(context.services, context.account, quick=False)
    changed = apply_rules(
        context.services,
        [finding.number for finding in rules.findings],
        actor=context.actor,
        track=context.key,
        tell=context.tell,
        live=rules.live,
    )
    if not changed:
        return StepReport(outcome="nothing", text="The account has no number.", count=0)
    context.itemise(
        (national(number), f"was {before.state.value if before else 'without a rule'}, now {_after(after)}")
        for number, (before, after) in changed.items()
    )
    return StepReport(outcome="done", text=f"{len(changed):,} numbers: {word}. Read back.", count=len(changed))


def arrive(context: StepContext, to: AccountStatus) -> StepReport:
    """Step: the SBC does it, so the Hub says it, with who, when and why."""
    with context.services.engine.connect() as connection:
        waiting = number_store.count_rule_changes(connection, context.account)
    try:
        with writing(context.services.engine) as connection:
            changed = accounts.arrive_at_status(
                connection,
                context.account,
                to=to,
                actor=context.actor,
                reason=context.reason,
                note=context.note,
                run_id=context.run_id,
            )
    except accounts.Conflict as conflict:
        raise StepFailed(
            f"The account is {conflict.current} by now. Its status was not changed. Abandon this and look again."
        ) from conflict
    late = f" {waiting} numbers that changed meanwhile get their rule in a moment." if waiting else ""
    return context.done(
        f"The Hub says {to.value}.{late}", changed=changed, before=context.facts["status"], after=to.value
    )


def _after(rule: Rule | None) -> str:
    return rule.state.value if rule else "without a rule"
