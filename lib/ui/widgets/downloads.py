"""The buttons that hand out a file: the only ones, so that no file leaves without its event in the audit."""

from collections.abc import Callable

import streamlit as st

from lib.domain.permissions import Identity

FOR_SHEETS = "text/csv"


def offer_download(
    identity: Identity,
    label: str,
    make: Callable[[Identity], bytes],
    *,
    key: str,
    file_name: str,
    mime: str,
    tertiary: bool = False,
    help: str | None = None,
) -> None:
    """A button; at the click `make` gets the person it was drawn for and returns the file.

    `make` hands out through `lib.actions.engine.handing_out`, which asks for the right again and writes the event
    first.
    """
    st.download_button(
        label,
        lambda: make(identity),
        file_name=file_name,
        mime=mime,
        icon=":material/download:",
        type="tertiary" if tertiary else "secondary",
        key=key,
        # The file is made at the click, outside the run of the page, which need not be drawn again for it.
        on_click="ignore",
        help=help,
    )
