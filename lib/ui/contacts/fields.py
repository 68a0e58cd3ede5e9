"""The fields of a contact, as they stand in its form."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from lib.domain import countries
from lib.domain.accounts import Account
from lib.domain.contacts import LABELS, ContactRole
from lib.ui.runs.drafts import TYPING_PAUSE
from lib.ui.widgets.text import plain

_MAIN = list(LABELS)[:11]
_MORE = list(LABELS)[11:]
_PAIRS = (("first_name", "last_name"), ("work_phone", "mobile_phone"), ("city", "state"), ("postcode", "country"))


def field_key(account: Account, role: ContactRole, field: str) -> str:
    """The key of a field in the session."""
    return f"{role.value}_{field}_{account.number}"


def draw_fields(account: Account, role: ContactRole, state: dict[str, Any], on_change: Callable[[], None]) -> None:
    """Every field with the value the session has for it, and below it what is wrong with it."""
    paired = {field: pair for pair in _PAIRS for field in pair}
    for field in _MAIN:
        if field not in paired:
            _draw(account, role, field, state, on_change)
        elif paired[field][0] == field:
            with st.container(horizontal=True):
                for one in paired[field]:
                    _draw(account, role, one, state, on_change)
    begun = {**state["base"], **state["typed"]}
    with st.expander("More fields", expanded=any(begun[field] or state["base"][field] for field in _MORE)):
        for field in _MORE:
            _draw(account, role, field, state, on_change)


def _draw(
    account: Account, role: ContactRole, field: str, state: dict[str, Any], on_change: Callable[[], None]
) -> None:
    # A box of its own: two fields may stand beside each other.
    with st.container():
        _draw_one(account, role, field, state, on_change)
        if field in state["problems"]:
            st.error(plain(state["problems"][field]), icon=":material/error:")


def _draw_one(
    account: Account, role: ContactRole, field: str, state: dict[str, Any], on_change: Callable[[], None]
) -> None:
    """The value is also the default: a browser that has forgotten the field shows the default, and sends it back."""
    key = field_key(account, role, field)
    value = str(st.session_state.get(key) or "")
    if field != "country":
        st.text_input(LABELS[field], value, key=key, on_change=on_change, live=TYPING_PAUSE)
        return
    kept = [one for one in dict.fromkeys((state["base"][field], value)) if one not in countries.NAMES]
    options = ["", *(one for one in kept if one), *countries.NAMES]
    st.selectbox(
        LABELS[field],
        options,
        options.index(value),
        format_func=lambda one: one or "No country",
        key=key,
        on_change=on_change,
    )
    for one in kept:
        if one:
            st.caption(f"“{plain(one)}” is not on Zuora's list of countries. It stays unless you choose another one.")
