"""Removing a value from a contact: each one is named and ticked before it is sent."""

import hashlib
from collections.abc import Mapping

import streamlit as st

from lib.domain.accounts import Account
from lib.domain.contacts import LABELS, ContactRole, InvalidField, changed_fields, check_field, emptied_fields
from lib.ui.contacts.fields import field_key
from lib.ui.widgets.text import unlinked


def ask_removals(account: Account, role: ContactRole, base: Mapping[str, str], typed: Mapping[str, str]) -> list[str]:
    """A tick box for each value that would be removed; returns the fields whose box is not ticked."""
    missing = []
    for field in emptied_fields(base, changed_fields(base, typed)):
        if _may_be_empty(field, role):
            label = f"{LABELS[field]}: {unlinked(base[field])} will be removed"
            if not st.checkbox(label, key=_tick(account, role, field, base[field])):
                missing.append(field)
    return missing


def confirmed_removals(
    account: Account, role: ContactRole, base: Mapping[str, str], changes: Mapping[str, str]
) -> list[str]:
    """The fields whose box is ticked, for the value that stands there."""
    return [
        field
        for field in emptied_fields(base, changes)
        if st.session_state.get(_tick(account, role, field, base[field]))
    ]


def _may_be_empty(field: str, role: ContactRole) -> bool:
    """False for a field whose own sentence says that it needs a value."""
    try:
        check_field(field, "", role)
    except InvalidField:
        return False
    return True


def _tick(account: Account, role: ContactRole, field: str, value: str) -> str:
    # A tick is for this value: another one that arrives under the form has to be ticked again.
    return f"{field_key(account, role, field)}_remove_{hashlib.sha256(value.encode()).hexdigest()[:12]}"
