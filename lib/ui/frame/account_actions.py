"""The buttons of an account, in one row of its action bar, and the dialog one of them has opened."""

import streamlit as st

from lib.domain.audience import is_staff
from lib.ui.account import edit, refresh_rules
from lib.ui.account.deactivate import offer_deactivation, show_deactivation
from lib.ui.account.edit import edit_dialog, offer_edit
from lib.ui.account.refresh_rules import offer_refresh, refresh_dialog
from lib.ui.account.status import offer_standing, standing_dialog
from lib.ui.dialogs import opened_dialog
from lib.ui.runs import undo
from lib.ui.visit import Visit

_DIALOGS = {
    edit.NAME: edit_dialog,
    refresh_rules.NAME: refresh_dialog,
    undo.NAME: undo.undo_dialog,
    "suspend": standing_dialog,
    "enable": standing_dialog,
}


def show_actions(visit: Visit) -> None:
    """What this person may do to the account; for a customer there is nothing, and no dialog either."""
    if not is_staff(visit.identity, visit.account.number):
        return
    with st.container(horizontal=True):
        offer_edit(visit)
        offer_refresh(visit)
        offer_standing(visit)
        offer_deactivation(visit)
    # Drawn once, after every button: the last click decides which one it is.
    opened = opened_dialog(visit.account.number)
    if opened is not None and opened["name"] in _DIALOGS:
        _DIALOGS[opened["name"]](visit, opened)
    show_deactivation(visit)
