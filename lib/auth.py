"""Who is this, and may they see this page.

Local sign-in goes through streamlit-authenticator against the people in our database. The session is checked
against the database at every run, so a person who is made inactive, or signs out elsewhere, is out at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import cache

import bcrypt
import jwt
import streamlit as st
from streamlit_authenticator.controllers import AuthenticationController, CookieController

from lib import launch
from lib.domain.permissions import Identity, Permission
from lib.launch import Hub
from lib.store import people
from lib.store.engine import writing
from lib.store.people import Person

COOKIE = "account_manager"
COOKIE_TRIES = 10
CLOCK_ERROR_SECONDS = 60
_SOURCE = "local"
# Whose the other values of the session are: forms, searches, open dialogs.
_OWNER = "session_of"
# What the session keeps when its person goes: the components that write the cookie, and what they are to do.
_NOBODYS = {"logout", "cookie_drops", "init", "set", "drop"}
# Who was found signed in at the beginning of this run of the script; each session runs in a thread of its own.
_known: ContextVar[Identity | None] = ContextVar("known", default=None)


class SignInRefused(Exception):
    """The sign-in failed; the text is a sentence for the form."""


def current(hub: Hub) -> Identity | None:
    """The person of this browser session, from the session or its cookie; None when nobody is signed in."""
    if st.session_state.get("authentication_status"):
        person = _active(hub, str(st.session_state.get("username", "")))
        began = st.session_state.get("signed_in_at")
        if person is not None and not _ended(hub, person, began):
            _own_session(person)
            return _identity(person)
        _forget_session()
        return None
    return _from_cookie(hub)


@contextmanager
def known(identity: Identity) -> Iterator[None]:
    """Around the page of a run that has just asked who this is: `require` then does not ask the database again."""
    token = _known.set(identity)
    try:
        yield
    finally:
        _known.reset(token)


def require(permission: Permission) -> Identity:
    """The first statement of every page: the signed-in person, or the page ends here.

    Home.py stops anonymous visitors before any page runs. This second lock holds even if a page were
    ever run without it.
    """
    identity = _known.get() or current(launch.start())
    if identity is None:
        st.error(
            "You are not signed in. Nothing was loaded. Open the start page and sign in.",
            icon=":material/lock:",
        )
        st.stop()
    if not identity.may(permission):
        st.error(
            f"Your role does not include {permission}, so this page stays empty. Ask an admin if you need it.",
            icon=":material/lock:",
        )
        st.stop()
    return identity


def sign_in(hub: Hub, username: str, password: str) -> None:
    """Sign the person in for this session, or say why not. The cookie follows with `keep_cookie`.

    Raises:
        SignInRefused: wrong name or password, inactive, or locked after too many tries.
    """
    name = username.strip().lower()
    if not name or not password:
        raise SignInRefused("Type your user name and your password.")
    with hub.services.engine.connect() as connection:
        person = people.find_person(connection, name)
    if person is not None and person.is_locked(datetime.now(UTC)):
        raise SignInRefused("Too many wrong passwords. Sign-in is closed for a while; try again later or ask an admin.")
    known = person is not None and person.active and person.password_hash is not None
    # An unknown name costs the same time as a wrong password, so the form does not tell which names exist.
    nobody = _hash_of_nobody()
    hashed = person.password_hash if person is not None and known else nobody
    # The library's checker alone: building all of it mounts its cookie component, whose first answer makes
    # Streamlit start the script anew and forget that the button was pressed.
    checker = AuthenticationController({"usernames": {name: {"password": hashed}}}, auto_hash=False)
    accepted = checker.login(name, password)
    if not accepted or not known:
        _forget_session()
        with writing(hub.services.engine) as connection:
            people.record_wrong_password(
                connection,
                name,
                allowed=hub.settings.sign_in_attempts,
                lock_minutes=hub.settings.sign_in_lock_minutes,
            )
        raise SignInRefused("This user name and password do not belong together. Check both and try again.")
    with writing(hub.services.engine) as connection:
        people.record_sign_in(connection, name)
    st.session_state["signed_in_at"] = datetime.now(UTC).timestamp()
    st.session_state["cookie_tries"] = COOKIE_TRIES
    st.session_state["logout"] = None


def sign_out(hub: Hub) -> None:
    """End this session, and with it every cookie of this person made before now."""
    username = str(st.session_state.get("username") or "")
    if username:
        with writing(hub.services.engine) as connection:
            people.record_sign_out(connection, username)
    _forget_session()
    st.session_state["logout"] = True
    st.session_state["cookie_drops"] = COOKIE_TRIES


def keep_cookie(hub: Hub) -> None:
    """Write the cookie after a sign-in, or delete it after a sign-out, until the browser confirms.

    The cookie is written by a component in the page; a rerun before it is mounted loses it, and the component's
    own first answer causes such a rerun. So it is asked for again at each run until it is there. Once settled
    this draws nothing, which spares every other run the component's extra round trips.
    """
    if st.session_state.get("cookie_tries"):
        cookies = _cookies(hub)
        if cookies.cookie_model.cookie_manager.cookies.get(COOKIE):
            st.session_state["cookie_tries"] = 0
            return
        st.session_state["cookie_tries"] -= 1
        began = float(st.session_state["signed_in_at"])
        lives = began + hub.settings.sign_in_hours * 3600 - datetime.now(UTC).timestamp()
        # Not the library's own `set_cookie`: it writes the end without a time zone, which a browser east of the
        # server takes for a moment long past, and then keeps no cookie at all.
        cookies.cookie_model.cookie_manager.set(
            COOKIE,
            _token(hub, str(st.session_state["username"]), began),
            expires_at=datetime.now(UTC) + timedelta(seconds=lives),
            max_age=lives,
        )
    elif st.session_state.get("cookie_drops"):
        manager = _cookies(hub).cookie_model.cookie_manager
        asked = st.session_state["cookie_drops"] < COOKIE_TRIES
        if asked and manager.cookies and not manager.cookies.get(COOKIE):
            st.session_state["cookie_drops"] = 0
            return
        st.session_state["cookie_drops"] -= 1
        # Ended, not deleted: the component refuses to delete what it has not seen yet, right after a sign-in.
        manager.set(COOKIE, "", key="drop", expires_at=datetime.fromtimestamp(0, UTC), max_age=0)


@cache
def _hash_of_nobody() -> str:
    """Made at the first sign-in: it takes a third of a second, which no start of the server should wait for."""
    return bcrypt.hashpw(b"nobody", bcrypt.gensalt(12)).decode()


def _token(hub: Hub, username: str, began: float) -> str:
    """The cookie's value, in the shape of streamlit-authenticator."""
    claims = {"username": username, "exp_date": began + hub.settings.sign_in_hours * 3600}
    return jwt.encode(claims, hub.settings.cookie_key.get_secret_value(), algorithm="HS256")


