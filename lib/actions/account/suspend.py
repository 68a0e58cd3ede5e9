"""Suspend an account: inbound calls go to voicemail, outbound calls hear that the account may not make calls.

Emergency calls stay possible where the SBC says so: it connects them before it looks at any rule (docs/sbc.md).

The Hub first notes where the account is going, then the SBC is told, number by number, and read back. Only then
does the Hub say *suspended*. A run that stops in between leaves the account *suspending*.
"""

from collections.abc import Mapping
from typing import Any

from lib.actions.account.emergency_calls import FACT, NOT_KNOWN, EmergencyCalls, of_facts, read_emergency_calls
from lib.actions.account.status import Billing, arrive, begin, plan_calls, read_billing, write_rules
from lib.actions.emails.mailing import mail_bill_to
from lib.actions.engine.action import Action, Job, Step, StepReport
from lib.actions.engine.plan import Confirmation, Draft, Effect, Plan
from lib.actions.numbers.refresh_rules import verify_rules
from lib.domain.accounts import Account, AccountStatus
from lib.domain.emails import EmailKind
from lib.domain.permissions import Identity, Permission
from lib.domain.status import SUSPEND_REASONS, check_grounds
from lib.services import Services
from lib.store import accounts

_TO = AccountStatus.SUSPENDED


def _begin(job: Job) -> StepReport:
    return begin(job, _TO)


def _write_rules(job: Job) -> StepReport:
    emergency = of_facts(job.facts).named
    promise = f"; emergency calls stay possible: {emergency}" if emergency else ""
    return write_rules(job, f"inbound to voicemail, outbound hears the message{promise}")


def _arrive(job: Job) -> StepReport:
    return arrive(job, _TO)


def _mail(job: Job) -> StepReport:
    facts = job.facts
    return mail_bill_to(
        job,
        EmailKind.SUSPENSION_NOTICE,
        {
            "account_number": job.account,
            "account_name": facts["name"],
            "emergency_numbers": of_facts(facts).named or None,
            **_owed(facts),
        },
    )


def _owed(facts: Mapping[str, Any]) -> dict[str, str]:
    """What the letter says of the debt; nothing where it is unknown or in several currencies."""
    return dict(facts["owed"]) if facts["owed"] else {}


class Suspend(Action[Any]):
    """`params`: `mail`, True to tell the bill-to contact. The confirmation carries reason, note and override."""

    kind = "suspend"
    verb = "Suspend account"
    permission = Permission.ACCOUNT_SUSPEND
    steps = (
        Step("begin", "Note it in the Hub", _begin),
        Step("rules", "Tell the SBC", _write_rules),
        Step("verify", "Read every rule back", verify_rules),
        Step("hub", "Show it as suspended", _arrive),
        Step("mail", "Tell the bill-to contact", _mail),
    )

    def draft(self, services: Services, account: str, params: Mapping[str, Any], actor: Identity) -> Draft:
        """See `Action.draft`. Blocks on a state that cannot be suspended, an unreadable SBC, or nobody to mail."""
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, account)
            size = accounts.measure_account(connection, account)
        title = f"Suspend {current.title}"
        if current.status is AccountStatus.DEACTIVATED or current.changing_to is AccountStatus.DEACTIVATED:
            return Draft(title=title, blockers=(f"The account is {current.standing}; there is nothing to suspend.",))
        if current.standing == AccountStatus.SUSPENDED.value:
            return Draft(title=title, blockers=("The account is suspended already.",))
        billing = read_billing(services, current)
        calls = plan_calls(services, current, _TO, "inbound calls to voicemail, outbound calls hear the message")
        # Where the rules could not be read, nothing goes on, and nobody waits for a second answer.
        emergency = NOT_KNOWN if calls.blockers else read_emergency_calls(services)
        mail = bool(params.get("mail"))
        blockers = list(calls.blockers)
        if mail and billing.recipient is None:
            blockers.append("The bill-to contact has no e-mail address that can be read. Untick the e-mail to go on.")
        hub = Effect(system="Hub", text="Status", before=current.standing, after=_TO.value)
        return Draft(
            title=title,
            effects=(hub, *calls.effects, *_mail_effect(mail, billing)),
            warnings=(
                *_warnings(services, current, billing),
                *calls.warnings,
                *(() if calls.blockers else emergency.warnings),
            ),
            blockers=tuple(blockers),
            untouched=_untouched(size.children, emergency),
            details=calls.details,
            steps=("begin", "rules", "verify", "hub", *(("mail",) if mail else ())),
            facts={
                "standing": current.standing,
                "status": current.status.value,
                "name": current.name,
                "numbers": calls.numbers,
                "rules": calls.facts,
                FACT: emergency.fact,
                "debts": None if billing.debts is None else "; ".join(map(str, billing.debts)),
                "owed": _letter(billing),
                "recipient": billing.recipient,
                "pin": current.pin(services.today()),
            },
        )

    def lacking(self, plan: Plan, given: Confirmation) -> str | None:
        """See `Action.lacking`: a reason, and with a pinned note a reason to go against it."""
        if problem := check_grounds(given.reason, given.note, SUSPEND_REASONS):
            return problem
        if plan.facts.get("pin") and not (given.override or "").strip():
            return f"A note is pinned to this account: “{plan.facts['pin']}”. Say why it does not hold this time."
        return None


def _warnings(services: Services, account: Account, billing: Billing) -> list[str]:
    warnings = list(billing.problems)
    if (pin := account.pin(services.today())) is not None:
        until = f", until {account.pinned_until:%-d %B %Y}" if account.pinned_until else ""
        warnings.insert(0, f"Pinned to this account{until}: “{pin}”")
    warnings += [f"{payer.name} pays for {', '.join(payer.subscriptions)}." for payer in billing.payers]
    if billing.debts is None:
        return warnings
    if not billing.debts:
        where = "in Zuora" if billing.complete else "on the account itself in Zuora"
        return [*warnings, f"Nothing is overdue {where}."]
    warnings += [f"In Zuora: {debt}." for debt in billing.debts]
    days, due = max(debt.days for debt in billing.debts), services.settings.suspend_after_days
    if days < due:
        warnings.append(f"Accounts are suspended for non-payment from day {due}; this is day {days}.")
    return warnings


def _letter(billing: Billing) -> dict[str, str] | None:
    # The letter goes to this account's contact, whom the debts of whoever pays for it do not concern.
    if billing.debts is None or len(billing.own_debts) != 1:
        return None
    debt = billing.own_debts[0]
    return {
        "overdue_amount": f"{debt.amount:,.2f} {debt.currency}",
        "overdue_since": f"{debt.since:%-d %B %Y}",
    }


def _mail_effect(mail: bool, billing: Billing) -> list[Effect]:
    if not mail or billing.recipient is None:
        return []
    return [Effect(system="E-mail", text="Suspension notice to the bill-to contact", after=billing.recipient)]


def _untouched(children: int, emergency: EmergencyCalls) -> tuple[str, ...]:
    kept = [
        *((f"Emergency calls stay possible: {emergency.named}.",) if emergency.named else ()),
        "Calls in progress are not cut.",
        "Numbers stay on the account, and plan fees keep billing.",
    ]
    if children:
        what = f"{children} child accounts stay as they are" if children > 1 else "child account stays as it is"
        kept.append(f"Its {what}.")
    return tuple(kept)
