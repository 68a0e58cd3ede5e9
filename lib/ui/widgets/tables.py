"""Tables to read, to choose a row of, and to edit: the one place in which tables are drawn.

Streamlit's toolbar over a grid hands its rows to anybody as a file. Data leaves by `lib.ui.widgets.downloads` alone, so
the toolbar's way out is closed here, whatever the configuration of the server says; a test sees that no page draws a
table by itself.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from lib.domain.accounts import Account
from lib.ui.selection import open_account
from lib.ui.widgets.text import unlinked

st.set_option("client.disableDataExport", True)


def show_text_table(frame: pd.DataFrame, alt: str, *, alarming: Callable[[str], bool] | None = None) -> None:
    """A short table of texts that has to be read to its end: its cells wrap instead of being cut.

    Cells that are `alarming` stand out.
    """

    def cell(text: str) -> str:
        return f":red[**{unlinked(text)}**]" if alarming is not None and alarming(text) else unlinked(text)

    st.table(frame.map(cell), hide_index=True, alt=alt)


def show_grid(frame: pd.DataFrame, alt: str, *, key: str | None = None) -> None:
    """A long table to read, to sort and to search."""
    st.dataframe(frame, hide_index=True, alt=alt, key=key)


def choose_row(frame: pd.DataFrame, alt: str, *, key: str, chosen: Callable[[int | None], None]) -> None:
    """A long table; `chosen` is called with the position of a row when that is chosen, with None when it is let go.

    A callback: the browser tells its chosen row again with every click, also with one that means something else.
    """

    def choose() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        chosen(rows[0] if rows else None)

    st.dataframe(frame, hide_index=True, key=key, on_select=choose, selection_mode="single-row", alt=alt)


def edit_grid(frame: pd.DataFrame, *, key: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    """A table to edit, with rows to add and to remove; returns it as edited. `columns`: how each one is edited."""
    return st.data_editor(frame, num_rows="dynamic", hide_index=True, key=key, column_config=dict(columns))


def accounts_frame(accounts: Iterable[Account]) -> pd.DataFrame:
    """A list of accounts: number, name, status, parent."""
    return pd.DataFrame(
        [(one.number, one.name, one.standing, one.parent_number or "") for one in accounts],
        columns=["Number", "Name", "Status", "Parent"],
        dtype="string",
    )


def choose_account(frame: pd.DataFrame, *, key: str, enabled: bool = True) -> None:
    """A list of accounts (first column the number); choosing a row opens that account.

    The row is looked up in the list as it was drawn: by the time of the click another account may stand there.
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
        # Without this the row would still be chosen when the person comes back to the list.
        st.session_state.pop(key, None)
        open_account(drawn[rows[0]])
