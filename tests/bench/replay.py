"""What a page is compared with: a page that only sends what the product's page once sent.

The browser needs the same time to draw both, so the difference is the time that the product takes.
"""

import functools
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx


@functools.cache
def _recorded(file: str) -> dict[str, list[bytes]]:
    """Name of a page -> its messages, in order."""
    # Written by this benchmark a moment ago.
    return pickle.loads(Path(file).read_bytes())  # noqa: S301


def _page(messages: list[bytes]) -> Callable[[], None]:
    def send() -> None:
        context = get_script_run_ctx()
        for one in messages:
            context.enqueue(ForwardMsg.FromString(one))

    return send


st.set_page_config(layout="wide")
recorded = _recorded(os.environ["AM_REPLAY"])
st.navigation(
    [
        st.Page(_page(messages), title=name, url_path=f"page-{place}", default=place == 0)
        for place, (name, messages) in enumerate(recorded.items())
    ]
).run()
