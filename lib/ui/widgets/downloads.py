"""The buttons that hand out a file: the only ones, so that no file leaves without its event in the audit."""

from collections.abc import Callable

import streamlit as st

FOR_SHEETS = "text/csv"


def offer_download(
    label: str,
    make: Callable[[], bytes],
    *,
    key: str,
    file_name: str,
    mime: str,
    tertiary: bool = False,
    help: str | None = None,
) -> None:
    """A button; at the click `make` returns the file.

    It hands out through `lib.actions.engine.handing_out`, which asks for the right again and writes the event
    first.
    """
    st.download_button(
        label,
        make,
        file_name=file_name,
        mime=mime,
        icon=":material/download:",
        type="tertiary" if tertiary else "secondary",
        key=key,
        # The file is made at the click, outside the run of the page, which need not be drawn again for it.
        on_click="ignore",
        help=help,
    )
