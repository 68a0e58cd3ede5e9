"""The yardstick: pages with one line of text each, in the product's layout and with its collector setting.

Twelve of them stand in the sidebar, two of which are measured: a click has the links of a sidebar to draw, too.
"""

import gc
from collections.abc import Callable

import streamlit as st


@st.cache_resource
def _freeze() -> None:
    # As lib/app/start.py does; without it the empty page would pay for the collector and flatter every ratio.
    gc.collect()
    gc.freeze()


def _one() -> None:
    st.text("empty page one")


def _two() -> None:
    st.text("empty page two")


st.set_page_config(layout="wide")
_freeze()


def _other(number: int) -> Callable[[], None]:
    return lambda: st.text(f"empty page number {number}")


st.navigation(
    [
        st.Page(_one, title="Empty one", url_path="one", default=True),
        st.Page(_two, title="Empty two", url_path="two"),
        *(st.Page(_other(number), title=f"Other {number}", url_path=f"other-{number}") for number in range(3, 13)),
    ]
).run()
