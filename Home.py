"""The script of every page: the frame runs first, and then the page.

`streamlit run Home.py` first imports this file as a server and gets the one of `server.py`, so nothing is served
without the parts before Streamlit. When a visitor opens a page, the script has the name `__main__`.
"""

import streamlit as st

from lib.ui.frame import frame

if __name__ == "__main__":
    frame.show()
else:
    import server

    app = st.App("Home.py", **server.PARTS)
