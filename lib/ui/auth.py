"""Who is this, and may they see this page.

A person is who the cookie of their browser's connection says, asked for at every run of a page and of a fragment.
What the session remembers is never a proof: it can outlive the person it belonged to.
"""

from typing import NoReturn
from urllib.parse import quote, urlencode, urlsplit

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib.app import sign_in, start
from lib.app.start import App
from lib.domain.permissions import Identity, Permission
from lib.ui.visit import Visit, under_way
from lib.web import bindings
from lib.web.sign_in import SIGN_IN

# Whose the values of the session are: forms, searches, open dialogs. The id of a sign-in, never of a person: the same
# person begins again with nothing, too.
_OWNER = "session_of"
# Somebody has signed out a moment ago.
_LEFT = "signed_out"
# What stays in the session whoever it belongs to.
KEPT = {_LEFT}


def presented_cookie(name: str) -> str | None:
    """The cookie with which the browser opened the connection this run answers to."""
    return st.context.cookies.get(name)


def current(app: App) -> Identity | None:
    """The person of the browser that is connected now; None when nobody is signed in.

    A session that belonged to another sign-in before is emptied first.
    """
    identity = sign_in.signed_in(app, presented_cookie(sign_in.cookie_name(app)))
    _own_session(identity)
    return identity


def require(permission: Permission) -> Visit:
    """The first statement of every page: who is at it and what is open there, or the page ends here.

    Home.py stops anonymous visitors before any page runs. This second lock holds even if a page were
    ever run without it.
    """
    visit = under_way() or _visit_without_frame()
    if not visit.may(permission):
        st.error(
            f"Your role does not include {permission}, so this page stays empty. Ask an admin if you need it.",
            icon=":material/lock:",
        )
        st.stop()
    return visit


def _visit_without_frame() -> Visit:
    app = start.start()
    identity = current(app)
    if identity is None:
        leave()
    return Visit(app, identity)


def sign_out(app: App, *, everywhere: bool = False) -> None:
    """End this sign-in, or every one of this person. Call it before the page is drawn: as a button's callback."""
    identity = current(app)
    if identity is None:
        return
    if everywhere:
        sign_in.sign_out_everywhere(app, identity)
    else:
        sign_in.sign_out(app, identity)
    _own_session(None)
    st.session_state[_LEFT] = True


def leave() -> NoReturn:
    """Say that nobody is signed in, and have the browser go to the sign-in. Ends the run of the script.

    Whoever signs in comes back to this very page, unless somebody has just signed out on it.
    """
    address = "/" if st.session_state.pop(_LEFT, False) else _here()
    target = f"{SIGN_IN}?{urlencode({'next': address})}" if address != "/" else SIGN_IN
    st.error(
        "You are signed out. Nothing was loaded, and what you clicked was not done.",
        icon=":material/lock:",
    )
    st.html(f'<a href="{quote(target, safe="/?=&%")}" target="_self">Sign in</a>')
    context = get_script_run_ctx()
    if context is not None:
        # The way Streamlit's own `st.login` leaves the app: the browser loads another address.
        message = ForwardMsg()
        message.auth_redirect.url = target
        context.enqueue(message)
    st.stop()


def _here() -> str:
    """The address of the page, without the host."""
    path = urlsplit(st.context.url or "").path or "/"
    query = urlencode([(name, value) for name in st.query_params for value in st.query_params.get_all(name)])
    return f"{path}?{query}" if query else path


def _own_session(identity: Identity | None) -> None:
    """Whoever sits down after somebody else in the same tab finds nothing of theirs in it."""
    owner = identity.session if identity else None
    if st.session_state.get(_OWNER) != owner:
        for key in list(st.session_state):
            if key not in KEPT:
                del st.session_state[key]
        if owner is not None:
            st.session_state[_OWNER] = owner
    context = get_script_run_ctx()
    if context is not None:
        bindings.bind(context.session_id, owner)
