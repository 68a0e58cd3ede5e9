"""The sections of the product: where their script is, who sees them, and how one gets there."""

import re
from dataclasses import dataclass

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib.domain.permissions import Identity, Permission

_NAME = "Account Manager"
_BARE = "start"
_NOBODYS = "address_of_nobody"
# What can be the address of a page of ours; anything else is left to Streamlit.
_ADDRESS = re.compile(r"[\w.~-]{1,80}")
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
    """Streamlit's pages for this person, grouped as the sidebar shows them, and those addresses that are no page.

    Streamlit gives its default page no address but `/`; were that a section, its own address would lead nowhere.
    The addresses of sections this person may not open, and one that is nobody's, lead to a page with nothing in it:
    the frame says there why. Streamlit itself would cover the page with a box that says less.
    """
    grouped: dict[str, list[StreamlitPage]] = {"": [_bare_address()]}
    allowed = sections_for(identity)
    closed = [section.url for section in SECTIONS if section not in allowed]
    for url in [*closed, *_nobodys_address()]:
        grouped[""].append(st.Page(_nothing, title=_NAME, url_path=url, visibility="hidden"))
    for section in allowed:
        page = st.Page(section.path, title=section.title, icon=section.icon, url_path=section.url)
        grouped.setdefault(section.group, []).append(page)
    return grouped


def start_section(identity: Identity) -> Section | None:
    """Where the bare address leads: an account it names, else the list of accounts for those who see it.

    None for somebody who may open nothing: without a role, or without an account of their own.
    """
    start = DETAILS if "account" in st.query_params or not identity.may_choose_accounts else ACCOUNTS
    return start if identity.may(start.permission) else None


def is_about_account(url: str) -> bool:
    """True for the sections of one account."""
    return any(section.url == url for section in SECTIONS if section.group == THIS_ACCOUNT)


def closed_pages() -> list[StreamlitPage]:
    """The same addresses with nothing behind them, for a visitor who has not signed in: the address survives."""
    urls = [*(section.url for section in SECTIONS), *_nobodys_address()]
    return [_bare_address(), *(st.Page(_nothing, title="Sign in", url_path=url) for url in urls)]


def _bare_address() -> StreamlitPage:
    return st.Page(_nothing, title=_NAME, url_path=_BARE, default=True, visibility="hidden")


def _nobodys_address() -> list[str]:
    """The address that was asked for, where no section has it; the session remembers it for the clicks made there."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return []
    asked = context.pages_manager.intended_page_name or st.session_state.get(_NOBODYS) or ""
    if not _ADDRESS.fullmatch(asked) or asked in {_BARE, *(section.url for section in SECTIONS)}:
        return []
    st.session_state[_NOBODYS] = asked
    return [asked]


def _nothing() -> None:
    """The frame draws all there is to see: the way to the sign-in, or why there is no page."""
