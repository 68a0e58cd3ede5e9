import streamlit as st

from lib import auth, launch
from lib.domain.permissions import Permission
from lib.ui import selection
from lib.ui.pbx import show_pbxs

identity = auth.require(Permission.ACCOUNT_SEE)

hub = launch.start()
number = selection.settle(identity)
account = selection.load(hub, number) if number else None
if account is None:
    st.stop()
show_pbxs(hub, account, identity)
