"""The fields of the contact form."""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.domain.emergency import FIELDS, LABELS, USAGES
from lib.ui.emergency.address import show_zuora_address
from lib.ui.emergency.state import EmergencyForm, fill
from lib.ui.runs.drafts import TYPING_PAUSE

_ROWS: dict[str, tuple[tuple[str, ...], ...]] = {
    "Customer": (
        ("usage", "business_name"),
        ("surname", "given_names"),
        ("contact_name", "contact_number"),
        ("alternate_address", "listed"),
    ),
    "Address": (
        ("house_number", "house_suffix", "house_number_2", "house_suffix_2"),
        ("street_name", "street_type", "street_suffix"),
        ("locality", "state", "postcode"),
    ),
    "Building": (
        ("building_type", "building_number", "building_suffix", "building_number_2", "building_suffix_2"),
        ("floor_type", "floor_number", "floor_suffix"),
        ("property_name", "location"),
    ),
}
Typed = dict[str, Any]
"""Field -> its text, or whether its box is ticked."""


def draw_fields(
    form: EmergencyForm, contact: dict[str, str] | None, on_change: Callable[[], None]
) -> tuple[Typed, dict[str, DeltaGenerator]]:
    """Every field, and above the address what Zuora has (`contact`).

    Returns:
        The values, and for each field the place below it for its findings.
    """
    fill(form, only_missing=True)
    typed = dict(form.values)
    slots: dict[str, DeltaGenerator] = {}
    for title, rows in _ROWS.items():
        with st.container(border=True):
            st.markdown(f"**{title}**")
            if title == "Address":
                show_zuora_address(contact)
            for row in rows:
                for column, field in zip(st.columns(len(row)), row, strict=True):
                    with column:
                        typed[field] = _draw(form, field, on_change)
                        slots[field] = st.empty()
    return typed, slots


def _draw(form: EmergencyForm, field: str, on_change: Callable[[], None]) -> Any:
    """The value is also the default: a browser that has forgotten the field shows the default, and sends it back."""
    key = form.key(field)
    value = st.session_state[key]
    if field in ("listed", "alternate_address"):
        help_ = "VoIP or a PABX" if field == "alternate_address" else "In the public directory"
        return st.checkbox(LABELS[field], value, key=key, help=help_, on_change=on_change)
    if field == "usage":
        options = [*USAGES] if value in USAGES else [value, *USAGES]
        return st.selectbox(
            LABELS[field],
            options,
            options.index(value),
            format_func=lambda one: USAGES.get(one, one or "not chosen"),
            key=key,
            on_change=on_change,
        )
    return st.text_input(FIELDS[field][0], value, key=key, on_change=on_change, live=TYPING_PAUSE)
