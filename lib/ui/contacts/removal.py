"""Removing a value from a contact: each one is named and ticked before it is sent."""

import hashlib
from collections.abc import Mapping

import streamlit as st

from lib.domain.contacts import LABELS, ContactRole, InvalidField, check_field, emptied_fields
from lib.ui.contacts.state import ContactForm
from lib.ui.widgets.text import unlinked


def ask_removals(form: ContactForm) -> list[str]:
    """A tick box for each value that would be removed; returns the fields whose box is not ticked."""
    missing = []
    for field in emptied_fields(form.base, form.changes):
        if _may_be_empty(field, form.role):
            label = f"{LABELS[field]}: {unlinked(form.base[field])} will be removed"
            if not st.checkbox(label, key=_tick(form, field)):
                missing.append(field)
    return missing


def confirmed_removals(form: ContactForm, changes: Mapping[str, str]) -> list[str]:
    """The fields whose box is ticked, for the value that stands there."""
    return [field for field in emptied_fields(form.base, changes) if st.session_state.get(_tick(form, field))]


def _may_be_empty(field: str, role: ContactRole) -> bool:
    """False for a field whose own sentence says that it needs a value."""
    try:
        check_field(field, "", role)
    except InvalidField:
        return False
    return True


def _tick(form: ContactForm, field: str) -> str:
    # A tick is for this value: another one that arrives under the form has to be ticked again.
    return f"{form.key(field)}_remove_{hashlib.sha256(form.base[field].encode()).hexdigest()[:12]}"
