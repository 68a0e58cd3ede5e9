"""The corner where the signed-in person sees who they are and leaves."""

import streamlit as st

from lib.app.start import App
from lib.domain.permissions import Identity
from lib.ui import auth
from lib.ui.widgets.text import plain


def show_person(app: App, identity: Identity) -> None:
    """Name, roles and the ways out, at the foot of the sidebar."""
    roles = ", ".join(sorted(role.value.replace("_", " ") for role in identity.roles))
    st.caption(f"{plain(identity.name)} · {roles}")
    st.button(
        "Sign out", icon=":material/logout:", width="stretch", key="sign_out", on_click=auth.sign_out, args=(app,)
    )
    st.button(
        "Sign out everywhere",
        icon=":material/devices:",
        type="tertiary",
        key="sign_out_everywhere",
        help="Ends your sign-in in every browser, on this machine and others.",
        on_click=auth.sign_out,
        args=(app,),
        kwargs={"everywhere": True},
    )
