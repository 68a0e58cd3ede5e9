"""Which dialog is open in this session. At most one is: Streamlit shows only one, and one is what a person can read."""

from typing import Any

import streamlit as st

_OPEN = "dialog"


def open_dialog(name: str, account: str, **state: Any) -> dict[str, Any]:
    """Open this dialog on the account, in place of any other; returns its state, which lasts until it is closed."""
    opened = {"name": name, "account": account, "plan": None, "notice": None, **state}
    st.session_state[_OPEN] = opened
    return opened


def opened_dialog(account: str) -> dict[str, Any] | None:
    """The state of the dialog that is open on this account, or None."""
    opened: dict[str, Any] | None = st.session_state.get(_OPEN)
    return opened if opened and opened["account"] == account else None


def close_dialog() -> None:
    """Close whatever dialog is open; what was typed in it is forgotten. `selection.settle` does so when another
    account is opened."""
    st.session_state.pop(_OPEN, None)
