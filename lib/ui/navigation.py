"""The sections of the product: their scripts, their addresses, and who may see them."""

import re
from dataclasses import dataclass

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib.domain.permissions import Identity, Permission

_NAME = "Account Manager"
_BARE = "start"
_UNKNOWN = "unknown_address"
# An address that one of our pages could have; anything else is left to Streamlit.
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
    """Streamlit's pages for this person, grouped as in the sidebar, and hidden empty pages for other addresses.

    Streamlit gives its default page no address but `/`, so no section is the default. A section this person may not
    open, or an unknown address, gets an empty page where the frame says why. Otherwise Streamlit would cover the page
    with a box that says less.
    """
    grouped: dict[str, list[StreamlitPage]] = {"": [_bare_address()]}
    allowed = sections_for(identity)
    closed = [section.url for section in SECTIONS if section not in allowed]
    for url in [*closed, *_unknown_address()]:
        grouped[""].append(st.Page(_nothing, title=_NAME, url_path=url, visibility="hidden"))
    for section in allowed:
        page = st.Page(section.path, title=section.title, icon=section.icon, url_path=section.url)
        grouped.setdefault(section.group, []).append(page)
    return grouped


def start_section(identity: Identity) -> Section | None:
    """The section `/` leads to: the details of the account in the address, or else the list of all accounts.

    None for somebody who may open nothing: they have no role, or no account of their own.
    """
    start = DETAILS if "account" in st.query_params or not identity.may_choose_accounts else ACCOUNTS
    return start if identity.may(start.permission) else None


def section_at(url: str | None) -> Section | None:
    """The section with this address, or None."""
    return next((section for section in SECTIONS if section.url == url), None)


def closed_pages() -> list[StreamlitPage]:
    """Empty pages at all the addresses, for a visitor who has not signed in, so that the address is kept."""
    urls = [*(section.url for section in SECTIONS), *_unknown_address()]
    return [_bare_address(), *(st.Page(_nothing, title="Sign in", url_path=url) for url in urls)]


def _bare_address() -> StreamlitPage:
    return st.Page(_nothing, title=_NAME, url_path=_BARE, default=True, visibility="hidden")


def _unknown_address() -> list[str]:
    """The address in the browser, if no section has it; the session remembers it for the clicks made there."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return []
    asked = context.pages_manager.intended_page_name or st.session_state.get(_UNKNOWN) or ""
    if not _ADDRESS.fullmatch(asked) or asked in {_BARE, *(section.url for section in SECTIONS)}:
        return []
    st.session_state[_UNKNOWN] = asked
    return [asked]


def _nothing() -> None:
    """The frame draws everything: the link to the sign-in, or why there is no page."""
