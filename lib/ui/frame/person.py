"""Who is signed in, and the buttons to sign out."""

import streamlit as st

from lib.ui import auth
from lib.ui.visit import Visit
from lib.ui.widgets.text import plain


def show_person(visit: Visit) -> None:
    """Name, roles and both sign-out buttons, at the foot of the sidebar."""
    roles = ", ".join(sorted(role.value.replace("_", " ") for role in visit.identity.roles))
    st.caption(f"{plain(visit.identity.name)} · {roles}")
    st.button(
        "Sign out", icon=":material/logout:", width="stretch", key="sign_out", on_click=auth.sign_out, args=(visit.app,)
    )
    st.button(
        "Sign out everywhere",
        icon=":material/devices:",
        type="tertiary",
        key="sign_out_everywhere",
        help="Signs you out in every browser, on this computer and on others.",
        on_click=auth.sign_out,
        args=(visit.app,),
        kwargs={"everywhere": True},
    )
