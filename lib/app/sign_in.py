"""Sign a person in and out, and say whose sign-in a cookie is. Knows neither the web server nor Streamlit.

Failed tries are counted for a name at one address, for the address, and for the name at all addresses together. The
last counter does not hold for a browser in which the person signed in before: strangers who try a name from many
addresses cannot keep its owner out.
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
"""How many times the tries of one address a name has from all addresses together."""

REFUSED = (
    "You are not signed in. Check the user name and the password, and try again. After several failed tries wait "
    "{minutes:g} minutes first, or ask an admin."
)
EMPTY = "Type your user name and your password."
KIND = "sign_in"
SOURCE = "local"
NOBODY = "nobody"
"""The actor of a failed sign-in: what was typed as a name may be anything, a password too."""


class SignInRefused(Exception):
    """The sign-in failed; the text is a sentence for the form."""


@dataclass(frozen=True)
class SignedIn:
    """What the browser is to keep: `token` for this sign-in, `browser` to be known next time."""

    token: str
    browser: str


def cookie_name(app: App) -> str:
    """The sign-in's cookie. The prefix makes browsers refuse one that another host of the domain wants to plant."""
    return "account_manager" if app.settings.env is Environment.DEMO else "__Host-account_manager"


def browser_cookie_name(app: App) -> str:
    """The cookie by which a browser is known again."""
    return f"{cookie_name(app)}_browser"


def signed_in(app: App, token: str | None) -> Identity | None:
    """The person whose sign-in this cookie is, as they are now; None when it does not hold."""
    if not token:
        return None
    with app.services.engine.connect() as connection:
        found = sessions.find_by_token(connection, token)
    if found is None or not found.holds(datetime.now(UTC), app.settings.sign_in_hours):
        return None
    return found.person.identity(SOURCE, found.id)


def sign_in(app: App, username: str, password: str, *, address: str, browser: str | None = None) -> SignedIn:
    """Sign this person in.

    `address` is where the request comes from, `browser` the cookie by which this browser is known, if it has one.
    Whatever is wrong, the sentence is the same and takes the same time: it does not say which names exist, which are
    inactive, or that there were too many tries.

    Raises:
        SignInRefused: wrong name or password, inactive, too long a password, or too many tries.
    """
    # A NUL is in no name, and PostgreSQL takes none.
    name = username.replace("\0", "").strip().lower()
    if not name or not password:
        raise SignInRefused(EMPTY)
    with writing(app.services.engine) as connection:
        person = people.find_person(connection, name)
        over = _count(app, connection, name, address, browser)
    right = _is_right(person, password)
    if over is not None or not right or person is None:
        # The first try over the limit is noted, the ones after it only counted: a flood must not fill the audit.
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
        # Another password, or shut out, since the check began.
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
    """Count this try; None while it is within every limit, else by how many tries it is over one.

    One after the other: an address that is closed counts for no name any more, and so closes none for others.
    """
    for counter, allowed in _counters(app, name, address, browser).items():
        tries = sign_in_tries.count_try(connection, counter, minutes=app.settings.sign_in_lock_minutes)
        if tries > allowed:
            return tries - allowed
    return None


def _counters(app: App, name: str, address: str, browser: str | None) -> dict[Counter, int]:
    """What a try counts for, in this order, and how many failures each bears."""
    allowed = app.settings.sign_in_attempts
    if browser is not None and _knows(app, browser, name):
        return {Counter("browser", name, browser): allowed}
    return {
        Counter("address", address): app.settings.sign_in_address_attempts,
        Counter("pair", name, address): allowed,
        Counter("name", name): allowed * NAME_FACTOR,
    }


def _is_right(person: Person | None, password: str) -> bool:
    """Takes as long for nobody, for an inactive person and for an over-long password as for a wrong one."""
    known = person is not None and person.active
    return passwords.matches(password, person.password_hash if person is not None and known else None)


def _browser_mark(app: App, username: str) -> str:
    """What a browser keeps to be known again. It signs nobody in: it only spares the person the others' tries."""
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
