"""The only download button, so that no file leaves without its event in the audit."""

from collections.abc import Callable
from typing import Any

import streamlit as st

FOR_SHEETS = "text/csv"


def offer_download(label: str, make: Callable[[], bytes], **how: Any) -> None:
    """A button; at the click `make` returns the file. `how` goes to `st.download_button`.

    `make` uses `lib.actions.engine.handing_out`, which checks the permission again and writes the event first.
    """
    # The file is made outside the run of the page, so the page need not be drawn again.
    st.download_button(label, make, icon=":material/download:", on_click="ignore", **how)
