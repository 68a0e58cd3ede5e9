"""Fields that narrow a list. Each stands in the address under its key, so that a view can be shared."""

from datetime import date
from typing import Any

import streamlit as st

from lib.domain.texts import visible

TEXT_LIMIT = 200


def search_field(label: str, key: str, **how: Any) -> str:
    """A text to look for, as far as it can be seen. `how` goes to the field."""
    typed = st.text_input(label, key=key, type="search", max_chars=TEXT_LIMIT, bind="query-params", **how)
    return visible(typed or "")


def day_field(label: str, key: str, *, width: int) -> date | None:
    """A day, or None."""
    day: date | None = st.date_input(label, value=None, format="DD/MM/YYYY", key=key, bind="query-params", width=width)
    return day
