"""Tables to read, and tables that do something when a row is chosen."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from lib.ui.selection import open_account
from lib.ui.text import unlinked


def show_text_table(frame: pd.DataFrame, alt: str, *, alarming: Callable[[str], bool] | None = None) -> None:
    """A short table of texts that has to be read to its end: its cells wrap instead of being cut.

    Cells that are `alarming` stand out.
    """

    def cell(text: str) -> str:
        return f":red[**{unlinked(text)}**]" if alarming is not None and alarming(text) else unlinked(text)

    st.table(frame.map(cell), hide_index=True, alt=alt)


def choose_account(frame: pd.DataFrame, *, key: str, enabled: bool = True) -> None:
    """A list of accounts (first column the number); choosing a row opens that account.

    The row is looked up in the list as it was drawn: by the time of the click another account may stand there.
    """
    if not enabled:
        st.dataframe(frame, hide_index=True, key=key)
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
