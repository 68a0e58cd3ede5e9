"""Undo: a new, checked action that takes a finished one back, offered while its value still stands."""

from typing import Any

import streamlit as st

from lib.actions.engine.plan import Plan
from lib.actions.engine.progress import Progress
from lib.ui.dialogs import close_dialog, open_dialog
from lib.ui.runs.plan import make_plan, show_notice, show_plan, start_plan
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.fragments import dialog
from lib.ui.widgets.text import plain

NAME = "undo"


def offer_undo(visit: Visit, progress: Progress, page: str) -> None:
    """The button beside a receipt, where there is something to take back; a click opens the dialog.

    `page` is the account whose page the receipt stands on: a child's receipt stands on its parent's page, too.
    """
    run = progress.run
    params = visit.app.runner.undo_params(run, visit.identity)
    if params is None:
        return
    if st.button("Undo", icon=":material/undo:", key=f"undo_{run.id}", help="Shows first what would change back"):
        state = open_dialog(NAME, page, title=run.plan["title"])
        make_plan(visit, run.kind, run.account, params, state)
        # The dialog is drawn with the buttons of the account, above.
        draw_again()


def undo_dialog(visit: Visit, state: dict[str, Any]) -> None:
    """Draw the dialog with what would change back."""
    title = f"Undo: {plain(state['title'])}"
    dialog(title, _undo, width="medium", on_dismiss=close_dialog)(visit, state)


def _undo(visit: Visit, state: dict[str, Any]) -> None:
    plan: Plan | None = state["plan"]
    if plan is not None:
        show_plan(plan)
    show_notice(state)
    if plan is not None and not plan.blockers and st.button("Undo it", type="primary", key=f"start_{plan.id}"):
        if start_plan(visit, state):
            close_dialog()
        draw_again()
