"""Fields that filter a list. Each is in the address under its key, so that a view can be shared."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import streamlit as st

from lib.domain.texts import visible

TEXT_LIMIT = 200


def search_field(label: str, key: str, **how: Any) -> str:
    """A text to search for, without invisible characters. `how` goes to `st.text_input`."""
    typed = st.text_input(label, key=key, type="search", max_chars=TEXT_LIMIT, bind="query-params", **how)
    return visible(typed or "")


def choice_field(label: str, options: Iterable[str], key: str, words: Callable[[str], str], **how: Any) -> str | None:
    """One of the options, shown in these words, or None. `how` goes to `st.selectbox`."""
    return st.selectbox(label, list(options), index=None, format_func=words, key=key, bind="query-params", **how)


def day_field(label: str, key: str, *, width: int) -> date | None:
    """A day, or None."""
    day: date | None = st.date_input(label, value=None, format="DD/MM/YYYY", key=key, bind="query-params", width=width)
    return day
