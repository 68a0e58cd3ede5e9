"""The buttons of an account, in one row of its action bar, and the dialog that one of them opened."""

import streamlit as st

from lib.ui.account.deactivate import offer_deactivation, show_deactivation
from lib.ui.account.dialogs import offer_refresh, offer_status, show_dialog
from lib.ui.account.form import EditDialog, edit_dialog, offer_edit
from lib.ui.dialogs import opened_dialog
from lib.ui.runs import undo
from lib.ui.visit import Visit


def show_actions(visit: Visit) -> None:
    """The buttons this person may use, and the open dialog. A customer gets neither."""
    if not visit.staff:
        return
    with st.container(horizontal=True):
        offer_edit(visit)
        offer_refresh(visit)
        offer_status(visit)
        offer_deactivation(visit)
    # Drawn once, after all buttons: the last click decides which dialog it is.
    opened = opened_dialog(visit.account.number)
    if isinstance(opened, EditDialog):
        edit_dialog(visit, opened)
    elif opened is not None and opened.name == undo.NAME:
        undo.undo_dialog(visit, opened)
    elif opened is not None:
        show_dialog(visit, opened)
    show_deactivation(visit)
