"""The sections of the product: where their script is, who sees them, and how one gets there."""

from dataclasses import dataclass

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from lib.domain.permissions import Identity, Permission

THIS_ACCOUNT = "This account"
ALL_ACCOUNTS = "All accounts"


@dataclass(frozen=True)
class Section:
    """One page. `path` is nested on purpose: Streamlit serves flat `pages/*.py` without running Home.py."""

    path: str
    title: str
    icon: str
    url: str
    group: str
    permission: Permission


DETAILS = Section(
    "pages/account/details.py",
    "Account details",
    ":material/badge:",
    "account-details",
    THIS_ACCOUNT,
    Permission.ACCOUNT_SEE,
)
ACCOUNTS = Section(
    "pages/all/accounts.py",
    "All accounts",
    ":material/group:",
    "accounts",
    ALL_ACCOUNTS,
    Permission.ACCOUNT_SEE_ALL,
)
SECTIONS = (DETAILS, ACCOUNTS)


def sections_for(identity: Identity) -> list[Section]:
    """The sections this person may open."""
    return [section for section in SECTIONS if identity.may(section.permission)]


def pages_for(identity: Identity) -> dict[str, list[StreamlitPage]]:
    """Streamlit's pages for this person, grouped as the sidebar shows them. The first one is the start page."""
    visible = sections_for(identity)
    start = ACCOUNTS if ACCOUNTS in visible else DETAILS
    grouped: dict[str, list[StreamlitPage]] = {}
    for section in visible:
        page = st.Page(
            section.path,
            title=section.title,
            icon=section.icon,
            url_path=section.url,
            default=section is start,
        )
        grouped.setdefault(section.group, []).append(page)
    return grouped


def closed_pages() -> list[StreamlitPage]:
    """The same addresses with nothing behind them, for a visitor who has not signed in: the address survives."""
    return [
        st.Page(_nothing, title="Sign in", url_path=section.url, default=section is ACCOUNTS) for section in SECTIONS
    ]


def _nothing() -> None:
    """The sign-in form is all an anonymous visitor gets."""
