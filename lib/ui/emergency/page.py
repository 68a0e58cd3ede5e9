"""Emergency details: what is saved and how old it is, the contact form, earlier versions and the download."""

from zoneinfo import ZoneInfo

import streamlit as st

from lib.domain.accounts import AccountStatus
from lib.domain.permissions import Permission
from lib.domain.words import counted
from lib.store import emergency, numbers
from lib.store.emergency import Version
from lib.ui.emergency.export import details_csv
from lib.ui.emergency.form import offer_form, show_form
from lib.ui.emergency.tables import history_frame, record_frame
from lib.ui.visit import Visit
from lib.ui.widgets.downloads import FOR_SHEETS, offer_download
from lib.ui.widgets.fragments import fragment
from lib.ui.widgets.tables import show_grid, show_text_table
from lib.ui.widgets.text import unlinked
from lib.ui.widgets.zuora_link import show_zuora_link


def show_emergency(visit: Visit) -> None:
    """The page below the action bar."""
    with visit.read() as connection:
        versions = emergency.list_versions(connection, visit.account.number)
        has_numbers = numbers.has_numbers(connection, visit.account.number)
    latest = versions[0] if versions else None
    may_edit = visit.may(Permission.EMERGENCY_EDIT) and visit.account.status is not AccountStatus.DEACTIVATED
    with st.container(horizontal=True, vertical_alignment="center"):
        is_open = may_edit and offer_form(visit, latest)
        if latest is not None and has_numbers and visit.may(Permission.EXPORT):
            offer_download(
                "Download by number",
                lambda: details_csv(visit, latest),
                file_name=f"emergency-details-{visit.account.number}.csv",
                mime=FOR_SHEETS,
                key="download_emergency",
                help="The saved details, one line for each number of the account. It is not a file for the register.",
            )
        show_zuora_link(visit)
    _show_age(visit, latest)
    if is_open:
        # A fragment: leaving a field draws only the form again.
        with visit.read() as connection:
            owned = {one.number for one in numbers.truths_of_account(connection, visit.account.number)}
        fragment(show_form)(visit, latest, owned)
    elif latest is not None:
        show_text_table(record_frame(latest.record), "Saved emergency details")
    if len(versions) > 1:
        with st.expander(f"Earlier versions ({len(versions) - 1:,})", icon=":material/history:"):
            frame = history_frame(versions, visit.app.settings.time_zone)
            show_grid(frame, "Versions of the emergency details", key="versions")


def _show_age(visit: Visit, latest: Version | None) -> None:
    if latest is None:
        st.info("No emergency details are saved for this account.", icon=":material/emergency:")
        return
    saved = latest.saved_at.astimezone(ZoneInfo(visit.app.settings.time_zone))
    days = (visit.app.services.today() - saved.date()).days
    age = "today" if days <= 0 else f"{counted(days, 'day')} ago"
    # With the year: details may be years old.
    st.caption(f"Version {latest.version}, saved {age} ({saved:%-d %b %Y %H:%M}) by {unlinked(latest.saved_by)}.")
