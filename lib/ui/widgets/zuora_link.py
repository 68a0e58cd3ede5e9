"""The link from a section to the account in Zuora."""

import streamlit as st

from lib.ui.visit import Visit

_PATH = "/apps/CustomerAccount.do?method=view&id="


def show_zuora_link(visit: Visit) -> None:
    """A link to the account in Zuora's own pages, for staff, if `AM_ZUORA_WEB_URL` is set."""
    base = visit.app.settings.zuora_web_url.rstrip("/")
    if base and visit.account.zuora_id and visit.staff:
        st.link_button("Open in Zuora", f"{base}{_PATH}{visit.account.zuora_id}", icon=":material/open_in_new:")
