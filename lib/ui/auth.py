"""Who is signed in, and may they see this page.

The cookie of the browser's connection says who it is; it is looked up at every run of a page and of a fragment. What
the session remembers proves nothing: a session can outlive the sign-in it belonged to.
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

# The sign-in that the session's forms, searches and dialogs belong to. Not the person: whoever signs in again starts
# with an empty session.
_OWNER = "session_of"
_LEFT = "signed_out"
# These session values are kept when another sign-in takes over the session.
KEPT = {_LEFT}


def presented_cookie(name: str) -> str | None:
    """The cookie that the browser sent when it opened its connection."""
    return st.context.cookies.get(name)


def current(app: App) -> Identity | None:
    """Who is signed in now, or None. A session that belonged to another sign-in is emptied first."""
    identity = sign_in.signed_in(app, presented_cookie(sign_in.cookie_name(app)))
    _own_session(identity)
    return identity


def require(permission: Permission) -> Visit:
    """The visit, if this person may see the page; otherwise the page ends here. Every page begins with this.

    Home.py stops anonymous visitors before any page runs. This check works even if a page runs without Home.py.
    """
    visit = under_way() or signed_in_visit()
    if not visit.may(permission):
        st.error(
            f"Your role does not include {permission}, so nothing is shown here. Ask an admin if you need it.",
            icon=":material/lock:",
        )
        st.stop()
    return visit


def signed_in_visit() -> Visit:
    """A visit of the person who is signed in now. Without one, the browser goes to the sign-in and the run ends."""
    app = start.start()
    identity = current(app)
    if identity is None:
        leave()
    return Visit(app, identity)


def sign_out(app: App, *, everywhere: bool = False) -> None:
    """End this sign-in, or all sign-ins of this person. Call it as a button's callback, before the page is drawn."""
    identity = current(app)
    if identity is None:
        return
    end = sign_in.sign_out_everywhere if everywhere else sign_in.sign_out
    end(app, identity)
    _own_session(None)
    st.session_state[_LEFT] = True


def leave() -> NoReturn:
    """Say that nobody is signed in, send the browser to the sign-in, and end the run of the script.

    After signing in, the person comes back to this page, unless somebody has just signed out on it.
    """
    address = "/" if st.session_state.pop(_LEFT, False) else _here()
    target = f"{SIGN_IN}?{urlencode({'next': address})}" if address != "/" else SIGN_IN
    st.error("You are signed out. Nothing was loaded, and what you clicked was not done.", icon=":material/lock:")
    st.html(f'<a href="{quote(target, safe="/?=&%")}" target="_self">Sign in</a>')
    context = get_script_run_ctx()
    if context is not None:
        # As Streamlit's own `st.login` does it: the browser loads another address.
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
    """Empty a session of another sign-in: the next person in the same tab sees nothing of the one before."""
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
