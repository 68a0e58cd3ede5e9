"""One sent e-mail with its text. The page's address (`?email=`) says which one is open."""

import streamlit as st

from lib.actions.emails.resend_email import why_not
from lib.domain.permissions import Permission
from lib.store import emails
from lib.ui.emails.dialogs import offer_resend
from lib.ui.emails.tables import kind_label, row_of, state_label
from lib.ui.emails.text import covered
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.text import plain, unlinked

CLOSED = "emails_closed"
"""How often an e-mail was closed in this session: a part of the table's key, so that no row stays selected."""
_SHOWN = "email"


def show_email(email_id: int | None) -> None:
    """Open an e-mail, or close it (None)."""
    if email_id is None:
        st.query_params.pop(_SHOWN, None)
    else:
        st.query_params[_SHOWN] = str(email_id)


def show_detail(visit: Visit, zone: str) -> None:
    """The box with the e-mail that is open, if there is one."""
    asked = st.query_params.get(_SHOWN)
    if asked is None:
        return
    email = None
    # The database refuses a number with more digits.
    if asked.isascii() and asked.isdigit() and len(asked) <= 18:
        with visit.read() as connection:
            email = emails.find_email(connection, visit.account.number, int(asked), customer=not visit.staff)
    with st.container(border=True):
        head, close = st.columns([5, 1], vertical_alignment="center")
        if close.button("Close", icon=":material/close:", type="tertiary", key="close_email"):
            show_email(None)
            st.session_state[CLOSED] = st.session_state.get(CLOSED, 0) + 1
            draw_again()
        if email is None:
            head.warning("This account has no such e-mail in its history.", icon=":material/search_off:")
            return
        head.markdown(f"**{plain(email.subject)}**")
        sent = row_of(email, zone)[0]
        st.caption(
            f"{sent} to {unlinked(email.recipient)} · {plain(kind_label(email.kind))} · {state_label(email.state)}"
            + (" · Sent again by hand" if email.resent_from and visit.staff else "")
        )
        reason = why_not(email.kind, email.body)
        if email.body:
            st.code(covered(email.body), language=None, wrap_lines=True)
        if reason and visit.staff:
            st.info(reason, icon=":material/lock:")
        elif not email.body:
            st.info("The text of this e-mail is not kept.", icon=":material/lock:")
        elif visit.may(Permission.EMAIL_RESEND):
            offer_resend(visit, email)
