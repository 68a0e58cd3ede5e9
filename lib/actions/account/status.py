"""Suspend and enable: what both have in common. The Hub says so last, when the SBC is known to do so."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import cast

from lib.actions.engine.action import Job, StepReport
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Detail, Effect
from lib.actions.numbers.refresh_rules import digest
from lib.actions.numbers.rules import apply_rules, read_rules
from lib.clients.errors import NotFound, RemoteError
from lib.clients.together import read_side_by_side
from lib.clients.zuora import ZuoraAccount
from lib.clients.zuora.invoices import overdue_sums
from lib.clients.zuora.subscriptions.models import ZuoraSubscription
from lib.domain.accounts import Account, AccountStatus
from lib.domain.auth_rules import Finding, Rule
from lib.domain.emails import InvalidEmail, check_address
from lib.domain.numbers import national
from lib.domain.words import counted
from lib.services import Services
from lib.store import account_status, accounts
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
    payer: str | None = None
    """Number and name of who owes it, when that is another account, which pays for this one."""

    def __str__(self) -> str:
        invoices = counted(self.invoices, "invoice")
        days = counted(self.days, "day")
        words = f"{self.amount:,.2f} {self.currency} overdue, {invoices}, the oldest for {days}"
        return words if self.payer is None else f"{words}, owed by {self.payer}, who pays for this account"


@dataclass(frozen=True)
class Payer:
    """Another account that gets the invoices of subscriptions of this one."""

    zuora_id: str
    name: str
    """Its number, where the Hub knows it the Hub's, and its name."""
    subscriptions: tuple[str, ...]


@dataclass(frozen=True)
class Billing:
    """What Zuora says about an account somebody is about to suspend or enable."""

    account: ZuoraAccount | None
    debts: tuple[Debt, ...] | None
    """The account's own, then those of its payers. None: not known. Empty: nothing is overdue."""
    problems: tuple[str, ...]
    subscriptions: tuple[ZuoraSubscription, ...] | None = None
    """Those the account owns, whoever pays for them. None: not known."""
    payers: tuple[Payer, ...] = ()
    complete: bool = True
    """False when somebody may owe more than `debts` says: who pays for the account, or what they owe, is not known."""

    @property
    def own_debts(self) -> tuple[Debt, ...]:
        """What the account itself owes."""
        return tuple(debt for debt in self.debts or () if debt.payer is None)

    @property
    def recipient(self) -> str | None:
        """The bill-to contact's address, if it is one."""
        contact = self.account.bill_to if self.account else None
        try:
            return check_address(contact.work_email) if contact and contact.work_email else None
        except InvalidEmail:
            return None


def read_billing(services: Services, account: Account) -> Billing:
    """The Zuora account, its subscriptions, and what it and whoever pays for it owe, for somebody who waits.

    Failures are told, never raised. An invoice is a debt of the account that gets it: where a parent pays for a
    child, what is overdue for the child stands on the parent.
    """
    key = account.zuora_id
    if key is None:
        return Billing(None, None, ("This account is not linked to Zuora, so what it owes is not known.",))
    quick = services.settings.zuora_page_seconds
    reads: list[Callable[[], object]] = [
        lambda: services.read_zuora(key),
        lambda: debts_of(services, key),
        lambda: services.zuora.subscriptions(key, quick_seconds=quick),
    ]
    found, debts, listed = read_side_by_side(*reads)
    if isinstance(found, NotFound):
        return Billing(None, None, (f"Zuora has no account {account.zuora_number}, so what it owes is not known.",))
    problems = []
    if failure := next((one for one in (found, debts) if isinstance(one, RemoteError)), None):
        problems.append(f"What the account owes could not be read from Zuora. {failure}")
    if isinstance(found, RemoteError):
        return Billing(None, None, tuple(problems))
    if isinstance(listed, RemoteError):
        problems.append(
            "Its subscriptions could not be read from Zuora, so it is not known whether another account pays for it. "
            f"{listed}"
        )
        owned: tuple[ZuoraSubscription, ...] | None = None
        payers: tuple[Payer, ...] = ()
    else:
        # Only its own: an order must never reach a subscription of another account.
        every = cast(list[ZuoraSubscription], listed)
        owned = tuple(one for one in every if one.account_id is None or one.account_id.lower() == key.lower())
        payers = _payers(services, owned)
    theirs, unknown = _debts_of_payers(services, payers)
    own = None if isinstance(debts, RemoteError) else cast(tuple[Debt, ...], debts)
    return Billing(
        cast(ZuoraAccount, found),
        None if own is None and not theirs else (*(own or ()), *theirs),
        (*problems, *unknown),
        owned,
        payers,
        complete=own is not None and owned is not None and not unknown,
    )


