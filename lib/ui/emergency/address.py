"""The address as Zuora has it, the findings at the fields, and the notes to accept before saving."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from lib.domain.contacts import LABELS
from lib.domain.emergency import address_of
from lib.domain.findings import Finding
from lib.domain.words import counted
from lib.ui.widgets.tables import show_text_table
from lib.ui.widgets.text import plain

_LINES = ("address1", "address2", "city", "state", "postcode", "country")


def show_zuora_address(contact: Mapping[str, str] | None) -> None:
    """The address of the Zuora contact, one row for each field, and in red the part that has no field here."""
    if contact is None:
        return
    rows = [(LABELS[field], contact[field]) for field in _LINES if contact.get(field)]
    left_over = address_of(contact).left_over
    if left_over:
        rows.append(("Has no field here", left_over))
    if not rows:
        st.caption("Zuora has no address.")
        return
    frame = pd.DataFrame(rows, columns=["Address in Zuora", "As it is there"])
    show_text_table(frame, "The address as Zuora has it", alarming=lambda text: text == left_over)


def show_findings(slots: Mapping[str, Any], findings: Sequence[Finding]) -> None:
    """Every finding below its field, errors first; one without a field comes last."""
    ordered = sorted(findings, key=lambda one: one.severity)
    for field, slot in slots.items():
        if any(one.field == field for one in ordered):
            with slot.container():
                _show(one for one in ordered if one.field == field)
    _show(one for one in ordered if one.field not in slots)


def _show(findings: Iterable[Finding]) -> None:
    for one in findings:
        (st.error if one.severity == "error" else st.warning)(plain(one.text))


def notes_accepted(notes: Sequence[Finding], key: str) -> bool:
    """True when there are no notes, or the person ticks that they checked them. `key` changes with each pull."""
    return not notes or st.checkbox(
        f"I compared the form with Zuora and checked {counted(len(notes), 'note')} from the pull",
        key=key,
        help="Part of the address was left out or guessed. Each note is below its field.",
    )
