"""One sent e-mail with its text, and the dialog that sends it again."""

from typing import Any

import streamlit as st

from lib.actions.emails.resend_email import TO_ME, TO_ORIGINAL, ResendEmail, why_not
from lib.actions.engine.plan import Plan
from lib.domain.audience import is_staff
from lib.domain.permissions import Permission
from lib.store import emails
from lib.store.emails import EmailDetail
from lib.ui.dialogs import close_dialog, open_dialog
from lib.ui.emails.tables import kind_label, row_of, state_label
from lib.ui.emails.text import covered
from lib.ui.runs.plan import make_plan, show_notice, show_plan, start_plan
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.fragments import dialog
from lib.ui.widgets.text import plain, unlinked

NAME = "resend_email"
CLOSED = "emails_closed"
"""How often somebody closed an e-mail in this session; the table begins anew then, without a chosen row."""
_SHOWN = "email"


def shown_email() -> str | None:
    """The e-mail the address asks for (`?email=`)."""
    return st.query_params.get(_SHOWN)


def show_email(email_id: int | None) -> None:
    """Ask for an e-mail in the address, or stop asking."""
    if email_id is None:
        st.query_params.pop(_SHOWN, None)
    else:
        st.query_params[_SHOWN] = str(email_id)


def show_detail(visit: Visit, zone: str) -> None:
    """The box with the e-mail the address asks for, if it asks for one."""
    asked = shown_email()
    if asked is None:
        return
    email = None
    staff = is_staff(visit.identity, visit.account.number)
    # More digits than any id has would be no number to the database.
    if asked.isascii() and asked.isdigit() and len(asked) <= 18:
        with visit.read() as connection:
            email = emails.find_email(connection, visit.account.number, int(asked), customer=not staff)
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
            + (" · Sent again by hand" if email.resent_from and staff else "")
        )
        reason = why_not(email.kind, email.body)
        if email.body:
            st.code(covered(email.body), language=None, wrap_lines=True)
        if reason and staff:
            st.info(reason, icon=":material/lock:")
        elif not email.body:
            st.info("The text of this e-mail is not kept.", icon=":material/lock:")
        elif visit.may(Permission.EMAIL_RESEND):
            _offer(visit, email)


def resend_dialog(visit: Visit, state: dict[str, Any]) -> None:
    """Draw the dialog with what would be sent."""
    dialog("Send again", _confirm, width="medium", on_dismiss=close_dialog)(visit, state)


def _offer(visit: Visit, email: EmailDetail) -> None:
    with st.container(horizontal=True):
        for to, label, icon in (
            (TO_ORIGINAL, f"Send again to {email.recipient}", ":material/forward_to_inbox:"),
            (TO_ME, "Send to me", ":material/inbox:"),
        ):
            if st.button(plain(label), icon=icon, key=f"resend_{to}_{email.id}"):
                params = {"email": email.id, "to": to}
                make_plan(visit, NAME, visit.account.number, params, open_dialog(NAME, visit.account.number))


def _confirm(visit: Visit, state: dict[str, Any]) -> None:
    plan: Plan | None = state["plan"]
    if plan is not None:
        show_plan(plan)
    show_notice(state)
    if plan is not None and not plan.blockers and st.button(ResendEmail.verb, type="primary", key=f"start_{plan.id}"):
        if start_plan(visit, state):
            close_dialog()
        draw_again()
