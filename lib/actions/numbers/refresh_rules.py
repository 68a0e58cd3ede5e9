"""Refresh the auth rules of an account: find what is wrong on the SBC, correct it, and read all of it back."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Detail, Draft, Effect
from lib.actions.numbers.rules import RuleSet, read_rules, write_rules
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
    Verdict.MISSING: "Create {} missing {}",
    Verdict.EXTRA: "Remove {} {} for numbers that should have none",
    Verdict.WRONG_ACCOUNT: "Correct the account of {} {}",
    Verdict.WRONG_STATE: "Correct the state of {} {}",
    Verdict.WRONG_TRUNK: "Correct the trunk of {} {}",
    Verdict.NOT_KEPT: "Write {} {} again that would be lost at the SBC's next start",
}
_PLANNED, _DONE = ", to be ", ", now "


def refresh_rules(job: Job) -> StepReport:
    """Step: write every rule that is wrong, number by number."""
    rules = read_rules(job.services, job.account, quick=False)
    wrong = rules.wrong
    job.journal.itemise((national(finding.number), f"{finding.was}{_PLANNED}{finding.becomes}") for finding in wrong)
    changed = write_rules(job, [finding.number for finding in wrong], rules.live)
    job.journal.reword(_PLANNED, _DONE)
    if not changed:
        return StepReport(outcome="nothing", text="Every rule was correct.", count=0)
    return StepReport(outcome="done", text=f"{counted(len(changed), 'rule')} corrected.", count=len(changed))


def verify_rules(job: Job) -> StepReport:
    """Step: read every rule of the account once more, and correct what has changed in the Hub since."""
    rules = read_rules(job.services, job.account, quick=False)
    if rules.wrong:
        write_rules(job, [finding.number for finding in rules.wrong])
        rules = read_rules(job.services, job.account, quick=False)
    if rules.wrong:
        named = "; ".join(f"{national(one.number)} {one.was}" for one in rules.wrong[:5])
        raise StepFailed(
            f"{counted(len(rules.wrong), 'rule')} still wrong after writing: {named}. Resume to write and check again."
        )
    return StepReport(outcome="done", text=verdict_on(rules), count=len(rules.findings))


def verdict_on(rules: RuleSet) -> str:
    """One sentence about an account whose rules are all correct."""
    if not rules.findings:
        return "The account has no number, and the SBC has no rule for it."
    count = len(rules.findings)
    return f"All {count:,} rules are correct, read back." if count > 1 else "The one rule is correct, read back."


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
        Step("rules", "Correct the wrong rules", refresh_rules),
        Step("verify", "Read every rule back", verify_rules),
    )

    def look(self, services: Services, wish: Wish) -> Found:
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
        return Found(account, outcome(lambda: read_rules(services, wish.account, quick=True)))

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Without a wrong rule there are no steps, and the draft's verdict says so.

        An account that is ending is not refused: correcting its rules means removing them.
        """
        title, rules = f"Refresh the auth rules of {found.account.title}", found.rules
        if isinstance(rules, RemoteError):
            return Draft(title=title, blockers=(f"The SBC could not be read, so its rules are not known. {rules}",))
        wrong = rules.wrong
        if not wrong:
            return Draft(title=title, verdict=verdict_on(rules), facts={"wrong": []})
        warnings = []
        if found.account.is_ending:
            warnings.append(
                f"The account is {found.account.status_words}, so its rules are removed: after the last one no call "
                "connects, in or out."
            )
        right, counts = len(rules.findings) - len(wrong), Counter(one.verdict for one in wrong)
        return Draft(
            title=title,
            effects=tuple(
                Effect(system="SBC", text=text.format(f"{count:,}", "rule" if count == 1 else "rules"))
                for verdict, text in _EFFECTS.items()
                if (count := counts[verdict])
            ),
            warnings=tuple(warnings),
            untouched=(
                *((f"{counted(right, 'rule')} already correct.",) if right else ()),
                "Calls in progress go on. A new rule applies from the next call.",
            ),
            details=(findings_detail(wrong),),
            steps=("rules", "verify"),
            facts={"wrong": len(wrong), "digest": findings_digest(wrong)},
        )


def findings_detail(findings: Iterable[Finding]) -> Detail:
    """The findings as a table: number, what is wrong, what it becomes."""
    return Detail(
        title="Numbers whose rule changes",
        columns=("Number", "Problem", "On the SBC now", "Should be"),
        rows=tuple((national(one.number), one.verdict.value, one.now, one.should_be) for one in findings),
    )


def findings_digest(findings: Iterable[Finding]) -> str:
    """A short text that is equal only for the same findings."""
    return digest([[one.number, one.verdict.value, one.becomes] for one in findings])
