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
BILLING = Section(
    "pages/account/billing.py",
    "Billing details",
    ":material/receipt_long:",
    "billing-details",
    THIS_ACCOUNT,
    Permission.ACCOUNT_SEE,
)
CONTACTS = Section(
    "pages/account/contacts.py",
    "Account contacts",
    ":material/contacts:",
    "account-contacts",
    THIS_ACCOUNT,
    Permission.ACCOUNT_SEE_ALL,
)
PBX = Section(
    "pages/account/pbx.py",
    "PBX",
    ":material/dialpad:",
    "pbx",
    THIS_ACCOUNT,
    Permission.ACCOUNT_SEE,
)
EMAILS = Section(
    "pages/account/emails.py",
    "Sent e-mail history",
    ":material/outgoing_mail:",
    "sent-emails",
    THIS_ACCOUNT,
    Permission.ACCOUNT_SEE,
)
EMERGENCY = Section(
    "pages/account/emergency.py",
    "Emergency details",
    ":material/emergency:",
    "emergency-details",
    THIS_ACCOUNT,
    Permission.ACCOUNT_SEE_ALL,
)
ACTIVITY = Section(
    "pages/account/activity.py",
    "Activity",
    ":material/history:",
    "account-activity",
    THIS_ACCOUNT,
    Permission.ACCOUNT_SEE_ALL,
)
CHARGE_MAP = Section(
    "pages/all/charge_map.py",
    "Charge map",
    ":material/rule_settings:",
    "charge-map",
    ALL_ACCOUNTS,
    Permission.CHARGE_MAP_EDIT,
)
ACCOUNTS = Section(
    "pages/all/accounts.py",
    "All accounts",
    ":material/group:",
    "accounts",
    ALL_ACCOUNTS,
    Permission.ACCOUNT_SEE_ALL,
)
SECTIONS = (DETAILS, BILLING, CONTACTS, PBX, EMERGENCY, EMAILS, ACTIVITY, ACCOUNTS, CHARGE_MAP)


def sections_for(identity: Identity) -> list[Section]:
    """The sections this person may open."""
    return [section for section in SECTIONS if identity.may(section.permission)]


def pages_for(identity: Identity) -> dict[str, list[StreamlitPage]]:
    """Streamlit's pages for this person, grouped as the sidebar shows them, and the bare address, which is none.

    Streamlit gives its default page no address but `/`; were that a section, its own address would lead nowhere.
    """
    grouped: dict[str, list[StreamlitPage]] = {"": [_bare_address()]}
    for section in sections_for(identity):
        page = st.Page(section.path, title=section.title, icon=section.icon, url_path=section.url)
        grouped.setdefault(section.group, []).append(page)
    return grouped


def start_section(identity: Identity) -> Section:
    """Where the bare address leads: an account it names, else the list of accounts for those who see it."""
    if "account" in st.query_params or not identity.may_choose_accounts:
        return DETAILS
    return ACCOUNTS


def closed_pages() -> list[StreamlitPage]:
    """The same addresses with nothing behind them, for a visitor who has not signed in: the address survives."""
    return [_bare_address(), *(st.Page(_nothing, title="Sign in", url_path=section.url) for section in SECTIONS)]


def _bare_address() -> StreamlitPage:
    return st.Page(_nothing, title="Account Manager", url_path="start", default=True, visibility="hidden")


def _nothing() -> None:
    """An anonymous visitor is sent to the sign-in."""
