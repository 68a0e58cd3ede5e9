"""What suspend and enable have in common. The Hub gets the new status last, when the SBC is known to apply it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from lib.actions.account.debts import Billing
from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.plan import Confirmation, Detail, Draft, Effect, Plan
from lib.actions.not_overwritten import changing_hub
from lib.actions.numbers.refresh_rules import findings_digest, verify_rules
from lib.actions.numbers.rules import RuleSet, read_rules, write_rules
from lib.clients.errors import RemoteError
from lib.clients.together import outcome
from lib.domain.accounts import Account, AccountStatus
from lib.domain.auth_rules import Finding, Rule
from lib.domain.numbers import national
from lib.domain.permissions import Permission
from lib.domain.status import check_grounds
from lib.domain.words import counted
from lib.services import Services
from lib.store import account_status, accounts
from lib.store import numbers as number_store


def look_at_rules(services: Services, account: str, to: AccountStatus) -> RuleSet | RemoteError:
    """The rules on the SBC and what they should be once the account has this status, for somebody who waits."""
    return outcome(lambda: read_rules(services, account, quick=True, heading=to))


@dataclass(frozen=True)
class StatusFound:
    """The account, what it owes, and its rules on the SBC or why they could not be read."""

    account: Account
    billing: Billing
    rules: RuleSet | RemoteError


Found = TypeVar("Found", bound=StatusFound)


class ChangeStatus(Action[Found]):
    """`params`: `mail`, True to e-mail the bill-to contact. The confirmation has a reason and a note."""

    permission = Permission.ACCOUNT_SUSPEND
    to: ClassVar[AccountStatus]
    calls: ClassVar[str]
    """What the change means for calls, in the plan."""
    letter: ClassVar[str]
    """What the e-mail to the bill-to contact is, in the plan."""
    reasons: ClassVar[dict[str, str]]

    def plan_change(self, found: StatusFound, wish: Wish) -> Draft:
        """The plan of both actions. Blocks on a wrong status, an unreadable SBC, or nobody to e-mail."""
        account, billing, rules = found.account, found.billing, found.rules
        title = f"{self.kind.capitalize()} {account.title}"
        if account.is_ending:
            blocker = f"The account is {account.status_words}, so it cannot be suspended or enabled."
            return Draft(title=title, blockers=(blocker,))
        if account.status_words == self.to.value:
            return Draft(title=title, blockers=(f"The account is already {self.to.value}.",))
        effects = [Effect(system="Hub", text="Status", before=account.status_words, after=self.to.value)]
        blockers, warnings = [], []
        findings, wrong = ((), []) if isinstance(rules, RemoteError) else (rules.findings, rules.wrong)
        numbers = counted(len(findings), "number")
        if isinstance(rules, RemoteError):
            blockers.append(f"The SBC could not be read, so nothing was changed. {rules}")
        elif wrong:
            effects.append(Effect(system="SBC", text=f"{numbers}: {self.calls}"))
        elif findings:
            warnings.append(f"The SBC already does this for {numbers}.")
        else:
            warnings.append("The account has no number, so no calls are affected.")
        mail = bool(wish.params.get("mail"))
        if mail and billing.recipient is None:
            blockers.append("The bill-to contact has no valid e-mail address. Untick the e-mail to continue.")
        elif mail:
            effects.append(Effect(system="E-mail", text=self.letter, after=billing.recipient))
        return Draft(
            title=title,
            effects=tuple(effects),
            warnings=tuple(warnings),
            blockers=tuple(blockers),
            details=(_numbers(wrong),) if wrong else (),
            steps=tuple(step.name for step in self.steps if step.name != "mail" or mail),
            facts={
                "standing": account.status_words,
                "status": account.status.value,
                "name": account.name,
                "numbers": len(findings),
                "rules": findings_digest(wrong),
                "debts": None if billing.debts is None else "; ".join(map(str, billing.debts)),
                "recipient": billing.recipient,
            },
        )

    def lacking(self, plan: Plan, given: Confirmation) -> str | None:
        return check_grounds(given.reason, given.note, self.reasons)


def _numbers(findings: list[Finding]) -> Detail:
    return Detail(
        title="Numbers",
        columns=("Number", "Now", "Will be"),
        rows=tuple((national(one.number), one.now, one.should_be) for one in findings),
    )


# ------------------------------------------------------------------ steps
def steps_to(
    to: AccountStatus, doing: str, write: Callable[[Job], StepReport], mail: Callable[[Job], StepReport]
) -> tuple[Step, ...]:
    """The steps of both actions. `write` gives the numbers their rules, `mail` e-mails the bill-to contact."""
    return (
        Step("begin", f"Mark as {doing}", lambda job: begin(job, to)),
        Step("rules", "Update call rules", write),
        Step("verify", "Read every rule back", verify_rules),
        Step("hub", f"Mark as {to.value}", lambda job: arrive(job, to)),
        Step("mail", "E-mail the bill-to contact", mail),
    )


def begin(job: Job, to: AccountStatus) -> StepReport:
    """Step: mark the account as on its way, so that new numbers get the right rule at once."""
    before = job.facts["standing"]
    with changing_hub(job, lambda now: f"The account is {now} now, not {before}.") as connection:
        changed = account_status.begin_status(connection, job.account, expect=before, to=to)
    with job.services.engine.connect() as connection:
        now = accounts.get_account(connection, job.account).status_words
    return job.done(f"The account is {now} in the Hub.", changed=changed, before=before, after=now)


def write_every_rule(job: Job, words: str) -> StepReport:
    """Step: every number that is or was the account's gets the rule the Hub wants now."""
    rules = read_rules(job.services, job.account, quick=False)
    changed = write_rules(job, [finding.number for finding in rules.findings], rules.live)
    if not changed:
        return StepReport(outcome="nothing", text="The account has no number.", count=0)
    job.journal.itemise(
        (national(number), f"was {before.state.value if before else 'without a rule'}, now {_after(after)}")
        for number, (before, after) in changed.items()
    )
    return StepReport(
        outcome="done", text=f"{counted(len(changed), 'number')}: {words}. Read back.", count=len(changed)
    )


def arrive(job: Job, to: AccountStatus) -> StepReport:
    """Step: give the account its new status, with who, when and why."""
    with job.services.engine.connect() as connection:
        waiting = number_store.count_rule_changes(connection, job.account)
    run = job.run
    with changing_hub(job, lambda now: f"The account is {now} now.") as connection:
        changed = account_status.arrive_at_status(
            connection, run.account, to=to, actor=run.actor, reason=run.reason, note=run.note, run_id=run.id
        )
    # A deactivated account has no rules: what is noted for its numbers only removes one that is gone.
    soon = waiting if to is not AccountStatus.DEACTIVATED else 0
    late = f" {counted(soon, 'number')} changed since and will have a new rule in a moment." if soon else ""
    return job.done(
        f"The account is {to.value} in the Hub.{late}", changed=changed, before=job.facts["status"], after=to.value
    )


def _after(rule: Rule | None) -> str:
    return rule.state.value if rule else "without a rule"
