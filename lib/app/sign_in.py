"""Sign a person in and out, and say whose sign-in a cookie is. Knows neither the web server nor Streamlit.

Failed tries are counted for a name at one address, for the address, and for the name at all addresses together. These
do not count in a browser in which the person signed in before, so that strangers who try a name from many addresses
cannot keep its owner out.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from lib.app import passwords
from lib.app.start import App
from lib.domain.permissions import Identity
from lib.settings import Environment
from lib.store import audit, people, sessions, sign_in_tries
from lib.store.engine import writing
from lib.store.people import Person
from lib.store.sign_in_tries import Counter

NAME_FACTOR = 5
"""A name may have this many times the tries of one address, from all addresses together."""

REFUSED = (
    "You are not signed in. Check the user name and the password, and try again. After several failed tries, wait "
    "{minutes:g} minutes first, or ask an admin."
)
EMPTY = "Type your user name and your password."
KIND = "sign_in"
SOURCE = "local"
NOBODY = "nobody"
"""The actor of a failed sign-in. The typed name is not kept: it may be a password."""


class SignInRefused(Exception):
    """The sign-in failed; the text is for the form."""


@dataclass(frozen=True)
class SignedIn:
    """What the browser keeps: `token` for this sign-in, and `browser` to be recognised next time."""

    token: str
    browser: str


def cookie_name(app: App) -> str:
    """The cookie of the sign-in. With the prefix, browsers refuse a cookie that another host of the domain plants."""
    return "account_manager" if app.settings.env is Environment.DEMO else "__Host-account_manager"


def browser_cookie_name(app: App) -> str:
    """The cookie by which a browser is recognised."""
    return f"{cookie_name(app)}_browser"


def signed_in(app: App, token: str | None) -> Identity | None:
    """The person with this sign-in cookie, with their current roles; None when the sign-in has ended."""
    if not token:
        return None
    with app.services.engine.connect() as connection:
        found = sessions.find_by_token(connection, token)
    if found is None or not found.holds(datetime.now(UTC), app.settings.sign_in_hours):
        return None
    return found.person.identity(SOURCE, found.id)


def sign_in(app: App, username: str, password: str, *, address: str, browser: str | None = None) -> SignedIn:
    """Sign this person in.

    `address` is where the request comes from; `browser` is the cookie by which this browser is recognised, if it has
    one. Every failure gives the same sentence after the same time, so that nobody learns which names exist, which are
    inactive, or that there were too many tries.

    Raises:
        SignInRefused: wrong name or password, inactive, password too long, or too many tries.
    """
    # PostgreSQL refuses a NUL.
    name = username.replace("\0", "").strip().lower()
    if not name or not password:
        raise SignInRefused(EMPTY)
    with writing(app.services.engine) as connection:
        person = people.find_person(connection, name)
        over = _count(app, connection, name, address, browser)
    right = _is_right(person, password)
    if over is not None or not right or person is None:
        # Only the first try over the limit goes to the audit: a flood must not fill it.
        if over in (None, 1):
            _note_failure(app, person, address, "wrong name or password" if over is None else "too many tries")
        raise SignInRefused(refusal(app))
    try:
        with writing(app.services.engine) as connection:
            token = sessions.begin_session(
                connection, person.username, address=address, password_hash=person.password_hash
            )
            for counter in _counters(app, name, address, browser):
                if counter.kind in {"pair", "browser"}:
                    sign_in_tries.forget(connection, counter)
                else:
                    sign_in_tries.take_back(connection, counter)
            sign_in_tries.drop_old_tries(connection, minutes=app.settings.sign_in_lock_minutes)
            _note(connection, person.email, "done", {"address": address})
    except KeyError:
        # The password was changed, or the person disabled, since the check began.
        raise SignInRefused(refusal(app)) from None
    return SignedIn(token, _browser_mark(app, person.username))


def refusal(app: App) -> str:
    """The one sentence for every failed sign-in."""
    return REFUSED.format(minutes=app.settings.sign_in_lock_minutes)


def sign_out(app: App, identity: Identity) -> None:
    """End this sign-in, in every tab that has its cookie."""
    if identity.session is None:
        return
    with writing(app.services.engine) as connection:
        if sessions.end_session(connection, identity.session):
            _note(connection, identity.email, "signed_out", {})


def sign_out_everywhere(app: App, identity: Identity) -> int:
    """End every sign-in of this person; returns how many."""
    with writing(app.services.engine) as connection:
        ended = sessions.end_sessions_of(connection, identity.username)
        _note(connection, identity.email, "signed_out", {"everywhere": ended})
    return ended


def _count(app: App, connection: Connection, name: str, address: str, browser: str | None) -> int | None:
    """Count this try. None while it is within every limit; otherwise by how many tries it is over one.

    Counting stops at the first limit: an address over its limit no longer counts against names, and locks nobody out.
    """
    for counter, allowed in _counters(app, name, address, browser).items():
        tries = sign_in_tries.count_try(connection, counter, minutes=app.settings.sign_in_lock_minutes)
        if tries > allowed:
            return tries - allowed
    return None


def _counters(app: App, name: str, address: str, browser: str | None) -> dict[Counter, int]:
    """The counters of a try, in order, and how many failures each allows."""
    allowed = app.settings.sign_in_attempts
    if browser is not None and _knows(app, browser, name):
        return {Counter("browser", name, browser): allowed}
    return {
        Counter("address", address): app.settings.sign_in_address_attempts,
        Counter("pair", name, address): allowed,
        Counter("name", name): allowed * NAME_FACTOR,
    }


def _is_right(person: Person | None, password: str) -> bool:
    """Takes the same time for an unknown or inactive person and for a password that is too long."""
    known = person is not None and person.active
    return passwords.matches(password, person.password_hash if person is not None and known else None)


def _browser_mark(app: App, username: str) -> str:
    """What a browser keeps to be recognised. It signs nobody in: it only spares the person others' failed tries."""
    mark = f"{username}.{secrets.token_hex(8)}"
    return f"{mark}.{_signature(app, mark)}"


def _knows(app: App, browser: str, name: str) -> bool:
    mark, _, signature = browser.rpartition(".")
    return mark.rpartition(".")[0] == name and hmac.compare_digest(
        signature.encode("utf-8", "replace"), _signature(app, mark).encode()
    )


def _signature(app: App, mark: str) -> str:
    key = app.settings.cookie_key.get_secret_value().encode()
    return hmac.new(key, f"browser:{mark}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _note_failure(app: App, person: Person | None, address: str, why: str) -> None:
    with writing(app.services.engine) as connection:
        sign_in_tries.drop_old_tries(connection, minutes=app.settings.sign_in_lock_minutes)
        _note(connection, person.email if person else NOBODY, "refused", {"address": address, "why": why})


def _note(connection: Connection, actor: str, phase: str, details: dict[str, object]) -> None:
    audit.append_event(connection, kind=KIND, phase=phase, actor=actor, details=details)
