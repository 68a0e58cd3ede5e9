"""Why an action did not start, or one of its steps stopped. Every text is a sentence for the person who asked.

ActionError
├── NotAllowed      the person may not do this
│   └── SignedOut   the person is signed out, or shut out, since the page was drawn
├── OtherAccount    the page shows another account than the one this was made for
├── Blocked         the plan lists reasons against it
├── PlanExpired     the plan is too old to be trusted
├── PlanChanged     the facts changed since the plan was made; carries the new plan
├── WrongConfirmation  the typed account number is not this account's
├── NeedsSecondPerson  nobody else has approved exactly this plan
├── AccountBusy     an open run holds the account; carries it
├── NotResumable    the run is not waiting for Resume or Abandon
└── StepFailed      a step cannot go on, and trying again by itself would not help
    └── NotSeenYet  the change was accepted and cannot be read back yet: Resume looks first
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
            "Nothing was done: you are signed out. Sign in again, and look at the account before you repeat it."
        )


class OtherAccount(ActionError):
    """The page shows another account than the one a plan, dialog or form was made for."""

    def __init__(self, made_for: str | None, opened: str | None) -> None:
        super().__init__(
            f"Nothing was done: this was opened on {_page_of(made_for)}, and the page that is open now is "
            f"{_page_of(opened)}. Open the account you want to change and begin again there."
        )


class Blocked(ActionError):
    """The plan lists reasons against it; `plan` is the fresh one that does."""

    def __init__(self, blockers: tuple[str, ...], plan: Plan | None = None) -> None:
        super().__init__("Nothing was done: " + " ".join(blockers))
        self.blockers = blockers
        self.plan = plan


class PlanExpired(ActionError):
    """The plan is too old to be trusted."""


class PlanChanged(ActionError):
    """The facts changed since the plan was made; `plan` is a fresh one, `changes` says what is new."""

    def __init__(self, plan: Plan, changes: tuple[str, ...]) -> None:
        super().__init__("Nothing was done, because this changed meanwhile: " + " ".join(changes))
        self.plan = plan
        self.changes = changes


class WrongConfirmation(ActionError):
    """The typed account number is not this account's."""


class NeedsSecondPerson(ActionError):
    """Nobody else has approved exactly this plan."""


class AccountBusy(ActionError):
    """An open run holds the account; `run` says whose and since when."""

    def __init__(self, run: Run, since: str) -> None:
        what = "is at work on" if run.state == "running" else "has an unfinished action on"
        super().__init__(
            f"Nothing was done: {run.actor_name} {what} this account since {since} "
            f"({run.plan.get('title', run.kind)}). Wait for it, or resume or abandon it. Quote {run.id}."
        )
        self.run = run


class NotResumable(ActionError):
    """The run is not waiting for Resume or Abandon."""


class StepFailed(ActionError):
    """A step cannot go on, and trying again by itself would not help.

    `request_ids`: the outside system's ids of the requests it is about, for the receipt. Those of the error it is
    raised from need not be repeated.
    """

    def __init__(self, sentence: str, *, request_ids: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.request_ids = request_ids


class NotSeenYet(StepFailed):
    """A change was accepted by an outside system and cannot be read back yet. Its work may be there."""


def _page_of(account: str | None) -> str:
    return f"the page of account {account}" if account else "a page without an account"
