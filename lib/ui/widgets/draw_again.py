"""Drawing the page again without losing a click."""

from typing import NoReturn

import streamlit as st


def draw_again() -> NoReturn:
    """End this run of the script and start another, as `st.rerun` does, unless a click has already asked for one.

    `st.rerun` replaces a run that is waiting, so a click on another page that came during this run would be lost.
    Writing anything first lets the waiting run go first; it draws the page again as well.
    """
    st.empty()
    st.rerun()
