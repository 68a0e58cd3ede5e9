"""Undo: a new, checked action that takes a finished one back, offered while its value still stands."""

from typing import Any

import streamlit as st

from lib.actions.engine.plan import Plan
from lib.actions.engine.progress import Progress
from lib.app.start import App
from lib.domain.accounts import Account
from lib.domain.permissions import Identity
from lib.ui.dialogs import close_dialog, open_dialog
from lib.ui.runs.plan import make_plan, show_notice, show_plan, start_plan
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.fragments import dialog
from lib.ui.widgets.text import plain

NAME = "undo"


def offer_undo(app: App, progress: Progress, page: str, identity: Identity) -> None:
    """The button beside a receipt, where there is something to take back; a click opens the dialog.

    `page` is the account whose page the receipt stands on: a child's receipt stands on its parent's page, too.
    """
    run = progress.run
    params = app.runner.undo_params(run, identity)
    if params is None:
        return
    if st.button("Undo", icon=":material/undo:", key=f"undo_{run.id}", help="Shows first what would change back"):
        state = open_dialog(NAME, page, title=run.plan["title"])
        make_plan(app, run.kind, run.account, params, identity, state)
        # The dialog is drawn with the buttons of the account, above.
        draw_again()


def undo_dialog(app: App, account: Account, identity: Identity, state: dict[str, Any]) -> None:
    """Draw the dialog with what would change back."""
    title = f"Undo: {plain(state['title'])}"
    dialog(title, _undo, width="medium", on_dismiss=close_dialog)(app, identity, state)


def _undo(app: App, identity: Identity, state: dict[str, Any]) -> None:
    plan: Plan | None = state["plan"]
    if plan is not None:
        show_plan(plan)
    show_notice(state)
    if plan is not None and not plan.blockers and st.button("Undo it", type="primary", key=f"start_{plan.id}"):
        if start_plan(app, identity, state):
            close_dialog()
        draw_again()
