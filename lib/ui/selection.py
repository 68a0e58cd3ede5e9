"""Which account is open: it is in the address as `?account=`, and survives a reload and a sign-in."""

import streamlit as st

from lib.domain.accounts import Account
from lib.domain.audience import as_seen_by
from lib.store import accounts
from lib.ui.dialogs import close_dialog
from lib.ui.navigation import DETAILS, THIS_ACCOUNT, Section, section_at
from lib.ui.visit import Visit

_KEY = "open_account"
_PAGE = "open_page"
TYPED = "typed_in_search"
"""Set by the search box when typing in it started this run."""
_RUN = "run"


def settle(visit: Visit, page: str) -> str | None:
    """The number of the account this person works on now; also makes the address and the session agree with it.

    The account in the address wins: it is what the person opened, shared or went back to. A link of the sidebar clears
    the address, and then it is put back from the session. An account admin has one account.
    """
    named = st.query_params.get("account")
    before: str | None = st.session_state.get(_KEY)
    # Typing that was still on its way when a hit was clicked arrives with the old address, which must not win.
    typing = st.session_state.pop(TYPED, False)
    number = (before or named) if typing else (named or before)
    if not visit.identity.may_choose_accounts:
        number = visit.identity.account
    moved = number != before
    if number and (number != named or (moved and page == st.session_state.get(_PAGE))):
        # Also where the address says so already: after a link to the page that is open, Streamlit draws the linked
        # account but leaves the old one in the browser's address, and the next click would be made there. Not on
        # another page: the browser's history would then have the old page with the new account.
        st.query_params["account"] = number
    if moved:
        close_dialog()
    st.session_state[_KEY] = number
    st.session_state[_PAGE] = page
    return number


def named_account(visit: Visit) -> str | None:
    """The account in the browser's address at this click; for an account admin, their own.

    It does not depend on what was drawn earlier, so it shows when a dialog or form was made for another account.
    """
    return st.query_params.get("account") if visit.identity.may_choose_accounts else visit.identity.account


def own_key(account: Account, name: str) -> str:
    """The key of a button of this account, so that a late click made on another account's page does not press it."""
    return f"{name}_{account.number}"


def load(visit: Visit, number: str) -> Account | None:
    """The account with this number, as this person may see it, or None."""
    with visit.read() as connection:
        found = accounts.find_account(connection, number)
    return None if found is None else as_seen_by(visit.identity, found)


def section_of_other() -> Section:
    """The section to open another account in: the one that is open now, or the details when coming from a list."""
    section = section_at(st.session_state.get(_PAGE))
    return section if section and section.group == THIS_ACCOUNT else DETAILS


def open_account(number: str) -> None:
    """Go to this account. Ends the run of the script."""
    st.switch_page(section_of_other().path, query_params={"account": number})


def shown_run() -> str | None:
    """The run in the address (`?run=`), whose progress or receipt is shown."""
    return st.query_params.get(_RUN)


def show_run(run_id: str | None) -> None:
    """Put a run into the address, or take it out."""
    if run_id is None:
        st.query_params.pop(_RUN, None)
    else:
        st.query_params[_RUN] = run_id
