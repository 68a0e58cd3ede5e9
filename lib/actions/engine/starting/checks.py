"""What must be right about a start: whose plan it is, on which page it was made, and what was typed."""

from typing import Any

from lib.actions.engine.action import Action
from lib.actions.engine.errors import NotAllowed, OtherAccount, WrongConfirmation
from lib.actions.engine.plan import Confirmation, Plan
from lib.domain.permissions import Identity
from lib.domain.texts import trimmed


def require_own(plan: Plan, actor: Identity, opened: str | None) -> None:
    """Raise unless the person made this plan, and on the page that is open now.

    Raises:
        NotAllowed: somebody else made it.
        OtherAccount: it was made on another page.
    """
    if plan.made_by != actor.email:
        raise NotAllowed("Nothing was done: somebody else made this plan. Open the action again to make your own.")
    if plan.opened != opened:
        raise OtherAccount(plan.opened, opened)


def require_confirmed(action: Action[Any], plan: Plan, given: Confirmation) -> None:
    """Raise unless the confirmation has what this action asks for.

    Raises:
        WrongConfirmation: the account's number is not typed, or something else is missing.
    """
    if action.hard and trimmed(given.typed or "") != plan.account:
        raise WrongConfirmation(
            f"Nothing was done: “{given.typed or ''}” is not the number of this account. Type {plan.account}."
        )
    if lack := action.lacking(plan, given):
        raise WrongConfirmation(f"Nothing was done. {lack}")
