"""The strip that says where one is: nobody may take the demo for production, or production for anything else."""

import streamlit as st

from lib.launch import Hub
from lib.settings import Environment


def show_strip(hub: Hub) -> None:
    """One line above everything else; loud in the demo and in staging, a red badge in production."""
    match hub.settings.env:
        case Environment.DEMO:
            zuora = " Zuora is a stand-in on this machine." if hub.settings.uses_standin_zuora else ""
            st.warning(f"**DEMO** · Every account, name and number is made up.{zuora}", icon=":material/science:")
        case Environment.STAGING:
            st.info("**STAGING** · Not the customers' real accounts.", icon=":material/construction:")
        case Environment.PRODUCTION:
            st.badge("PRODUCTION · real customers", icon=":material/warning:", color="red")
