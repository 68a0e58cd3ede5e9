"""The address as Zuora has it beside the parts it was read as, and what somebody has to look at before saving."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from lib.domain.contacts import LABELS
from lib.domain.emergency import address_of
from lib.domain.findings import Finding
from lib.ui.widgets.tables import show_text_table
from lib.ui.widgets.text import plain

_LINES = ("address1", "address2", "city", "state", "postcode", "country")
LEFT_OVER = "Has no field here"


def show_zuora_address(contact: Mapping[str, str] | None) -> None:
    """The address of a Zuora contact, each field as it is there, and what of it found no field; nothing without one."""
    if contact is None:
        return
    frame = address_frame(contact)
    if frame.empty:
        st.caption("Zuora has no address.")
        return
    left_over = frame.loc[frame["Address in Zuora"] == LEFT_OVER, "As it is there"].tolist()
    show_text_table(frame, "The address as Zuora has it", alarming=lambda text: text in left_over)


def address_frame(contact: Mapping[str, str]) -> pd.DataFrame:
    """One row a field of the address that has a value, and a last one for what was left over."""
    rows = [(LABELS[field], contact[field]) for field in _LINES if contact.get(field)]
    if left_over := address_of(contact).left_over:
        rows.append((LEFT_OVER, left_over))
    return pd.DataFrame(rows, columns=["Address in Zuora", "As it is there"])


def show_findings(slots: Mapping[str, Any], findings: Sequence[Finding]) -> None:
    """Every finding at its field, errors first; several of one field stand below each other."""
    for field, slot in slots.items():
        if mine := [one for one in findings if one.field == field]:
            with slot.container():
                _show(mine)
    _show([one for one in findings if one.field not in slots])


def _show(findings: Sequence[Finding]) -> None:
    for one in sorted(findings, key=lambda one: one.severity):
        (st.error if one.severity == "error" else st.warning)(plain(one.text))


def notes_accepted(notes: Sequence[Finding], key: str) -> bool:
    """True when there is nothing to accept, or the person says that it was looked at. `key` changes with each pull."""
    if not notes:
        return True
    many = len(notes) > 1
    return st.checkbox(
        "I compared the form with Zuora and dealt with "
        f"{f'the {len(notes)} notes' if many else 'the note'} from the pull",
        key=key,
        help="Part of the address was left out or guessed. Each note is below its field.",
    )