def _payers(services: Services, subscriptions: tuple[ZuoraSubscription, ...]) -> tuple[Payer, ...]:
    """Who else pays for these subscriptions; those that ended may have left unpaid invoices."""
    paid: dict[str, list[ZuoraSubscription]] = {}
    for one in subscriptions:
        if one.invoice_owner_id is not None and one.paid_by_another:
            paid.setdefault(one.invoice_owner_id, []).append(one)
    with services.engine.connect() as connection:
        known = accounts.numbers_by_zuora_id(connection, list(paid))
    return tuple(
        Payer(
            id_,
            " ".join(filter(None, (known.get(id_) or ones[0].invoice_owner_number or id_, ones[0].invoice_owner_name))),
            tuple(sorted(one.number for one in ones)),
        )
        for id_, ones in sorted(paid.items())
    )


def _debts_of_payers(services: Services, payers: tuple[Payer, ...]) -> tuple[list[Debt], list[str]]:
    """What those who pay for the account owe, and in sentences what of it is not known."""
    read = read_side_by_side(*(lambda payer=payer: debts_of(services, payer.zuora_id) for payer in payers))
    debts: list[Debt] = []
    unknown: list[str] = []
    for payer, answer in zip(payers, read, strict=True):
        if isinstance(answer, RemoteError):
            unknown.append(
                f"{payer.name} pays for this account, and what it owes could not be read from Zuora. {answer}"
            )
        else:
            debts += [replace(debt, payer=payer.name) for debt in answer]
    return debts, unknown


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
def begin(job: Job, to: AccountStatus) -> StepReport:
    """Step: the Hub notes where the account is going, so that new numbers get the right rule at once."""
    before = job.facts["standing"]
    try:
        with writing(job.services.engine) as connection:
            changed = account_status.begin_status(connection, job.account, expect=before, to=to)
    except accounts.Conflict as conflict:
        raise StepFailed(
            f"The account is {conflict.current} by now, not {before}. Nothing was changed. Abandon this and look again."
        ) from conflict
    with job.services.engine.connect() as connection:
        now = accounts.get_account(connection, job.account).standing
    return job.done(f"The Hub shows the account as {now}.", changed=changed, before=before, after=now)


def write_rules(job: Job, word: str) -> StepReport:
    """Step: every number of the account, and every rule of it beyond those, gets the rule the Hub wants now."""
    rules = read_rules(job.services, job.account, quick=False)
    changed = apply_rules(
        job.services,
        [finding.number for finding in rules.findings],
        actor=job.actor,
        track=job.key,
        tell=job.tell,
        live=rules.live,
    )
    if not changed:
        return StepReport(outcome="nothing", text="The account has no number.", count=0)
    job.itemise(
        (national(number), f"was {before.state.value if before else 'without a rule'}, now {_after(after)}")
        for number, (before, after) in changed.items()
    )
    return StepReport(outcome="done", text=f"{len(changed):,} numbers: {word}. Read back.", count=len(changed))


def arrive(job: Job, to: AccountStatus) -> StepReport:
    """Step: the SBC does it, so the Hub says it, with who, when and why."""
    with job.services.engine.connect() as connection:
        waiting = number_store.count_rule_changes(connection, job.account)
    try:
        with writing(job.services.engine) as connection:
            changed = account_status.arrive_at_status(
                connection,
                job.account,
                to=to,
                actor=job.actor,
                reason=job.reason,
                note=job.note,
                run_id=job.run_id,
            )
    except accounts.Conflict as conflict:
        raise StepFailed(
            f"The account is {conflict.current} by now. Its status was not changed. Abandon this and look again."
        ) from conflict
    late = f" {waiting} numbers that changed meanwhile get their rule in a moment." if waiting else ""
    return job.done(f"The Hub says {to.value}.{late}", changed=changed, before=job.facts["status"], after=to.value)


def _after(rule: Rule | None) -> str:
    return rule.state.value if rule else "without a rule"
