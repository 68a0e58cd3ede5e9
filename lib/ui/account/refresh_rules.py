"""Refresh auth rules: what the SBC holds wrongly, then the button that puts it right."""

from typing import Any

import streamlit as st

from lib.actions.engine.plan import Plan
from lib.app.start import App
from lib.domain.accounts import Account
from lib.domain.permissions import Identity, Permission
from lib.domain.words import counted
from lib.ui.dialogs import close_dialog, open_dialog
from lib.ui.runs.plan import make_plan, show_notice, show_plan, start_plan
from lib.ui.selection import own_key
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.fragments import dialog
from lib.ui.widgets.text import plain

NAME = "refresh_rules"


def offer_refresh(app: App, account: Account, identity: Identity) -> None:
    """The button, for those who may; a click reads the SBC and shows the findings."""
    if not identity.may(Permission.AUTH_RULES_REFRESH, account.number):
        return
    if st.button(
        "Refresh auth rules",
        icon=":material/sync_lock:",
        key=own_key(account, NAME),
        help="Compares every number's rule on the SBC with what it should be, and puts wrong ones right.",
    ):
        make_plan(app, "refresh_rules", account.number, {}, identity, open_dialog(NAME, account.number))


def refresh_dialog(app: App, account: Account, identity: Identity, state: dict[str, Any]) -> None:
    """Draw the dialog with the findings."""
    title = f"Auth rules of {plain(account.title)}"
    dialog(title, _refresh, width="large", on_dismiss=close_dialog)(app, account, identity, state)


def _refresh(app: App, account: Account, identity: Identity, state: dict[str, Any]) -> None:
    plan: Plan | None = state["plan"]
    if plan is not None:
        show_plan(plan)
    show_notice(state)
    with st.container(horizontal=True):
        if plan is not None and plan.steps and not plan.blockers:
            wrong = plan.facts["wrong"]
            label = f"Refresh {counted(wrong, 'rule')}"
            if st.button(label, type="primary", icon=":material/sync_lock:", key=f"start_{plan.id}"):
                if start_plan(app, identity, state):
                    close_dialog()
                draw_again()
        if st.button("Look again", icon=":material/refresh:", key="look_again"):
            make_plan(app, "refresh_rules", account.number, {}, identity, state)
            draw_again()
