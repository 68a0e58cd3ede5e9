"""Enable a suspended account again: the steps of suspend, in the same order. The account is *active* last."""

from lib.actions.account.debts import read_billing
from lib.actions.account.status import ChangeStatus, StatusFound, look_at_rules, steps_to, write_every_rule
from lib.actions.emails.mailing import mail_bill_to
from lib.actions.engine.action import Job, StepReport, Wish
from lib.actions.engine.plan import Draft
from lib.domain.accounts import AccountStatus
from lib.domain.emails import EmailKind
from lib.domain.status import ENABLE_REASONS
from lib.services import Services
from lib.store import accounts


def _mail(job: Job) -> StepReport:
    filled = {"account_number": job.account, "account_name": job.facts["name"]}
    return mail_bill_to(job, EmailKind.REENABLED_NOTICE, filled)


class Enable(ChangeStatus[StatusFound]):
    """See `ChangeStatus`."""

    kind = "enable"
    verb = "Enable account"
    to = AccountStatus.ACTIVE
    calls = "calls connect again, in and out"
    letter = "Notice to the bill-to contact that calls work again"
    reasons = ENABLE_REASONS
    steps = steps_to(to, "enabling", lambda job: write_every_rule(job, "calls connect again"), _mail)

    def look(self, services: Services, wish: Wish) -> StatusFound:
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
        return StatusFound(account, read_billing(services, account), look_at_rules(services, wish.account, self.to))

    def decide(self, found: StatusFound, wish: Wish) -> Draft:
        draft = self.plan_change(found, wish)
        if not draft.effects:
            return draft
        owed = [f"Still in Zuora: {debt}." for debt in found.billing.debts or ()]
        warnings = (*found.billing.problems, *owed, *draft.warnings)
        return draft.model_copy(update={"warnings": warnings, "untouched": ("What the account owes.",)})
