"""The one entry of the app. Every request comes through the frame before any page runs.

`streamlit run Home.py` reads this file as a server first, and finds the same one that `server.py` is: nothing is ever
served without the parts that stand before Streamlit. A visitor's run of the script has the name `__main__`.
"""

import streamlit as st

from lib.ui.frame import frame

if __name__ == "__main__":
    frame.show()
else:
    import server

    app = st.App("Home.py", **server.PARTS)
