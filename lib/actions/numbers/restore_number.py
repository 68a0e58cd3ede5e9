"""Take a number out of quarantine and give it to an account, when it was given up by mistake. Admins only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.actions.numbers.rules import write_rules
from lib.domain.accounts import Account, AccountStatus
from lib.domain.numbers import InvalidNumber, national, parse_number
from lib.domain.permissions import Permission
from lib.services import Services
from lib.store import accounts, numbers
from lib.store.engine import writing
from lib.store.numbers import Quarantined


def _restore(job: Job) -> StepReport:
    number, shown = job.params["number"], national(job.params["number"])
    try:
        with writing(job.services.engine) as connection:
            changed = numbers.restore_number(connection, number, to_account=job.account)
    except numbers.NumberTaken as taken:
        raise StepFailed(f"{shown} is no longer in quarantine. Nothing was changed. Abandon this.") from taken
    return job.done(
        f"{shown} is in use on account {job.account}.",
        changed=changed,
        before=f"in quarantine, account {job.facts['from']}",
        after=f"in use, account {job.account}",
    )


def _rule(job: Job) -> StepReport:
    number = job.params["number"]
    _, after = write_rules(job, [number])[number]
    words = f"{after.state} on trunk {after.trunk}" if after else "no rule"
    return StepReport(outcome="done", text=f"The SBC has {words} for {national(number)}, read back.", after=words)


@dataclass(frozen=True)
class Found:
    """The account that will have the number, and the number in quarantine."""

    account: Account
    resting: Quarantined | None
    """None when it is not in quarantine."""


class RestoreNumber(Action[Found]):
    """`params`: `number`, in any format. The account of the run gets it."""

    kind = "restore_number"
    verb = "Restore number"
    permission = Permission.NUMBER_RESTORE
    steps = (Step("hub", "Take it out of quarantine", _restore), Step("rules", "Write its auth rule", _rule))

    def look(self, services: Services, wish: Wish) -> Found:
        number = str(self.normalise(wish.params).get("number"))
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
            return Found(account, numbers.find_quarantined(connection, number))

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Blocks on a number that is not in quarantine and on an account that is ending."""
        account, resting = found.account, found.resting
        try:
            number = parse_number(str(wish.params.get("number") or ""))
        except InvalidNumber as invalid:
            return Draft(title="Restore a number", blockers=(str(invalid),))
        title = f"Restore {national(number)} to {account.title}"
        if resting is None:
            return Draft(title=title, blockers=(f"{national(number)} is not in quarantine.",))
        if account.is_ending:
            blocker = f"{account.number} is {account.status_words}. Open the account that will have the number."
            return Draft(title=title, blockers=(blocker,))
        until = f" until {resting.until:%-d %B %Y}" if resting.until else ""
        state = "suspended" if account.heading is AccountStatus.SUSPENDED else "allowed"
        return Draft(
            title=title,
            effects=(
                Effect(
                    system="Hub",
                    text=national(number),
                    before=f"in quarantine{until}, account {resting.account}",
                    after=f"in use, account {account.number}",
                ),
                Effect(system="SBC", text="Auth rule", before="none", after=state),
            ),
            untouched=("Set up callflows and the billing subscription of the number by hand.",),
            steps=("hub", "rules"),
            claims=(resting.account,) if resting.account != account.number else (),
            facts={"from": resting.account, "until": until, "state": state},
        )

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The number in E.164."""
        try:
            return {"number": parse_number(str(params.get("number") or ""))}
        except InvalidNumber:
            return dict(params)
