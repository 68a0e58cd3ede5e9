"""A plan as a person reads it before the click, and the click itself."""

from typing import Any

import streamlit as st

from lib.actions.action import Confirmation, Plan
from lib.actions.errors import AccountBusy, ActionError, PlanChanged, PlanExpired, WrongConfirmation
from lib.domain.permissions import Identity
from lib.frames import detail_frame, effects_frame
from lib.launch import Hub
from lib.ui.selection import show_run
from lib.ui.tables import show_text_table
from lib.ui.text import plain, unlinked

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
            st.dataframe(detail_frame(detail), hide_index=True, alt=detail.title, key=f"detail_{plan.id}_{position}")
    if plan.untouched:
        st.caption("\n".join(["What stays as it is:", "", *(f"- {unlinked(one)}" for one in plan.untouched)]))


def make_plan(
    hub: Hub, kind: str, number: str, params: dict[str, Any], identity: Identity, dialog: dict[str, Any]
) -> None:
    """Put a fresh plan into the dialog's state, or the sentence that says why there is none."""
    dialog.update(plan=None, notice=None)
    try:
        with st.spinner("Reading the systems"):
            dialog["plan"] = hub.runner.plan(kind, number, params, identity)
    except ActionError as error:
        dialog["notice"] = str(error)


def start_plan(hub: Hub, identity: Identity, dialog: dict[str, Any], confirmation: Confirmation | None = None) -> bool:
    """Start the dialog's plan; True when a run began. Otherwise the dialog says why and keeps what was typed."""
    plan: Plan = dialog["plan"]
    try:
        run_id = hub.runner.start(plan, identity, confirmation)
    except WrongConfirmation as wrong:
        dialog["notice"] = str(wrong)
    except AccountBusy as busy:
        dialog["notice"] = str(busy)
    except PlanChanged as changed:
        dialog.update(plan=changed.plan, notice=f"{changed} Look at the new plan.")
    except PlanExpired as expired:
        make_plan(hub, plan.kind, plan.account, plan.params, identity, dialog)
        dialog["notice"] = f"{expired} This is the new one."
    except ActionError as error:
        dialog.update(plan=None, notice=str(error))
    else:
        show_run(run_id)
        return True
    return False


def show_notice(dialog: dict[str, Any]) -> None:
    """The sentence the dialog has to say, if any."""
    if dialog.get("notice"):
        st.warning(plain(dialog["notice"]), icon=":material/sync_problem:")
