"""Emergency details: what is saved and how old it is, the contact form, earlier versions, and the list by number."""

from zoneinfo import ZoneInfo

import streamlit as st

from lib.domain.accounts import Account, AccountStatus
from lib.domain.auth_rules import NumberTruth
from lib.domain.permissions import Identity, Permission
from lib.domain.words import counted
from lib.launch import Hub
from lib.store import emergency, numbers
from lib.store.emergency import Version
from lib.ui.emergency_export import numbers_csv
from lib.ui.emergency_form import is_open, offer_form, show_form
from lib.ui.emergency_tables import history_frame, record_frame
from lib.ui.export_right import require_export
from lib.ui.fragments import fragment
from lib.ui.tables import show_text_table
from lib.ui.text import unlinked
from lib.ui.zuora_link import show_zuora_link


def show_emergency(hub: Hub, account: Account, identity: Identity) -> None:
    """The page below the action bar."""
    with hub.services.engine.connect() as connection:
        versions = emergency.list_versions(connection, account.number)
        has_numbers = numbers.has_numbers(connection, account.number)
    latest = versions[0] if versions else None
    may = identity.may(Permission.EMERGENCY_EDIT, account.number) and account.status is not AccountStatus.DEACTIVATED
    with st.container(horizontal=True, vertical_alignment="center"):
        if may:
            offer_form(hub, account, identity, latest)
        if latest is not None and has_numbers and identity.may(Permission.EXPORT, account.number):
            username = identity.username
            st.download_button(
                "Download by number",
                lambda: details_csv(hub, account.number, latest, username),
                file_name=f"emergency-details-{account.number}.csv",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
                help="The saved details, one line for each number of the account. This is no file for the register.",
            )
        show_zuora_link(hub, account, identity)
    _show_age(hub, latest)
    if may and is_open(account):
        # A fragment: each field that is left draws the form again, and nothing else.
        owned = {one.number for one in _owned(hub, account.number)}
        fragment(show_form)(hub, account, identity, latest, owned)
    elif latest is not None:
        show_text_table(record_frame(latest.record), "Saved emergency details")
    if len(versions) > 1:
        with st.expander(f"Earlier versions ({len(versions) - 1:,})", icon=":material/history:"):
            frame = history_frame(versions, hub.settings.time_zone)
            st.dataframe(frame, hide_index=True, alt="Versions of the emergency details", key="versions")


def details_csv(hub: Hub, number: str, version: Version, username: str) -> bytes:
    """The saved details by number, for a person who still may have them at this moment.

    Raises:
        PermissionError: the page was drawn for somebody who was shut out since.
    """
    require_export(hub, username, number)
    return numbers_csv(version, _owned(hub, number), hub.settings.time_zone).encode("utf-8-sig")


def _owned(hub: Hub, number: str) -> list[NumberTruth]:
    with hub.services.engine.connect() as connection:
        return numbers.truths_of_account(connection, number)


def _show_age(hub: Hub, latest: Version | None) -> None:
    if latest is None:
        st.info("No emergency details are saved for this account.", icon=":material/emergency:")
        return
    days = (hub.services.today() - latest.saved_at.astimezone(ZoneInfo(hub.settings.time_zone)).date()).days
    age = "today" if days <= 0 else f"{counted(days, 'day')} ago"
    # With the year: details may be years old.
    moment = latest.saved_at.astimezone(ZoneInfo(hub.settings.time_zone)).strftime("%-d %b %Y %H:%M")
    st.caption(f"Version {latest.version}, saved {age} ({moment}) by {unlinked(latest.saved_by)}.")
