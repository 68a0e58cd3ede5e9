"""The yardstick: two pages with one line of text each, in the product's layout and with its collector setting."""

import gc

import streamlit as st


@st.cache_resource
def _freeze() -> None:
    # As lib/launch.py does; without it the empty page would pay for the collector and flatter every ratio.
    gc.collect()
    gc.freeze()


def _one() -> None:
    st.text("empty page one")


def _two() -> None:
    st.text("empty page two")


st.set_page_config(layout="wide")
_freeze()
st.navigation(
    [st.Page(_one, title="Empty one", url_path="one", default=True), st.Page(_two, title="Empty two", url_path="two")]
).run()
