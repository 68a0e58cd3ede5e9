"""Which account is open: kept in the address as `?account=`, where it survives a reload and a sign-in."""

import streamlit as st

from lib.domain.accounts import Account
from lib.domain.audience import as_seen_by
from lib.store import accounts
from lib.ui.dialogs import close_dialog
from lib.ui.navigation import DETAILS, SECTIONS, THIS_ACCOUNT, Section
from lib.ui.visit import Visit

_KEY = "open_account"
_PAGE = "open_page"
TYPED = "typed_in_search"
"""Set by the search box in a run that typing in it has caused."""
_RUN = "run"


def settle(visit: Visit, page: str) -> str | None:
    """The number of the account this person works on now; page, address and session are made to agree.

    The address wins when it names one: it is what the person opened, shared or went back to. Following a link of
    the sidebar clears the address, and then it is put back from the session. An account admin has one account.
    """
    named = st.query_params.get("account")
    if st.session_state.pop(TYPED, False) and st.session_state.get(_KEY):
        # Letters that were on their way when a hit was pressed come with the address of before: they move nobody.
        number: str | None = st.session_state[_KEY]
    else:
        number = named or st.session_state.get(_KEY)
    if not visit.identity.may_choose_accounts:
        number = visit.identity.account
    moved = number != st.session_state.get(_KEY)
    if number and (number != named or (moved and page == st.session_state.get(_PAGE))):
        # Also where the address says so already: after a link to the page that is open, Streamlit draws the linked
        # account but leaves the old one in the browser's address, and the next click would be made there. On another
        # page it must not be said: the browser would keep the old page with the new account among those to go back to.
        st.query_params["account"] = number
    if moved:
        # What was opened on another account is not what the person looks at now.
        close_dialog()
    st.session_state[_KEY] = number
    st.session_state[_PAGE] = page
    return number


def named_account(visit: Visit) -> str | None:
    """The account the browser's address names at this very click, in a dialog too; an account admin's own.

    Nothing drawn earlier is asked: a dialog or form that was made for another account can be told by it.
    """
    return st.query_params.get("account") if visit.identity.may_choose_accounts else visit.identity.account


def own_key(account: Account, name: str) -> str:
    """The key of a button of this account: a late click on another account's page does not press this one's."""
    return f"{name}_{account.number}"


def load(visit: Visit, number: str) -> Account | None:
    """The account with this number as this person may see it, or None when there is no such number."""
    with visit.read() as connection:
        found = accounts.find_account(connection, number)
    return None if found is None else as_seen_by(visit.identity, found)


def section_of_other() -> Section:
    """Where another account is opened: in the section that is open now, or the details, coming from a list."""
    return next(
        (one for one in SECTIONS if one.group == THIS_ACCOUNT and one.url == st.session_state.get(_PAGE)), DETAILS
    )


def open_account(number: str) -> None:
    """Go to this account. Ends the run of the script."""
    st.switch_page(section_of_other().path, query_params={"account": number})


def shown_run() -> str | None:
    """The run whose progress or receipt the address asks for (`?run=`): receipts can be linked to."""
    return st.query_params.get(_RUN)


def show_run(run_id: str | None) -> None:
    """Ask for a run's progress or receipt in the address, or stop asking."""
    if run_id is None:
        st.query_params.pop(_RUN, None)
    else:
        st.query_params[_RUN] = run_id
