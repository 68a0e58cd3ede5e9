"""Enable a suspended account again: the reverse of suspend, in the same order. The Hub says *active* last."""

from collections.abc import Mapping
from typing import Any

from lib.actions.account.status import arrive, begin, plan_calls, read_billing, write_rules
from lib.actions.emails.mailing import mail_bill_to
from lib.actions.engine.action import Action, Job, Step, StepReport
from lib.actions.engine.plan import Confirmation, Draft, Effect, Plan
from lib.actions.numbers.refresh_rules import verify_rules
from lib.domain.accounts import AccountStatus
from lib.domain.emails import EmailKind
from lib.domain.permissions import Identity, Permission
from lib.domain.status import ENABLE_REASONS, check_grounds
from lib.services import Services
from lib.store import accounts

_TO = AccountStatus.ACTIVE


def _begin(job: Job) -> StepReport:
    return begin(job, _TO)


def _write_rules(job: Job) -> StepReport:
    return write_rules(job, "calls connect again")


def _arrive(job: Job) -> StepReport:
    return arrive(job, _TO)


def _mail(job: Job) -> StepReport:
    facts = job.facts
    return mail_bill_to(
        job,
        EmailKind.REENABLED_NOTICE,
        {"account_number": job.account, "account_name": facts["name"]},
    )


class Enable(Action[Any]):
    """`params`: `mail`, True to tell the bill-to contact. The confirmation carries reason and note."""

    kind = "enable"
    verb = "Enable account"
    permission = Permission.ACCOUNT_SUSPEND
    steps = (
        Step("begin", "Note it in the Hub", _begin),
        Step("rules", "Tell the SBC", _write_rules),
        Step("verify", "Read every rule back", verify_rules),
        Step("hub", "Show it as active", _arrive),
        Step("mail", "Tell the bill-to contact", _mail),
    )

    def draft(self, services: Services, account: str, params: Mapping[str, Any], actor: Identity) -> Draft:
        """See `Action.draft`. Blocks on an account that is not suspended, an unreadable SBC, or nobody to mail."""
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, account)
        title = f"Enable {current.title}"
        if current.status is AccountStatus.DEACTIVATED or current.changing_to is AccountStatus.DEACTIVATED:
            return Draft(title=title, blockers=(f"The account is {current.standing}; it cannot be enabled.",))
        if current.standing == AccountStatus.ACTIVE.value:
            return Draft(title=title, blockers=("The account is active already.",))
        billing = read_billing(services, current)
        calls = plan_calls(services, current, _TO, "calls connect again, in and out")
        mail = bool(params.get("mail"))
        blockers = list(calls.blockers)
        if mail and billing.recipient is None:
            blockers.append("The bill-to contact has no e-mail address that can be read. Untick the e-mail to go on.")
        effects = [Effect(system="Hub", text="Status", before=current.standing, after=_TO.value), *calls.effects]
        if mail and billing.recipient:
            effects.append(
                Effect(system="E-mail", text="Notice to the bill-to contact that calls work", after=billing.recipient)
            )
        owed = [f"Still in Zuora: {debt}." for debt in billing.debts or ()]
        return Draft(
            title=title,
            effects=tuple(effects),
            warnings=(*billing.problems, *owed, *calls.warnings),
            blockers=tuple(blockers),
            untouched=("What is owed stays owed.",),
            details=calls.details,
            steps=("begin", "rules", "verify", "hub", *(("mail",) if mail else ())),
            facts={
                "standing": current.standing,
                "status": current.status.value,
                "name": current.name,
                "numbers": calls.numbers,
                "rules": calls.facts,
                "debts": None if billing.debts is None else "; ".join(map(str, billing.debts)),
                "recipient": billing.recipient,
            },
        )

    def lacking(self, plan: Plan, given: Confirmation) -> str | None:
        """See `Action.lacking`: a reason is needed."""
        return check_grounds(given.reason, given.note, ENABLE_REASONS)
