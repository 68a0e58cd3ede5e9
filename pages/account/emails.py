import streamlit as st

from lib import auth, launch
from lib.domain.permissions import Permission
from lib.ui import selection
from lib.ui.sent_emails import show_emails

identity = auth.require(Permission.ACCOUNT_SEE)

hub = launch.start()
number = selection.settle(identity)
account = selection.load(hub, number) if number else None
if account is None:
    st.stop()
show_emails(hub, account, identity)
