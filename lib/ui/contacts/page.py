"""Account contacts: Bill To and Sold To side by side as Zuora has them, and where else invoices go."""

import streamlit as st

from lib.actions.contacts.edit_contact import BOTH, contact_of
from lib.app.live import Reading
from lib.clients.zuora import ZuoraAccount
from lib.domain.contacts import ContactRole
from lib.domain.permissions import Permission
from lib.ui import auth
from lib.ui.contacts.form import show_form
from lib.ui.contacts.state import is_begun
from lib.ui.contacts.tables import contact_frame
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.fragments import fragment
from lib.ui.widgets.reading import follow_reading, show_reading
from lib.ui.widgets.tables import show_text_table
from lib.ui.widgets.text import plain
from lib.ui.widgets.zuora_link import show_zuora_link

_PURPOSE = {
    ContactRole.BILL_TO: "Invoices are sent to the e-mail address of this contact.",
    ContactRole.SOLD_TO: "The emergency details are pulled from this contact.",
}


def show_contacts(visit: Visit) -> None:
    """The page below the action bar."""
    show_zuora_link(visit)
    reading = visit.app.live.zuora(visit.account)
    # Also on a deactivated account: Zuora allows it, and final invoices go to the Bill To.
    may_edit = visit.may(Permission.CONTACTS_EDIT)
    # Forms on the screen stay while Zuora does not answer: somebody may have typed into them.
    begun = may_edit and is_begun(visit.account)
    if reading.state == "reading":
        follow_reading(visit, show_reading if begun else _show_last)
        if not begun:
            return
    else:
        show_reading(visit, reading)
    if reading.value is None:
        return
    billing = reading.value.account
    if billing.shared_contact:
        st.info(BOTH, icon=":material/link:")
    if begun or (may_edit and reading.state == "live"):
        # A fragment: leaving a field draws only the forms again.
        fragment(_show_forms)(visit, billing)
    else:
        _show_both(visit, billing, editable=False)
    _show_additional(billing)


def _show_last(visit: Visit, reading: Reading) -> None:
    show_reading(visit, reading)
    if reading.value is not None:
        _show_both(visit, reading.value.account, editable=False)


def _show_forms(visit: Visit, billing: ZuoraAccount) -> None:
    if auth.current(visit.app) != visit.identity:
        # The person has signed out, or somebody else has signed in, since the page was drawn.
        draw_again()
    _show_both(visit, billing, editable=True)


def _show_both(visit: Visit, billing: ZuoraAccount, *, editable: bool) -> None:
    for column, role in zip(st.columns(2, gap="large"), ContactRole, strict=True):
        with column:
            st.markdown(f"**{role.label} contact**")
            st.caption(_PURPOSE[role])
            contact = contact_of(billing, role)
            if contact is None:
                st.caption(f"The account has no {role.label} contact in Zuora.")
            elif editable:
                show_form(visit, role, contact)
            else:
                show_text_table(contact_frame(contact), f"{role.label} contact")


def _show_additional(billing: ZuoraAccount) -> None:
    """The help article's note: copies of invoices go to addresses that are not edited here."""
    st.markdown("**Additional invoice addresses**")
    if billing.additional_emails:
        st.markdown("\n".join(f"- {plain(address)}" for address in billing.additional_emails))
    else:
        st.caption("Nobody else receives a copy of invoices.")
    st.caption("Additional addresses are not updated here; edit them on the Zuora account page.")
