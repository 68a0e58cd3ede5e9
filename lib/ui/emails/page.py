"""The sent e-mail history: what the Hub sent for this account, newest first, with filters and an export."""

import streamlit as st
from sqlalchemy.exc import SQLAlchemyError

from lib.domain.activity import zone_of
from lib.domain.permissions import Permission
from lib.domain.words import counted
from lib.store import emails
from lib.store.emails import EmailFilter, EmailRow
from lib.ui.emails.detail import CLOSED, show_detail, show_email
from lib.ui.emails.dialogs import show_resend_dialog
from lib.ui.emails.export import MOST, emails_csv
from lib.ui.emails.filter import choose_emails, clear_emails
from lib.ui.emails.tables import emails_frame
from lib.ui.visit import Visit
from lib.ui.widgets.away import show_unread
from lib.ui.widgets.downloads import FOR_SHEETS, offer_download
from lib.ui.widgets.paging import offer_turns, place_in
from lib.ui.widgets.tables import choose_row
from lib.ui.widgets.zuora_link import show_zuora_link

PAGE = 50
COUNTED = 1_000
"""Counting stops here: to count all e-mails of an old account would take too long for a page."""
_NOT_HERE = "Voicemail and other callflow notices are not listed here, nor are invoices and other billing e-mails"


def show_emails(visit: Visit) -> None:
    """The page below the action bar."""
    zone = zone_of(st.context.timezone, visit.app.settings.time_zone)
    billing = " those are on the account's page in Zuora." if visit.staff else ""
    st.caption(
        f"{_NOT_HERE}{':' if billing else '.'}{billing} “Accepted by the mail server” does not mean that an "
        f"e-mail was delivered or read. Times: {zone.replace('_', ' ')}."
    )
    show_zuora_link(visit)
    try:
        _show_list(visit, zone)
        show_detail(visit, zone)
    except SQLAlchemyError as error:
        words = "**The sent e-mails could not be read.** They may still have been sent. Try again in a moment."
        show_unread("sent e-mails", words, visit.account.number, error)
        return
    show_resend_dialog(visit)


def _show_list(visit: Visit, zone: str) -> None:
    wanted, number, customer = choose_emails(zone), visit.account.number, not visit.staff
    place = place_in("emails_place", (number, wanted))
    with visit.read() as connection:
        rows = emails.read_emails(connection, number, wanted, after=place.after, limit=PAGE + 1, customer=customer)
        count, more = len(rows), len(rows) > PAGE
        if more or place.trail:
            count = emails.count_emails(connection, number, wanted, most=COUNTED + 1, customer=customer)
    if rows:
        _show_head(visit, wanted, zone, count)
        _show_table(rows[:PAGE], number, zone)
        offer_turns(place, "Newer", "Older", last=rows[PAGE - 1].place if more else None)
    elif place.trail:
        st.info("No older e-mails.", icon=":material/last_page:")
        offer_turns(place, "Newer", "Older", last=None)
    elif wanted == EmailFilter():
        st.info("The Hub has sent no e-mail for this account yet.", icon=":material/outgoing_mail:")
    else:
        st.info("No sent e-mail matches all of these filters.", icon=":material/filter_alt_off:")
        st.button("Clear the filters", icon=":material/filter_alt_off:", key="clear_emails", on_click=clear_emails)


def _show_head(visit: Visit, wanted: EmailFilter, zone: str, count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        found = f"More than {COUNTED:,} e-mails" if count > COUNTED else counted(count, "e-mail")
        st.markdown(found, width="content")
        if visit.may(Permission.EXPORT):
            offer_download(
                "Export as CSV",
                lambda: emails_csv(visit, wanted, zone),
                file_name=f"sent-emails-{visit.account.number}.csv",
                mime=FOR_SHEETS,
                key="export_emails",
                help=f"The e-mails that match the filters, at most the newest {MOST:,}.",
            )
            if count > COUNTED:
                st.caption(f"An export has the newest {MOST:,}. Choose dates to export older ones.", width="content")


def _show_table(rows: list[EmailRow], number: str, zone: str) -> None:
    # The key names the first row. A row is selected by position, which is another e-mail after new ones arrive.
    key = f"emails_{number}_{rows[0].id}_{st.session_state.get(CLOSED, 0)}"
    ids = [one.id for one in rows]

    def chosen(position: int | None) -> None:
        show_email(None if position is None else ids[position])

    choose_row(emails_frame(rows, zone), "Sent e-mails", key=key, chosen=chosen)
