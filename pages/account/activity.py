import streamlit as st

from lib import auth, launch
from lib.domain.permissions import Permission
from lib.ui import selection
from lib.ui.activity import show_activity

identity = auth.require(Permission.ACCOUNT_SEE_ALL)

hub = launch.start()
number = selection.settle(identity)
account = selection.load(hub, number) if number else None
if account is None:
    st.stop()
show_activity(hub, account, identity)
