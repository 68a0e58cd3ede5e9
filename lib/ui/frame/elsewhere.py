"""What stands at an address that is no page of this person: a sentence that says why, and the way to one that is."""

import streamlit as st

from lib.domain.permissions import GRANTS
from lib.ui import navigation, selection
from lib.ui.navigation import Section
from lib.ui.visit import Visit
from lib.ui.widgets.text import plain


def show_elsewhere(visit: Visit, url: str) -> None:
    """Say why there is nothing to see at this address, and where there is."""
    start = navigation.start_section(visit.identity)
    if start is None:
        _show_shut_out(visit)
        return
    section = next((one for one in navigation.SECTIONS if one.url == url), None)
    if section is None:
        st.warning(
            "**There is no page at this address.** It may be mistyped, or the link to it is old. Nothing was done.",
            icon=":material/wrong_location:",
        )
    elif not visit.staff:
        st.info("**This page is for our staff.** Your account has pages of its own.", icon=":material/lock:")
    else:
        st.info(
            f"**“{section.title}” is for {_holders(section)}.** Your roles do not include it, so nothing was loaded. "
            "Ask an admin if you need it.",
            icon=":material/lock:",
        )
    st.page_link(start.path, label=f"Go to {_where(visit, start)}", icon=start.icon)


def _where(visit: Visit, start: Section) -> str:
    if start is navigation.ACCOUNTS:
        return "the list of accounts"
    number = selection.named_account(visit)
    account = selection.load(visit, number) if number else None
    return plain(account.title) if account is not None else "your account"


def _show_shut_out(visit: Visit) -> None:
    """Somebody without any page: what they lack, and who can give it."""
    if visit.identity.roles and not visit.staff:
        who = plain(visit.app.settings.mail_contact)
        st.warning(f"**Your sign-in belongs to no account.** Contact {who} to have it set.", icon=":material/lock:")
        return
    st.warning(
        "**Your sign-in has no role**, so nothing is open to you and nothing was loaded. Ask an admin for one.",
        icon=":material/lock:",
    )


def _holders(section: Section) -> str:
    """The roles that open the section, in words."""
    roles = [role.value.replace("_", " ") for role in GRANTS if section.permission in GRANTS[role]]
    return f"the role {roles[0]}" if len(roles) == 1 else f"the roles {', '.join(roles)}"
