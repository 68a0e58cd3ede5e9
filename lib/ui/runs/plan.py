"""A plan on the screen, before it is started."""

import streamlit as st

from lib.actions.engine.plan import Plan
from lib.ui.dialogs import Dialog
from lib.ui.runs.tables import detail_frame, effects_frame
from lib.ui.widgets.tables import show_grid, show_text_table
from lib.ui.widgets.text import plain, unlinked

ROWS = 6
"""A table with at most this many rows is open in the plan; a longer one is folded."""


def show_plan(plan: Plan) -> None:
    """Warnings, the changes from before to after, and what is not affected; or only the blockers, if there are any."""
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
        st.caption("\n".join(["Not affected:", "", *(f"- {unlinked(one)}" for one in plan.untouched)]))


def show_notice(dialog: Dialog) -> None:
    """The notice of the dialog, if it has one."""
    if dialog.notice:
        st.warning(plain(dialog.notice), icon=":material/sync_problem:")


def show_blocked(dialog: Dialog) -> None:
    """The blockers of the plan, if any; for a form that starts its plan at once."""
    if dialog.plan is not None and dialog.plan.blockers:
        show_plan(dialog.plan)
