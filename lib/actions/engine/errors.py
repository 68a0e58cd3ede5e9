"""Why an action did not start, or why one of its steps stopped. Every text is a sentence for the person who asked.

ActionError
├── NotAllowed      the person may not do this
│   └── SignedOut   the person was signed out after the page was drawn
├── OtherAccount    the page shows another account than the one this was made for
├── Blocked         the plan lists reasons against it
├── PlanExpired     the plan is too old to be trusted
├── PlanChanged     the facts changed since the plan was made; carries the new plan
├── WrongConfirmation  the typed account number is wrong, or something else is missing
├── NeedsSecondPerson  nobody else has approved exactly this plan
├── AccountBusy     an open run holds the account; carries it
├── NotResumable    the run is not waiting for Resume or Abandon
└── StepFailed      a step cannot go on, and trying again would not help
    └── NotSeenYet  the change was accepted and cannot be read back yet: Resume checks first
"""

from lib.actions.engine.plan import Plan
from lib.store.runs import Run


class ActionError(Exception):
    """Root of this tree; `str()` is a sentence that can be shown."""


class NotAllowed(ActionError):
    """The person may not do this."""


class SignedOut(NotAllowed):
    """The person's sign-in has ended."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing was done: you are signed out. Sign in again, and check the account before you try again."
        )


class OtherAccount(ActionError):
    """The page shows another account than the one a plan, dialog or form was made for."""

    def __init__(self, made_for: str | None, opened: str | None) -> None:
        super().__init__(
            f"Nothing was done: this was opened on {_page_of(made_for)}, but {_page_of(opened)} is open now. "
            "Open the account you want to change and start again there."
        )


class Blocked(ActionError):
    """The plan lists reasons against it. `plan` is the new plan."""

    def __init__(self, blockers: tuple[str, ...], plan: Plan | None = None) -> None:
        super().__init__("Nothing was done: " + " ".join(blockers))
        self.blockers = blockers
        self.plan = plan


class PlanExpired(ActionError):
    """The plan is too old to be trusted."""


class PlanChanged(ActionError):
    """The facts changed since the plan was made. `plan` is a new one, `changes` says what is different."""

    def __init__(self, plan: Plan, changes: tuple[str, ...]) -> None:
        super().__init__("Nothing was done, because this has changed since you looked: " + " ".join(changes))
        self.plan = plan
        self.changes = changes


class WrongConfirmation(ActionError):
    """The typed account number is wrong, or something else that the action asks for is missing."""


class NeedsSecondPerson(ActionError):
    """Nobody else has approved exactly this plan."""


class AccountBusy(ActionError):
    """An open run holds the account: `run`."""

    def __init__(self, run: Run, since: str) -> None:
        what = "a running action" if run.state == "running" else "an unfinished action"
        way_on = "Wait until it has ended." if run.state == "running" else "Resume or abandon it first."
        super().__init__(
            f"Nothing was done: {run.actor_name} has {what} on this account since {since} "
            f"({run.plan.get('title', run.kind)}). {way_on} Its receipt is {run.id}."
        )
        self.run = run


class NotResumable(ActionError):
    """The run is not waiting for Resume or Abandon."""


class StepFailed(ActionError):
    """A step cannot go on, and trying again would not help.

    `request_ids`: the outside system's ids of its requests, for the receipt. The receipt also has those of the error
    that this one is raised from.
    """

    def __init__(self, sentence: str, *, request_ids: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.request_ids = request_ids


class NotSeenYet(StepFailed):
    """An outside system accepted a change that cannot be read back yet. It may have been made."""


def _page_of(account: str | None) -> str:
    return f"the page of account {account}" if account else "a page without an account"
