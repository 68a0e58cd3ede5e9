"""Drawing the page again without losing a click."""

from typing import NoReturn

import streamlit as st


def draw_again() -> NoReturn:
    """End this run of the script and begin another, as `st.rerun`, unless the person has already asked for one.

    `st.rerun` takes the place of whatever waits to be run, on the page that is open now: a click on another page
    that came while this run was busy would be lost. Writing anything first lets what waits go first; it draws the
    page again as well.
    """
    st.empty()
    st.rerun()
