"""The strip that says where one is: nobody may take the demo for production, or production for anything else."""

import streamlit as st

from lib.settings import Environment, Settings
from lib.ui.visit import Visit


def show_strip(visit: Visit) -> None:
    """One line above everything else; loud in the demo and in staging, a red badge in production.

    A customer is not told of the systems behind it, and in production there is nothing to tell them.
    """
    settings = visit.app.settings
    match settings.env:
        case Environment.DEMO:
            behind = _standins(settings) if visit.staff else ""
            st.warning(f"**DEMO** · Every account, name and number is made up.{behind}", icon=":material/science:")
        case Environment.STAGING:
            st.info("**STAGING** · Not the customers' real accounts.", icon=":material/construction:")
        case Environment.PRODUCTION if visit.staff:
            st.badge("PRODUCTION · real customers", icon=":material/warning:", color="red")


def _standins(settings: Settings) -> str:
    """Which of the outside systems are not the real ones."""
    found = [
        name
        for name, standin in (
            ("Zuora", settings.uses_standin_zuora),
            ("the SBC", settings.uses_standin_sbc),
            ("the mail server", settings.uses_standin_mail),
        )
        if standin
    ]
    if not found:
        return ""
    if len(found) == 1:
        return f" {found[0][0].upper()}{found[0][1:]} is a stand-in on this machine."
    names = f"{', '.join(found[:-1])} and {found[-1]}"
    return f" {names[0].upper()}{names[1:]} are stand-ins on this machine."
