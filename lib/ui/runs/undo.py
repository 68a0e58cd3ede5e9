"""Undo: a new, checked action that reverses a finished one, offered while nothing has changed since."""

import streamlit as st

from lib.actions.engine.progress import Progress
from lib.ui.dialogs import Dialog
from lib.ui.runs.confirm import Asked, confirm_in_dialog, show_confirmation
from lib.ui.runs.start import make_plan
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.text import plain

NAME = "undo"


def offer_undo(visit: Visit, progress: Progress) -> None:
    """The button of a receipt, if its run can be undone; a click opens the dialog."""
    run = progress.run
    params = visit.app.runner.undo_params(run, visit.identity)
    if params is None:
        return
    if st.button("Undo", icon=":material/undo:", key=f"undo_{run.id}", help="First shows what would change back"):
        title = f"Undo: {plain(run.plan['title'])}"
        # A child's receipt is on its parent's page, too.
        page = visit.opened.number if visit.opened else None
        make_plan(visit, Dialog(name=NAME, account=page, title=title), run.kind, params, run.account)
        # The dialog is drawn with the buttons of the account, above.
        draw_again()


def undo_dialog(visit: Visit, dialog: Dialog) -> None:
    """Draw the dialog with the plan of the undo."""
    confirm_in_dialog(visit, dialog, _undo)


def _undo(visit: Visit, dialog: Dialog) -> None:
    show_confirmation(visit, dialog, Asked(start="Undo it"))