def _cookies(hub: Hub) -> CookieController:
    return CookieController(COOKIE, hub.settings.cookie_key.get_secret_value(), hub.settings.sign_in_hours / 24)


def _from_cookie(hub: Hub) -> Identity | None:
    """The person of the cookie the browser opened this session with.

    The cookie is read here and not through the library, whose reader mounts a component and costs each fresh
    page two more runs, the first of them anonymous: a flicker of the sign-in form.
    """
    token = st.context.cookies.get(COOKIE)
    if not token or st.session_state.get("logout"):
        return None
    try:
        claims = jwt.decode(token, hub.settings.cookie_key.get_secret_value(), algorithms=["HS256"])
        username, began = str(claims["username"]), float(claims["exp_date"]) - hub.settings.sign_in_hours * 3600
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        return None
    person = _active(hub, username)
    if person is None or _ended(hub, person, began):
        return None
    st.session_state.update(
        authentication_status=True,
        username=username,
        name=person.name,
        email=person.email,
        signed_in_at=began,
    )
    _own_session(person)
    return _identity(person)


def _active(hub: Hub, username: str) -> Person | None:
    with hub.services.engine.connect() as connection:
        person = people.find_person(connection, username)
    return person if person is not None and person.active else None


def _ended(hub: Hub, person: Person, began: float | None) -> bool:
    """True when this sign-in is too old, or the person signed out after it. No believable begin counts as ended."""
    if began is None:
        return True
    age = datetime.now(UTC).timestamp() - began
    # Written so that a begin that is no number, or lies in the future beyond any clock's error, is refused, too.
    if not -CLOCK_ERROR_SECONDS <= age <= hub.settings.sign_in_hours * 3600:
        return True
    return person.signed_out_at is not None and began <= person.signed_out_at.timestamp()


_SIGN_IN = ("authentication_status", "username", "name", "email", "roles", "signed_in_at", "cookie_tries")


def _own_session(person: Person) -> None:
    """Whoever sits down after somebody else in the same tab finds nothing of theirs in it."""
    if st.session_state.get(_OWNER) not in (None, person.username):
        _forget_values()
    st.session_state[_OWNER] = person.username


def _forget_session() -> None:
    _forget_values()
    for key in _SIGN_IN:
        st.session_state[key] = None


def _forget_values() -> None:
    """Forget what was typed, chosen and opened. A form that begins again begins with the record, not with nothing.

    The fields leave the browser with the sign-in form. A value that only the session still had would be taken for
    what the browser shows, and there the field is empty.
    """
    for key in list(st.session_state):
        if key not in _NOBODYS and key not in _SIGN_IN:
            del st.session_state[key]


def _identity(person: Person) -> Identity:
    return Identity(email=person.email, name=person.name, roles=person.roles, source=_SOURCE, account=person.account)
