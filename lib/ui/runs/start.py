"""Making a plan and starting it. If that is refused, the dialog says why and keeps what was typed."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from lib.actions.engine.errors import (
    AccountBusy,
    ActionError,
    NeedsSecondPerson,
    OtherAccount,
    PlanChanged,
    PlanExpired,
    WrongConfirmation,
)
from lib.actions.engine.plan import Confirmation, Plan
from lib.ui.dialogs import D, Dialog, change
from lib.ui.selection import named_account, show_run
from lib.ui.visit import Visit


def ask_text(form: str, label: str, *, key: str, **how: Any) -> str | None:
    """One text in a form of its own; what was typed, at the click that asks for its plan. `how` goes to the field."""
    with st.form(form, border=False):
        typed = st.text_input(label, key=key, **how)
        return (typed or "") if ask_plan(in_form=True) else None


def ask_plan(*, in_form: bool = False, icon: str = ":material/preview:", key: str | None = None) -> bool:
    """The button that makes the plan."""
    return (st.form_submit_button if in_form else st.button)("Preview", icon=icon, key=key)


def make_plan(visit: Visit, dialog: D, kind: str, params: Mapping[str, Any], account: str | None = None) -> D:
    """The dialog with a new plan, or with a notice that says why it has none; kept in the session.

    `account` is the account that changes, if it is not the one that is open: a child, on its parent's page.
    """
    dialog = change(dialog, params=params, plan=None, notice=None)
    try:
        opened = _named_page(visit, dialog)
        with st.spinner("Reading the systems"):
            plan = visit.app.runner.plan(
                kind, account or visit.account.number, dict(params), visit.identity, opened=opened
            )
    except ActionError as error:
        return change(dialog, notice=str(error))
    return change(dialog, plan=plan)


def start_plan(visit: Visit, dialog: Dialog, plan: Plan, confirmation: Confirmation | None = None) -> bool:
    """Start the plan that the dialog shows. True when a run began; otherwise the dialog says why not."""

    def start(opened: str | None) -> None:
        show_run(visit.app.runner.start(plan, visit.identity, confirmation, opened=opened))

    return act_on_plan(visit, dialog, plan, start)


def act_on_plan(visit: Visit, dialog: Dialog, plan: Plan, act: Callable[[str | None], None]) -> bool:
    """Do something with the plan that the dialog shows. True when it was done; otherwise the dialog says why not.

    `act` gets the account of the page the click was made on. When the plan has changed or expired, the new one is
    shown, to be read before the next click.
    """
    try:
        act(_named_page(visit, dialog))
    except (WrongConfirmation, NeedsSecondPerson, AccountBusy) as refused:
        change(dialog, notice=str(refused))
    except PlanChanged as changed:
        change(dialog, plan=changed.plan, notice=f"{changed} Read the new plan.")
    except PlanExpired as expired:
        fresh = make_plan(visit, dialog, plan.kind, dialog.params, plan.account)
        change(fresh, notice=f"{expired} This is the new plan.")
    except ActionError as error:
        change(dialog, plan=None, notice=str(error))
    else:
        return True
    return False


def _named_page(visit: Visit, dialog: Dialog) -> str | None:
    """The account of the dialog's page; None where the dialog has no account.

    Raises:
        OtherAccount: the browser's address names another account at this click.
    """
    if dialog.account is None:
        return None
    named = named_account(visit)
    if named != dialog.account:
        raise OtherAccount(dialog.account, named)
    return named
