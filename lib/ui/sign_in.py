"""The sign-in form, and the corner where the signed-in person sees who they are and leaves."""

import streamlit as st

from lib import auth
from lib.domain.permissions import Identity
from lib.launch import Hub
from lib.settings import Environment
from lib.ui.again import draw_again
from lib.ui.text import plain


def show_sign_in(hub: Hub) -> None:
    """Ask for name and password; after the right ones the same address opens as the signed-in page."""
    _, middle, _ = st.columns([1, 2, 1])
    with middle:
        st.title("Account Manager")
        with st.form("sign_in"):
            username = st.text_input("User name", autocomplete="username")
            password = st.text_input("Password", type="password", autocomplete="current-password")
            asked = st.form_submit_button("Sign in", type="primary", icon=":material/login:", width="stretch")
        if asked:
            try:
                auth.sign_in(hub, username, password)
            except auth.SignInRefused as refused:
                st.error(str(refused), icon=":material/error:")
            else:
                draw_again()
        if hub.settings.env is Environment.DEMO:
            _show_demo_sign_ins()


def show_person(hub: Hub, identity: Identity) -> None:
    """Name, roles and the way out, at the foot of the sidebar."""
    roles = ", ".join(sorted(role.value.replace("_", " ") for role in identity.roles))
    st.caption(f"{plain(identity.name)} · {roles}")
    if st.button("Sign out", icon=":material/logout:", width="stretch", key="sign_out"):
        auth.sign_out(hub)
        draw_again()


def _show_demo_sign_ins() -> None:
    from lib.standins.demo import DEMO_SIGN_INS

    st.caption("Sign-ins of the demo")
    st.table(
        [{"User name": one.username, "Password": one.password, "What they may do": one.what} for one in DEMO_SIGN_INS],
        hide_index=True,
    )
