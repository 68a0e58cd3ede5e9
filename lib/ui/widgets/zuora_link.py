"""The way from a section to its counterpart in Zuora."""

import streamlit as st

from lib.app.start import App
from lib.domain.accounts import Account
from lib.domain.audience import is_staff
from lib.domain.permissions import Identity

_PATH = "/apps/CustomerAccount.do?method=view&id="


def show_zuora_link(app: App, account: Account, identity: Identity) -> None:
    """A link to the account in Zuora's own pages, for staff, where `AM_ZUORA_WEB_URL` says where those are."""
    base = app.settings.zuora_web_url.rstrip("/")
    if base and account.zuora_id and is_staff(identity, account.number):
        st.link_button("Open in Zuora", f"{base}{_PATH}{account.zuora_id}", icon=":material/open_in_new:")
