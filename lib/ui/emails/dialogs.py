"""Sending an e-mail again: its buttons, and the dialog that shows what will be sent."""

import streamlit as st

from lib.actions.emails.resend_email import TO_ME, TO_ORIGINAL
from lib.store.emails import EmailDetail
from lib.ui.dialogs import Dialog, opened_dialog
from lib.ui.runs.confirm import confirm_in_dialog, show_confirmation
from lib.ui.runs.start import make_plan
from lib.ui.visit import Visit
from lib.ui.widgets.text import plain

NAME = "resend_email"


def offer_resend(visit: Visit, email: EmailDetail) -> None:
    """The buttons that send it again, to its recipient or to the person who presses."""
    with st.container(horizontal=True):
        for to, label, icon in (
            (TO_ORIGINAL, f"Send again to {email.recipient}", ":material/forward_to_inbox:"),
            (TO_ME, "Send to me", ":material/inbox:"),
        ):
            if st.button(plain(label), icon=icon, key=f"resend_{to}_{email.id}"):
                dialog = Dialog(name=NAME, account=visit.account.number, title="Send again")
                make_plan(visit, dialog, NAME, {"email": email.id, "to": to})


def show_resend_dialog(visit: Visit) -> None:
    """The dialog, if it is open."""
    dialog = opened_dialog(visit.account.number)
    if dialog is not None and dialog.name == NAME:
        confirm_in_dialog(visit, dialog, show_confirmation)
