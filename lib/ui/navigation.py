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


def _of_account(script: str, title: str, icon: str, url: str, permission: Permission) -> Section:
    return Section(f"pages/account/{script}.py", title, f":material/{icon}:", url, THIS_ACCOUNT, permission)


def _of_all(script: str, title: str, icon: str, url: str, permission: Permission) -> Section:
    return Section(f"pages/all/{script}.py", title, f":material/{icon}:", url, ALL_ACCOUNTS, permission)


_EACH, _STAFF = Permission.ACCOUNT_SEE, Permission.ACCOUNT_SEE_ALL
DETAILS = _of_account("details", "Account details", "badge", "account-details", _EACH)
BILLING = _of_account("billing", "Billing details", "receipt_long", "billing-details", _EACH)
CONTACTS = _of_account("contacts", "Account contacts", "contacts", "account-contacts", _STAFF)
PBX = _of_account("pbx", "PBX", "dialpad", "pbx", _EACH)
EMAILS = _of_account("emails", "Sent e-mail history", "outgoing_mail", "sent-emails", _EACH)
EMERGENCY = _of_account("emergency", "Emergency details", "emergency", "emergency-details", _STAFF)
ACTIVITY = _of_account("activity", "Activity", "history", "account-activity", _STAFF)
CHARGE_MAP = _of_all("charge_map", "Charge map", "rule_settings", "charge-map", Permission.CHARGE_MAP_EDIT)
ACCOUNTS = _of_all("accounts", "All accounts", "group", "accounts", _STAFF)
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
