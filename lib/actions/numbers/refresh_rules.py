"""Refresh the auth rules of an account: find what the SBC holds wrongly, put it right, and read all of it back."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from lib.actions.engine.action import Action, Job, Step, StepReport
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Detail, Draft, Effect
from lib.actions.numbers.rules import RuleSet, apply_rules, read_rules
from lib.clients.errors import RemoteError
from lib.domain.accounts import AccountStatus
from lib.domain.auth_rules import Finding, Verdict
from lib.domain.numbers import national
from lib.domain.permissions import Identity, Permission
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


class RefreshRules(Action[Any]):
    """No `params`."""

    kind = "refresh_rules"
    verb = "Refresh auth rules"
    permission = Permission.AUTH_RULES_REFRESH
    steps = (
        Step("rules", "Write the wrong rules", refresh_rules),
        Step("verify", "Read every rule back", verify_rules),
    )

    def draft(self, services: Services, account: str, params: Mapping[str, Any], actor: Identity) -> Draft:
        """See `Action.draft`. Without a finding there are no steps, and the draft's verdict says so."""
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, account)
        title = f"Refresh the auth rules of {current.title}"
        try:
            rules = read_rules(services, account, quick=True)
        except RemoteError as error:
            return Draft(
                title=title, blockers=(f"The SBC could not be read, so nothing is known of its rules. {error}",)
            )
        wrong = rules.wrong
        if not wrong:
            return Draft(title=title, verdict=verdict_on(rules), facts={"wrong": []})
        warnings = []
        if current.status is AccountStatus.DEACTIVATED:
            warnings.append("The account is deactivated, so it should have no rule at all.")
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
            facts={"wrong": len(wrong), "digest": digest(wrong)},
        )


def findings_detail(findings: Iterable[Finding]) -> Detail:
    """The findings as a table a person reads: number, what is wrong, what it becomes."""
    return Detail(
        title="Numbers whose rule changes",
        columns=("Number", "Finding", "On the SBC now", "Should be"),
        rows=tuple((national(one.number), one.verdict.value, one.now, one.should_be) for one in findings),
    )


def digest(findings: Iterable[Finding]) -> str:
    """A short text that is equal only for the same findings."""
    told = [[one.number, one.verdict.value, one.becomes] for one in findings]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
