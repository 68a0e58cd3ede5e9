"""A page that shows each of the texts in every place that shows data, for `test_typed_text.py` next to it."""

import pandas as pd
import streamlit as st

from lib.ui.widgets.text import plain, unlinked
from tests.browser.typed.texts import TEXTS

with st.container(key="markdown"):
    for text in TEXTS:
        st.markdown(plain(text))
with st.container(key="inside"):
    # A time of our own next to it makes Streamlit look for emojis in all of the text.
    for text in TEXTS:
        st.markdown(f"14:02:33 :red[**{plain(text)}**] :material/mail:")
with st.container(key="caption"):
    for text in TEXTS:
        st.caption(plain(text))
with st.container(key="warning"):
    for text in TEXTS:
        st.warning(plain(text))
with st.container(key="button"):
    for position, text in enumerate(TEXTS):
        st.button(plain(text), key=f"b{position}")
with st.container(key="checkbox"):
    for position, text in enumerate(TEXTS):
        st.checkbox(plain(text), key=f"c{position}")
with st.container(key="expander"):
    for text in TEXTS:
        st.expander(plain(text))
with st.container(key="heading"):
    for text in TEXTS:
        st.subheader(plain(text), anchor=False)
with st.container(key="table"):
    st.table(pd.DataFrame({"Text": [unlinked(text) for text in TEXTS]}), hide_index=True)
