"""Tables to read, to choose a row of, and to edit. No page draws a table in any other way; a test checks this.

Streamlit's toolbar over a grid lets anybody download its rows. Data must leave by `lib.ui.widgets.downloads` alone, so
that download is switched off here, whatever the configuration of the server says.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from lib.domain.accounts import Account
from lib.ui.selection import open_account
from lib.ui.widgets.text import unlinked

st.set_option("client.disableDataExport", True)


def text_frame(rows: Iterable[Sequence[str]], *columns: str) -> pd.DataFrame:
    """The rows as a frame of texts; it has its columns even without any row."""
    return pd.DataFrame(list(rows), columns=list(columns), dtype="string")


def show_text_table(frame: pd.DataFrame, alt: str, *, alarming: Callable[[str], bool] | None = None) -> None:
    """A short table that has to be read in full: its cells wrap. `alarming` cells are red."""

    def cell(text: str) -> str:
        return f":red[**{unlinked(text)}**]" if alarming is not None and alarming(text) else unlinked(text)

    st.table(frame.map(cell), hide_index=True, alt=alt)


def show_grid(frame: pd.DataFrame, alt: str, *, key: str | None = None) -> None:
    """A long table to read, to sort and to search."""
    st.dataframe(frame, hide_index=True, alt=alt, key=key)


def choose_row(frame: pd.DataFrame, alt: str, *, key: str, chosen: Callable[[int | None], None]) -> None:
    """A long table; `chosen` is called with the position of the row that was chosen, or None when it was deselected.

    Only a callback can tell: the browser sends the chosen row again with every other click, too.
    """

    def choose() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        chosen(rows[0] if rows else None)

    st.dataframe(frame, hide_index=True, key=key, on_select=choose, selection_mode="single-row", alt=alt)


def edit_grid(frame: pd.DataFrame, *, key: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    """A table to edit, in which rows can be added and removed; returns it as edited. `columns`: Streamlit's config."""
    return st.data_editor(frame, num_rows="dynamic", hide_index=True, key=key, column_config=dict(columns))


def accounts_frame(accounts: Iterable[Account]) -> pd.DataFrame:
    """A list of accounts: number, name, status, parent."""
    rows = [(one.number, one.name, one.status_words, one.parent_number or "") for one in accounts]
    return text_frame(rows, "Number", "Name", "Status", "Parent")


def choose_account(frame: pd.DataFrame, *, key: str, enabled: bool = True) -> None:
    """A list of accounts, with a column Number; choosing a row opens that account, if `enabled`.

    The row is looked up in the list as it was drawn: at the click, another account may have moved to that row.
    """
    if not enabled:
        show_grid(frame, "Accounts", key=key)
        return
    event = st.dataframe(
        frame, hide_index=True, key=key, on_select="rerun", selection_mode="single-row", alt="Accounts"
    )
    rows = event["selection"]["rows"]
    now = [str(number) for number in frame["Number"]]
    drawn: list[str] = st.session_state.get(f"{key}_drawn", now)
    st.session_state[f"{key}_drawn"] = now
    if rows and rows[0] < len(drawn):
        # Otherwise the row would still be chosen when the person comes back to the list.
        st.session_state.pop(key, None)
        open_account(drawn[rows[0]])
