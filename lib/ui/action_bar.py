"""The head of every account page: state first, then number and name, family, and what Zuora's answer is worth."""

import streamlit as st

from lib.domain.accounts import Account, AccountStatus
from lib.domain.permissions import Identity
from lib.launch import Hub
from lib.live import Reading
from lib.ui.moments import at
from lib.ui.selection import open_account
from lib.ui.text import plain

_PILLS = {
    AccountStatus.ACTIVE: ("Active", ":material/check_circle:", "green"),
    AccountStatus.SUSPENDED: ("Suspended", ":material/pause_circle:", "orange"),
    AccountStatus.DEACTIVATED: ("Deactivated", ":material/cancel:", "gray"),
}


def show_action_bar(hub: Hub, account: Account, identity: Identity) -> None:
    """Status banner at the top left, then who this is, then the way to the parent."""
    if account.status is AccountStatus.SUSPENDED:
        st.error(
            "**This account is suspended.** Inbound calls go straight to voicemail. "
            "Outbound calls hear that the account is not allowed to make calls.",
            icon=":material/pause_circle:",
        )
    elif account.status is AccountStatus.DEACTIVATED:
        st.error("**This account is deactivated.** Nothing can be changed any more.", icon=":material/cancel:")
    label, icon, color = _PILLS[account.status]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain(account.title), anchor=False, width="content")
        st.badge(label, icon=icon, color=color)  # type: ignore[arg-type]
    if account.parent_number:
        shown = f"Parent: {account.parent_number} {plain(account.parent_name or '')}"
        if identity.may_choose_accounts:
            if st.button(shown, icon=":material/account_tree:", type="tertiary", key="open_parent"):
                open_account(account.parent_number)
        else:
            st.caption(shown)


def show_reading(hub: Hub, reading: Reading) -> None:
    """Say what Zuora's side of the page is worth, unless it was read just now."""
    kept = f"Showing what was read at {at(hub, reading.read_at)}." if reading.value else "Nothing was read earlier."
    match reading.state:
        case "failed":
            st.warning(
                f"Zuora could not be read at {at(hub, reading.failed_at)}. {kept} {plain(reading.why)}",
                icon=":material/cloud_off:",
            )
        case "reading":
            st.info(f"Zuora is being read. {kept}", icon=":material/hourglass_top:")
        case "missing":
            st.warning(f"{plain(reading.why)} Correct the link between the two.", icon=":material/link_off:")
        case "unlinked":
            st.info("This account is not linked to Zuora.", icon=":material/link_off:")
