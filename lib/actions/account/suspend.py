"""Suspend an account: inbound calls go to voicemail, outbound calls hear that the account cannot make calls.

Emergency calls stay possible when the SBC says so: it connects them before it reads any rule (docs/sbc.md).

The account is first marked *suspending*. Then the SBC gets the rules, number by number, and they are read back. Only
then is the account *suspended*. A run that stops before that leaves it *suspending*.
"""

from dataclasses import dataclass
from datetime import date

from lib.actions.account.debts import Billing, read_billing
from lib.actions.account.emergency_calls import FACT, NOT_KNOWN, EmergencyCalls, of_facts, read_emergency_calls
from lib.actions.account.status import ChangeStatus, StatusFound, look_at_rules, steps_to, write_every_rule
from lib.actions.emails.mailing import mail_bill_to
from lib.actions.engine.action import Job, StepReport, Wish
from lib.actions.engine.plan import Confirmation, Draft, Plan
from lib.clients.errors import RemoteError
from lib.domain.accounts import AccountStatus
from lib.domain.emails import EmailKind
from lib.domain.status import SUSPEND_REASONS
from lib.domain.words import counted
from lib.services import Services
from lib.store import accounts


def _write_rules(job: Job) -> StepReport:
    emergency = of_facts(job.facts).named
    promise = f"; emergency calls stay possible: {emergency}" if emergency else ""
    return write_every_rule(job, f"inbound to voicemail, outbound hears the message{promise}")


def _mail(job: Job) -> StepReport:
    facts, emergency = job.facts, of_facts(job.facts).named
    filled = {"account_number": job.account, "account_name": facts["name"], "emergency_numbers": emergency or None}
    return mail_bill_to(job, EmailKind.SUSPENSION_NOTICE, filled | (facts["owed"] or {}))


@dataclass(frozen=True)
class Found(StatusFound):
    """Also the children, the emergency calls and the day."""

    children: int
    emergency: EmergencyCalls
    today: date
    due: int
    """The day overdue from which accounts are suspended for non-payment."""


class Suspend(ChangeStatus[Found]):
    """See `ChangeStatus`. With a pinned note the confirmation needs an override, too."""

    kind = "suspend"
    verb = "Suspend account"
    to = AccountStatus.SUSPENDED
    calls = "inbound calls to voicemail, outbound calls hear the message"
    letter = "Suspension notice to the bill-to contact"
    reasons = SUSPEND_REASONS
    steps = steps_to(to, "suspending", _write_rules, _mail)

    def look(self, services: Services, wish: Wish) -> Found:
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
            size = accounts.measure_account(connection, wish.account)
        billing, rules = read_billing(services, account), look_at_rules(services, wish.account, self.to)
        # When the rules could not be read, the plan is blocked: nobody has to wait for a second answer.
        emergency = NOT_KNOWN if isinstance(rules, RemoteError) else read_emergency_calls(services)
        due = services.settings.suspend_after_days
        return Found(account, billing, rules, size.children, emergency, services.today(), due)

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Warns of debts, a pinned note and doubtful emergency calls."""
        draft = self.plan_change(found, wish)
        if not draft.effects:
            return draft
        pin, emergency = found.account.pin(found.today), found.emergency
        unsure = () if isinstance(found.rules, RemoteError) else emergency.warnings
        return draft.model_copy(
            update={
                "warnings": (*_warnings(found, pin), *draft.warnings, *unsure),
                "untouched": _untouched(found.children, emergency),
                "facts": draft.facts | {FACT: emergency.numbers, "owed": _letter(found.billing), "pin": pin},
            }
        )

    def lacking(self, plan: Plan, given: Confirmation) -> str | None:
        if problem := super().lacking(plan, given):
            return problem
        if plan.facts.get("pin") and not (given.override or "").strip():
            return f"A note is pinned to this account: “{plan.facts['pin']}”. Say why you are overriding it."
        return None


def _warnings(found: Found, pin: str | None) -> list[str]:
    account, billing = found.account, found.billing
    warnings = list(billing.problems)
    if pin is not None:
        until = f", until {account.pinned_until:%-d %B %Y}" if account.pinned_until else ""
        warnings.insert(0, f"Pinned to this account{until}: “{pin}”")
    warnings += [f"{payer.name} pays for {', '.join(payer.subscriptions)}." for payer in billing.payers]
    if billing.debts is None:
        return warnings
    if not billing.debts:
        where = "in Zuora" if billing.complete else "on the account itself in Zuora"
        return [*warnings, f"Nothing is overdue {where}."]
    warnings += [f"In Zuora: {debt}." for debt in billing.debts]
    days = max(debt.days for debt in billing.debts)
    if days < found.due:
        warnings.append(f"Accounts are suspended for non-payment from day {found.due}. This is day {days}.")
    return warnings


def _letter(billing: Billing) -> dict[str, str] | None:
    """What the e-mail says about the debt; None when it is unknown or in several currencies."""
    # The e-mail goes to this account's contact, who has nothing to do with the debts of its payer.
    if billing.debts is None or len(billing.own_debts) != 1:
        return None
    debt = billing.own_debts[0]
    amount = f"{debt.amount:,.2f} {debt.currency}"
    return {"overdue_amount": amount, "overdue_since": f"{debt.since:%-d %B %Y}"}


def _untouched(children: int, emergency: EmergencyCalls) -> tuple[str, ...]:
    kept = [
        *((f"Emergency calls stay possible: {emergency.named}.",) if emergency.named else ()),
        "Calls in progress are not cut off.",
        "Numbers stay on the account, and plan fees keep billing.",
    ]
    if children:
        kept.append(f"{counted(children, 'child account')}.")
    return tuple(kept)
