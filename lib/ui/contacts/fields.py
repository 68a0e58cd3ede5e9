"""The fields of a contact as its form shows them, and the boxes to tick where a value is removed."""

import hashlib
from collections.abc import Callable

import streamlit as st

from lib.domain import countries
from lib.domain.contacts import LABELS, check_changes, emptied_fields
from lib.ui.contacts.state import ContactForm
from lib.ui.runs.drafts import TYPING_PAUSE
from lib.ui.widgets.text import plain, unlinked

_ROWS = (
    ("first_name", "last_name"),
    ("work_email",),
    ("work_phone", "mobile_phone"),
    ("address1",),
    ("address2",),
    ("city", "state"),
    ("postcode", "country"),
)
_MORE = ("personal_email", "home_phone", "fax", "county")


def draw_fields(form: ContactForm, on_change: Callable[[], None]) -> None:
    """Every field with its value in the session, and below it what is wrong with it."""
    for row in _ROWS:
        with st.container(horizontal=len(row) > 1):
            for field in row:
                _draw(form, field, on_change)
    begun = {**form.base, **form.drafted}
    with st.expander("More fields", expanded=any(begun[field] or form.base[field] for field in _MORE)):
        for field in _MORE:
            _draw(form, field, on_change)


def ask_removals(form: ContactForm) -> list[str]:
    """A box to tick for each value that would be removed; returns the fields whose box is not ticked.

    A field that must have a value gets no box: its error says so.
    """
    emptied = emptied_fields(form.base, form.changes)
    _, required = check_changes(dict.fromkeys(emptied, ""), form.role)
    missing = []
    for field in emptied:
        # The key names the value: another value that arrives from Zuora has to be ticked again.
        value = hashlib.sha256(form.base[field].encode()).hexdigest()[:12]
        label = f"{LABELS[field]}: {unlinked(form.base[field])} will be removed"
        if field not in required and not st.checkbox(label, key=f"{form.key(field)}_remove_{value}"):
            missing.append(field)
    return missing


def _draw(form: ContactForm, field: str, on_change: Callable[[], None]) -> None:
    # In a container, so that the error is below its own field and not beside it.
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
    unknown = [one for one in dict.fromkeys((form.base[field], value)) if one and one not in countries.NAMES]
    options = ["", *unknown, *countries.NAMES]
    st.selectbox(
        LABELS[field],
        options,
        options.index(value),
        format_func=lambda one: one or "No country",
        key=key,
        on_change=on_change,
    )
    for one in unknown:
        st.caption(f"“{plain(one)}” is not on Zuora's list of countries. It stays unless you choose another one.")
