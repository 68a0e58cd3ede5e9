"""What is shown at an address where this person has no page: why, and a link to a page they have."""

import streamlit as st

from lib.domain.permissions import GRANTS
from lib.ui import navigation, selection
from lib.ui.navigation import Section, section_at
from lib.ui.visit import Visit
from lib.ui.widgets.text import plain


def show_elsewhere(visit: Visit, url: str) -> None:
    """Say why this address shows nothing, and link to a page that does."""
    start = navigation.start_section(visit.identity)
    if start is None:
        _show_no_access(visit)
        return
    section = section_at(url)
    if section is None:
        st.warning(
            "**There is no page at this address.** It may be mistyped, or the link may be old. Nothing was changed.",
            icon=":material/wrong_location:",
        )
    elif not visit.staff:
        st.info("**This page is for our staff.** Your account has its own pages.", icon=":material/lock:")
    else:
        st.info(
            f"**“{section.title}” is for {_holders(section)}.** You do not have this role, so nothing was loaded. "
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


def _show_no_access(visit: Visit) -> None:
    """For somebody without any page: what is missing, and who can add it."""
    if visit.identity.roles and not visit.staff:
        who = plain(visit.app.settings.mail_contact)
        st.warning(f"**Your sign-in has no account.** Contact {who} to have it set up.", icon=":material/lock:")
        return
    st.warning(
        "**Your sign-in has no role**, so you cannot open any page. Ask an admin for a role.",
        icon=":material/lock:",
    )


def _holders(section: Section) -> str:
    """The roles that may open the section, in words."""
    roles = [role.value.replace("_", " ") for role in GRANTS if section.permission in GRANTS[role]]
    return f"the role {roles[0]}" if len(roles) == 1 else f"the roles {', '.join(roles)}"
