"""The fields of a contact, as they stand in its form."""

from collections.abc import Callable

import streamlit as st

from lib.domain import countries
from lib.domain.contacts import LABELS
from lib.ui.contacts.state import ContactForm
from lib.ui.runs.drafts import TYPING_PAUSE
from lib.ui.widgets.text import plain

_MAIN = list(LABELS)[:11]
_MORE = list(LABELS)[11:]
_PAIRS = (("first_name", "last_name"), ("work_phone", "mobile_phone"), ("city", "state"), ("postcode", "country"))


def draw_fields(form: ContactForm, on_change: Callable[[], None]) -> None:
    """Every field with the value the session has for it, and below it what is wrong with it."""
    paired = {field: pair for pair in _PAIRS for field in pair}
    for field in _MAIN:
        if field not in paired:
            _draw(form, field, on_change)
        elif paired[field][0] == field:
            with st.container(horizontal=True):
                for one in paired[field]:
                    _draw(form, one, on_change)
    begun = {**form.base, **form.drafted}
    with st.expander("More fields", expanded=any(begun[field] or form.base[field] for field in _MORE)):
        for field in _MORE:
            _draw(form, field, on_change)


def _draw(form: ContactForm, field: str, on_change: Callable[[], None]) -> None:
    # A box of its own: two fields may stand beside each other.
    with st.container():
        _draw_one(form, field, on_change)
        if field in form.problems:
            st.error(plain(form.problems[field]), icon=":material/error:")


def _draw_one(form: ContactForm, field: str, on_change: Callable[[], None]) -> None:
    """The value is also the default: a browser that has forgotten the field shows the default, and sends it back."""
    key = form.key(field)
    value = str(st.session_state.get(key) or "")
    if field != "country":
        st.text_input(LABELS[field], value, key=key, on_change=on_change, live=TYPING_PAUSE)
        return
    kept = [one for one in dict.fromkeys((form.base[field], value)) if one not in countries.NAMES]
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
