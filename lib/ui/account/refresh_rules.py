"""Refresh auth rules: what the SBC holds wrongly, then the button that puts it right."""

from typing import Any

import streamlit as st

from lib.actions.engine.plan import Plan
from lib.domain.permissions import Permission
from lib.domain.words import counted
from lib.ui.dialogs import close_dialog, open_dialog
from lib.ui.runs.plan import make_plan, show_notice, show_plan, start_plan
from lib.ui.selection import own_key
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.fragments import dialog
from lib.ui.widgets.text import plain

NAME = "refresh_rules"


def offer_refresh(visit: Visit) -> None:
    """The button, for those who may; a click reads the SBC and shows the findings."""
    if not visit.may(Permission.AUTH_RULES_REFRESH):
        return
    if st.button(
        "Refresh auth rules",
        icon=":material/sync_lock:",
        key=own_key(visit.account, NAME),
        help="Compares every number's rule on the SBC with what it should be, and puts wrong ones right.",
    ):
        make_plan(visit, "refresh_rules", visit.account.number, {}, open_dialog(NAME, visit.account.number))


def refresh_dialog(visit: Visit, state: dict[str, Any]) -> None:
    """Draw the dialog with the findings."""
    title = f"Auth rules of {plain(visit.account.title)}"
    dialog(title, _refresh, width="large", on_dismiss=close_dialog)(visit, state)


def _refresh(visit: Visit, state: dict[str, Any]) -> None:
    plan: Plan | None = state["plan"]
    if plan is not None:
        show_plan(plan)
    show_notice(state)
    with st.container(horizontal=True):
        if plan is not None and plan.steps and not plan.blockers:
            wrong = plan.facts["wrong"]
            label = f"Refresh {counted(wrong, 'rule')}"
            if st.button(label, type="primary", icon=":material/sync_lock:", key=f"start_{plan.id}"):
                if start_plan(visit, state):
                    close_dialog()
                draw_again()
        if st.button("Look again", icon=":material/refresh:", key="look_again"):
            make_plan(visit, "refresh_rules", visit.account.number, {}, state)
            draw_again()
