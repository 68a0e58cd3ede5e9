"""Which account is open: kept in the address as `?account=`, where it survives a reload and a sign-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st

from lib.domain.accounts import Account
from lib.domain.permissions import Identity
from lib.launch import Hub
from lib.store import accounts
from lib.ui.navigation import DETAILS

_KEY = "open_account"
_RUN = "run"
# The account at the head of this run of the script; each session runs in a thread of its own.
_headed: ContextVar[Account | None] = ContextVar("headed", default=None)


def settle(identity: Identity) -> str | None:
    """The number of the account this person works on now; the address and the session are made to agree.

    The address wins when it names one: it is what the person opened, shared or went back to. Following a link of
    the sidebar clears the address, and then it is put back from the session. An account admin has one account.
    """
    if not identity.may_choose_accounts:
        return identity.account
    named = st.query_params.get("account")
    if named:
        st.session_state[_KEY] = named
    elif st.session_state.get(_KEY):
        st.query_params["account"] = st.session_state[_KEY]
    return opened_number()


def opened_number() -> str | None:
    """The number of the account that is open in this session; `settle` has made it agree with the address."""
    number: str | None = st.session_state.get(_KEY)
    return number


def load(hub: Hub, number: str) -> Account | None:
    """The open account, or None when there is no such number."""
    with hub.services.engine.connect() as connection:
        return accounts.find_account(connection, number)


@contextmanager
def headed(account: Account | None) -> Iterator[None]:
    """Around the page of a run whose head already shows this account: the page then does not read it again."""
    token = _headed.set(account)
    try:
        yield
    finally:
        _headed.reset(token)


def opened_account(hub: Hub, identity: Identity) -> Account:
    """The open account, for the page below its head. Ends the run of the script when there is none."""
    account = _headed.get()
    if account is None:
        number = settle(identity)
        account = load(hub, number) if number else None
    if account is None:
        st.stop()
    return account


def open_account(number: str) -> None:
    """Go to the details of this account. Ends the run of the script."""
    st.session_state[_KEY] = number
    st.switch_page(DETAILS.path, query_params={"account": number})


def shown_run() -> str | None:
    """The run whose progress or receipt the address asks for (`?run=`): receipts can be linked to."""
    return st.query_params.get(_RUN)


def show_run(run_id: str | None) -> None:
    """Ask for a run's progress or receipt in the address, or stop asking."""
    if run_id is None:
        st.query_params.pop(_RUN, None)
    else:
        st.query_params[_RUN] = run_id
