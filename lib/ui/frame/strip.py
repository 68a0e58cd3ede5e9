"""The strip that names the environment, so that nobody mistakes the demo for production, or the reverse."""

import streamlit as st

from lib.settings import Environment, Settings
from lib.ui.visit import Visit


def show_strip(visit: Visit) -> None:
    """One line above everything else: a box in the demo and in staging, a red badge in production.

    A customer sees no names of systems, and in production no strip.
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
    """The outside systems that are stand-ins, as a sentence."""
    systems = {
        "Zuora": settings.uses_standin_zuora,
        "the SBC": settings.uses_standin_sbc,
        "the mail server": settings.uses_standin_mail,
    }
    found = [name for name, standin in systems.items() if standin]
    if not found:
        return ""
    names = " and ".join([", ".join(found[:-1]), found[-1]] if found[1:] else found)
    verb = "are stand-ins" if found[1:] else "is a stand-in"
    return f" {names[0].upper()}{names[1:]} {verb} on this machine."
