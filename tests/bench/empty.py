"""What pages are compared with: pages with one line of text each, in the product's layout and with its setting of the
garbage collector.

The sidebar has twelve of them, of which two are measured: a click also draws the links of the sidebar.
"""

import gc
from collections.abc import Callable

import streamlit as st


@st.cache_resource
def _freeze() -> None:
    # As lib/app/start.py does. Without it the garbage collector would slow the empty page, and every ratio would look
    # better than it is.
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
