"""A plan as a person reads it before the click, and the click itself."""

from collections.abc import Callable
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
from lib.domain.permissions import Identity
from lib.ui.runs.tables import detail_frame, effects_frame
from lib.ui.selection import named_account, show_run
from lib.ui.visit import Visit
from lib.ui.widgets.tables import show_grid, show_text_table
from lib.ui.widgets.text import plain, unlinked

ROWS = 6
"""So many rows of a detail stand in the plan itself; a longer one is folded."""


def show_plan(plan: Plan) -> None:
    """What changes, from what to what; what is worth knowing; what stays. Blockers replace all of it."""
    for blocker in plan.blockers:
        st.error(plain(blocker), icon=":material/block:")
    if plan.blockers:
        return
    for danger in plan.dangers:
        st.error(plain(danger), icon=":material/payments:")
    if plan.verdict:
        st.success(plain(plan.verdict), icon=":material/verified:")
    for warning in plan.warnings:
        st.warning(plain(warning), icon=":material/warning:")
    if plan.effects:
        show_text_table(effects_frame(plan), "What will change")
    for position, detail in enumerate(plan.details):
        with st.expander(f"{detail.title} ({len(detail.rows):,})", expanded=len(detail.rows) <= ROWS):
            show_grid(detail_frame(detail), detail.title, key=f"detail_{plan.id}_{position}")
    if plan.untouched:
        st.caption("\n".join(["What stays as it is:", "", *(f"- {unlinked(one)}" for one in plan.untouched)]))


def make_plan(visit: Visit, kind: str, number: str, params: dict[str, Any], dialog: dict[str, Any]) -> None:
    """Put a fresh plan into the dialog's state, or the sentence that says why there is none.

    The dialog's `account` is the one whose page it stands on, None where it belongs to no account; `number` is
    the account that changes, where that is another one: a child, on its parent's page.
    """
    dialog.update(plan=None, notice=None)
    try:
        opened = named_page(visit.identity, dialog, number)
        with st.spinner("Reading the systems"):
            dialog["plan"] = visit.app.runner.plan(kind, number, params, visit.identity, opened=opened)
    except ActionError as error:
        dialog["notice"] = str(error)


def start_plan(visit: Visit, dialog: dict[str, Any], confirmation: Confirmation | None = None) -> bool:
    """Start the dialog's plan; True when a run began. Otherwise the dialog says why and keeps what was typed."""
    plan: Plan = dialog["plan"]
    run_id = None

    def start() -> None:
        nonlocal run_id
        run_id = visit.app.runner.start(
            plan, visit.identity, confirmation, opened=named_page(visit.identity, dialog, plan.account)
        )

    if not act_on_plan(visit, dialog, start):
        return False
    show_run(run_id)
    return True


def act_on_plan(visit: Visit, dialog: dict[str, Any], act: Callable[[], None]) -> bool:
    """Do something with the dialog's plan; True when it was done. Otherwise the dialog says why and shows what it can.

    A refusal that a new look answers puts the new plan on the screen, to be read before the next click.
    """
    plan: Plan = dialog["plan"]
    try:
        act()
    except (WrongConfirmation, NeedsSecondPerson) as wrong:
        dialog["notice"] = str(wrong)
    except AccountBusy as busy:
        dialog["notice"] = str(busy)
    except PlanChanged as changed:
        dialog.update(plan=changed.plan, notice=f"{changed} Look at the new plan.")
    except PlanExpired as expired:
        make_plan(visit, plan.kind, plan.account, plan.params, dialog)
        dialog["notice"] = f"{expired} This is the new one."
    except ActionError as error:
        dialog.update(plan=None, notice=str(error))
    else:
        return True
    return False


def named_page(identity: Identity, dialog: dict[str, Any], number: str | None = None) -> str | None:
    """The account of the page the dialog stands on, which the browser's address has to name at this click.

    `number` is that account for a form that keeps none. None where the dialog belongs to no account.

    Raises:
        OtherAccount: the address names another one.
    """
    made_for: str | None = dialog.get("account", number)
    if made_for is None:
        return None
    named = named_account(identity)
    if named != made_for:
        raise OtherAccount(made_for, named)
    return named


def show_notice(dialog: dict[str, Any]) -> None:
    """The sentence the dialog has to say, if any."""
    if dialog.get("notice"):
        st.warning(plain(dialog["notice"]), icon=":material/sync_problem:")
