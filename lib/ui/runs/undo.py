"""Undo: a new, checked action that takes a finished one back, offered while its value still stands."""

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
    """The button beside a receipt, where there is something to take back; a click opens the dialog."""
    run = progress.run
    params = visit.app.runner.undo_params(run, visit.identity)
    if params is None:
        return
    if st.button("Undo", icon=":material/undo:", key=f"undo_{run.id}", help="Shows first what would change back"):
        title = f"Undo: {plain(run.plan['title'])}"
        # A child's receipt stands on its parent's page, too.
        page = visit.opened.number if visit.opened else None
        make_plan(visit, Dialog(name=NAME, account=page, title=title), run.kind, params, run.account)
        # The dialog is drawn with the buttons of the account, above.
        draw_again()


def undo_dialog(visit: Visit, dialog: Dialog) -> None:
    """Draw the dialog with what would change back."""
    confirm_in_dialog(visit, dialog, _undo)


def _undo(visit: Visit, dialog: Dialog) -> None:
    show_confirmation(visit, dialog, Asked(start="Undo it"))
