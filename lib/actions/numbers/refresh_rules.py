"""Refresh the auth rules of an account: find what the SBC holds wrongly, put it right, and read all of it back."""

from collections.abc import Iterable
from dataclasses import dataclass

from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Detail, Draft, Effect
from lib.actions.numbers.rules import RuleSet, apply_rules, read_rules
from lib.clients.errors import RemoteError
from lib.clients.together import outcome
from lib.domain.accounts import Account
from lib.domain.auth_rules import Finding, Verdict
from lib.domain.digest import digest
from lib.domain.numbers import national
from lib.domain.permissions import Permission
from lib.domain.words import counted
from lib.services import Services
from lib.store import accounts

_EFFECTS = {
    Verdict.MISSING: "missing: created",
    Verdict.EXTRA: "extra, for numbers that should have no rule: removed",
    Verdict.WRONG_ACCOUNT: "with the wrong account: corrected",
    Verdict.WRONG_STATE: "with the wrong state: corrected",
    Verdict.WRONG_TRUNK: "with the wrong trunk: corrected",
    Verdict.NOT_KEPT: "right but not kept: written again",
}


_PLANNED, _DONE = ", to be ", ", now "


def refresh_rules(job: Job) -> StepReport:
    """Step: write every rule that is wrong, number by number."""
    rules = read_rules(job.services, job.account, quick=False)
    wrong = rules.wrong
    job.itemise((national(finding.number), f"{finding.was}{_PLANNED}{finding.becomes}") for finding in wrong)
    changed = apply_rules(
        job.services,
        [finding.number for finding in wrong],
        actor=job.actor,
        track=job.key,
        tell=job.tell,
        live=rules.live,
    )
    job.reword(_PLANNED, _DONE)
    if not changed:
        return StepReport(outcome="nothing", text="No rule had to be changed.", count=0)
    return StepReport(outcome="done", text=f"{counted(len(changed), 'rule')} put right.", count=len(changed))


def verify_rules(job: Job) -> StepReport:
    """Step: read every rule of the account once more; what changed in the Hub meanwhile is put right as well."""
    rules = read_rules(job.services, job.account, quick=False)
    if rules.wrong:
        late = [finding.number for finding in rules.wrong]
        apply_rules(job.services, late, actor=job.actor, track=job.key, tell=job.tell)
        rules = read_rules(job.services, job.account, quick=False)
    if rules.wrong:
        named = "; ".join(f"{national(one.number)} {one.was}" for one in rules.wrong[:5])
        raise StepFailed(
            f"{counted(len(rules.wrong), 'rule')} still wrong after writing: {named}. Resume to write and read again."
        )
    return StepReport(outcome="done", text=verdict_on(rules), count=len(rules.findings))


def verdict_on(rules: RuleSet) -> str:
    """One sentence about an account whose rules are all right."""
    if not rules.findings:
        return "The account has no number and the SBC holds no rule for it."
    numbers = len(rules.findings)
    return (
        f"All {numbers} numbers are as they should be on the SBC, read back."
        if numbers > 1
        else ("The one number is as it should be on the SBC, read back.")
    )


@dataclass(frozen=True)
class Found:
    """The account, and its rules on the SBC or why they could not be read."""

    account: Account
    rules: RuleSet | RemoteError


class RefreshRules(Action[Found]):
    """No `params`."""

    kind = "refresh_rules"
    verb = "Refresh auth rules"
    permission = Permission.AUTH_RULES_REFRESH
    steps = (
        Step("rules", "Write the wrong rules", refresh_rules),
        Step("verify", "Read every rule back", verify_rules),
    )

    def look(self, services: Services, wish: Wish) -> Found:
        """See `Action.look`."""
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
        return Found(account, outcome(lambda: read_rules(services, wish.account, quick=True)))

    def decide(self, found: Found, wish: Wish) -> Draft:
        """See `Action.decide`. Without a finding there are no steps, and the draft's verdict says so.

        An account that is ending is not refused: its rules are put right by taking them away.
        """
        title, rules = f"Refresh the auth rules of {found.account.title}", found.rules
        if isinstance(rules, RemoteError):
            return Draft(
                title=title, blockers=(f"The SBC could not be read, so nothing is known of its rules. {rules}",)
            )
        wrong = rules.wrong
        if not wrong:
            return Draft(title=title, verdict=verdict_on(rules), facts={"wrong": []})
        warnings = []
        if found.account.is_ending:
            warnings.append(
                f"The account is {found.account.standing}, so it should have no rule at all: with the last rule its "
                "calls end, in and out."
            )
        right = len(rules.findings) - len(wrong)
        return Draft(
            title=title,
            effects=tuple(
                Effect(system="SBC", text=f"{counted(count, 'rule')} {_EFFECTS[verdict]}")
                for verdict, count in rules.counts.items()
                if verdict is not Verdict.OK
            ),
            warnings=tuple(warnings),
            untouched=(
                *((f"{counted(right, 'rule')} already right.",) if right else ()),
                "Calls in progress go on; a rule counts from the next call.",
            ),
            details=(findings_detail(wrong),),
            steps=("rules", "verify"),
            facts={"wrong": len(wrong), "digest": findings_digest(wrong)},
        )


def findings_detail(findings: Iterable[Finding]) -> Detail:
    """The findings as a table a person reads: number, what is wrong, what it becomes."""
    return Detail(
        title="Numbers whose rule changes",
        columns=("Number", "Finding", "On the SBC now", "Should be"),
        rows=tuple((national(one.number), one.verdict.value, one.now, one.should_be) for one in findings),
    )


def findings_digest(findings: Iterable[Finding]) -> str:
    """A short text that is equal only for the same findings."""
    return digest([[one.number, one.verdict.value, one.becomes] for one in findings])
