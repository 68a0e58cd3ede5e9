"""Undo: a new, checked action that takes a finished one back, offered while its value still stands."""

from typing import Any

import streamlit as st

from lib.actions.action import Plan
from lib.actions.progress import Progress
from lib.domain.accounts import Account
from lib.domain.permissions import Identity
from lib.launch import Hub
from lib.ui.again import draw_again
from lib.ui.dialogs import close_dialog, open_dialog
from lib.ui.fragments import dialog
from lib.ui.plan_view import make_plan, show_notice, show_plan, start_plan
from lib.ui.text import plain

NAME = "undo"


def offer_undo(hub: Hub, progress: Progress, page: str, identity: Identity) -> None:
    """The button beside a receipt, where there is something to take back; a click opens the dialog.

    `page` is the account whose page the receipt stands on: a child's receipt stands on its parent's page, too.
    """
    run = progress.run
    params = hub.runner.undo_params(run, identity)
    if params is None:
        return
    if st.button("Undo", icon=":material/undo:", key=f"undo_{run.id}", help="Shows first what would change back"):
        state = open_dialog(NAME, page, title=run.plan["title"])
        make_plan(hub, run.kind, run.account, params, identity, state)
        # The dialog is drawn with the buttons of the account, above.
        draw_again()


def undo_dialog(hub: Hub, account: Account, identity: Identity, state: dict[str, Any]) -> None:
    """Draw the dialog with what would change back."""
    title = f"Undo: {plain(state['title'])}"
    dialog(title, _undo, width="medium", on_dismiss=close_dialog)(hub, identity, state)


def _undo(hub: Hub, identity: Identity, state: dict[str, Any]) -> None:
    plan: Plan | None = state["plan"]
    if plan is not None:
        show_plan(plan)
    show_notice(state)
    if plan is not None and not plan.blockers and st.button("Undo it", type="primary", key=f"start_{plan.id}"):
        if start_plan(hub, identity, state):
            close_dialog()
        draw_again()
