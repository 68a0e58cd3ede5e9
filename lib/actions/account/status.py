"""Suspend and enable: what both have in common. The Hub says so last, when the SBC is known to do so."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from lib.actions.account.debts import Billing
from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Confirmation, Detail, Draft, Effect, Plan
from lib.actions.numbers.refresh_rules import findings_digest, verify_rules
from lib.actions.numbers.rules import RuleSet, apply_rules, read_rules
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
from lib.store.engine import writing


def look_at_rules(services: Services, account: str, to: AccountStatus) -> RuleSet | RemoteError:
    """What the SBC holds beside what it should hold once the account has this status, for somebody who waits."""
    return outcome(lambda: read_rules(services, account, quick=True, heading=to))


@dataclass(frozen=True)
class StatusFound:
    """The account, what it owes, and what the SBC holds for its numbers or why that could not be read."""

    account: Account
    billing: Billing
    rules: RuleSet | RemoteError


Found = TypeVar("Found", bound=StatusFound)


class ChangeStatus(Action[Found]):
    """`params`: `mail`, True to tell the bill-to contact. The confirmation carries a reason and a note."""

    permission = Permission.ACCOUNT_SUSPEND
    to: ClassVar[AccountStatus]
    calls: ClassVar[str]
    """What the change means for calls, in the plan."""
    letter: ClassVar[str]
    """What the e-mail to the bill-to contact is, in the plan."""
    reasons: ClassVar[dict[str, str]]

    def plan_change(self, found: StatusFound, wish: Wish) -> Draft:
        """What both actions plan alike. Blocks on a wrong status, an unreadable SBC, or nobody to mail."""
        account, billing, rules = found.account, found.billing, found.rules
        title = f"{self.kind.capitalize()} {account.title}"
        if account.is_ending:
            blocker = f"The account is {account.standing}; it can be neither suspended nor enabled."
            return Draft(title=title, blockers=(blocker,))
        if account.standing == self.to.value:
            return Draft(title=title, blockers=(f"The account is {self.to.value} already.",))
        effects = [Effect(system="Hub", text="Status", before=account.standing, after=self.to.value)]
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
            warnings.append("The account has no number, so no call is affected.")
        mail = bool(wish.params.get("mail"))
        if mail and billing.recipient is None:
            blockers.append("The bill-to contact has no e-mail address that can be read. Untick the e-mail to go on.")
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
                "standing": account.standing,
                "status": account.status.value,
                "name": account.name,
                "numbers": len(findings),
                "rules": findings_digest(wrong),
                "debts": None if billing.debts is None else "; ".join(map(str, billing.debts)),
                "recipient": billing.recipient,
            },
        )

    def lacking(self, plan: Plan, given: Confirmation) -> str | None:
        """See `Action.lacking`: a reason is needed."""
        return check_grounds(given.reason, given.note, self.reasons)


def _numbers(findings: list[Finding]) -> Detail:
    return Detail(
        title="Numbers",
        columns=("Number", "Now", "Will be"),
        rows=tuple((national(one.number), one.now, one.should_be) for one in findings),
    )


# ------------------------------------------------------------------ steps
def steps_to(
    to: AccountStatus, write: Callable[[Job], StepReport], mail: Callable[[Job], StepReport]
) -> tuple[Step, ...]:
    """The steps of both actions; `write` gives the numbers their rules, `mail` tells the bill-to contact."""
    return (
        Step("begin", "Note it in the Hub", lambda job: begin(job, to)),
        Step("rules", "Tell the SBC", write),
        Step("verify", "Read every rule back", verify_rules),
        Step("hub", f"Show it as {to.value}", lambda job: arrive(job, to)),
        Step("mail", "Tell the bill-to contact", mail),
    )


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
