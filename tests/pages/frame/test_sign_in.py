"""Who is signed in, from one run of the page's script to the next."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from lib.app import passwords, sign_in
from lib.app.sign_in import SignInRefused
from lib.demo import DEMO_SIGN_INS
from lib.domain.permissions import Role
from lib.store.engine import writing
from lib.store.schema import person, person_role, sign_in_session
from lib.store.sessions import find_by_token
from tests.pages.conftest import TOKEN, demo, press, said, sound

OWN = demo("overdue").number


def is_shut(app) -> bool:
    """The page says that nobody is signed in, and shows nothing of the dashboard."""
    return "You are signed out." in said(app) and not app.button and not app.text_input and not app.sidebar.children


def set_person(house, username: str, **values) -> None:
    with writing(house.app.services.engine) as connection:
        connection.execute(update(person).where(person.c.username == username).values(**values))


def session_of(house, app) -> str:
    with house.app.services.engine.connect() as connection:
        return find_by_token(connection, app.session_state[TOKEN]).id


def test_a_visitor_is_sent_to_the_sign_in_and_sees_nothing_else(house):
    app = house.visit()
    assert is_shut(app)
    assert not app.dataframe
    assert not app.metric


@pytest.mark.parametrize("one", DEMO_SIGN_INS, ids=lambda one: one.username)
def test_every_published_sign_in_works(house, one):
    found = sign_in.sign_in(house.app, f" {one.username.upper()} ", one.password, address="192.0.2.1")
    assert sign_in.signed_in(house.app, found.token).username == one.username


@pytest.mark.parametrize(
    ("username", "password", "address"),
    [
        ("lead", "wrong", "192.0.2.2"),
        ("made-up", "wrong", "192.0.2.3"),
        ("viewer", "viewer-demo", "192.0.2.4"),
        ("lead", 100 * "x", "192.0.2.5"),
        ("lead", "lead-demo", "192.0.2.6"),
    ],
    ids=["wrong", "unknown", "inactive", "too long", "closed"],
)
def test_a_password_is_always_checked_once(house, monkeypatch, username, password, address):
    """The check takes nearly all of the time, so an answer without it would be noticed."""
    for _ in range(house.app.settings.sign_in_attempts if address == "192.0.2.6" else 0):
        with pytest.raises(SignInRefused):
            sign_in.sign_in(house.app, username, "guess", address=address)
    set_person(house, "viewer", active=False)
    checked = []
    real = passwords._hasher()

    class Counting:
        @staticmethod
        def check_pw(typed, hashed):
            checked.append(hashed.split("$")[2])
            return real.check_pw(typed, hashed)

    monkeypatch.setattr(passwords, "_hasher", lambda: Counting)
    try:
        with pytest.raises(SignInRefused):
            sign_in.sign_in(house.app, username, password, address=address)
    finally:
        set_person(house, "viewer", active=True)
    assert checked == ["12"]


def end_by_age(house, app):
    began = datetime.now(UTC) - timedelta(hours=house.app.settings.sign_in_hours, seconds=1)
    with writing(house.app.services.engine) as connection:
        connection.execute(
            update(sign_in_session).where(sign_in_session.c.id == session_of(house, app)).values(began_at=began)
        )


def end_elsewhere(house, app):
    identity = sign_in.signed_in(house.app, app.session_state[TOKEN])
    sign_in.sign_out(house.app, identity)


@pytest.mark.parametrize(
    ("username", "end"),
    [
        ("billing", lambda house, _app: set_person(house, "billing", active=False)),
        ("billing", lambda house, _app: set_person(house, "billing", password_hash="another")),
        ("lead", end_by_age),
        ("admin", end_elsewhere),
    ],
    ids=["disabled", "another password", "too old", "signed out elsewhere"],
)
def test_everything_that_ends_a_sign_in_ends_it_at_the_next_click(house, username, end):
    before = next(one for one in DEMO_SIGN_INS if one.username == username)
    app = house.open(username)
    assert not is_shut(app)
    end(house, app)
    try:
        assert is_shut(sound(app.run()))
    finally:
        import bcrypt

        hashed = bcrypt.hashpw(before.password.encode(), bcrypt.gensalt(12)).decode()
        set_person(house, username, active=True, password_hash=hashed)


def test_a_clock_that_was_set_back_signs_nobody_out(house):
    app = house.open("lead")
    with writing(house.app.services.engine) as connection:
        connection.execute(
            update(sign_in_session)
            .where(sign_in_session.c.id == session_of(house, app))
            .values(began_at=datetime.now(UTC) + timedelta(hours=1))
        )
    assert not is_shut(sound(app.run()))


def test_signing_out_ends_this_browser_and_everywhere_ends_all(house):
    here, there, other = house.open("admin"), house.open("admin"), house.open("viewer")
    assert is_shut(press(here, "Sign out"))
    assert is_shut(sound(here.run()))
    assert not is_shut(sound(there.run()))
    again = house.open("admin")
    assert is_shut(press(again, "Sign out everywhere"))
    assert is_shut(sound(there.run()))
    assert not is_shut(sound(other.run()))


def test_the_next_person_in_the_tab_begins_with_an_empty_session(house):
    app = house.details(OWN, "lead")
    press(app, "Suspend")
    assert app.session_state["dialog"].account == OWN
    app.session_state["own_draft"] = "what the lead typed"
    house.seat(app, "billing")
    assert "own_draft" not in app.session_state
    assert "dialog" not in app.session_state
    assert "account" not in app.session_state
    assert "Demo billing" in "\n".join(one.value for one in app.caption)


def test_the_same_person_begins_again_too(house):
    app = house.details(OWN, "lead")
    app.session_state["own_draft"] = "typed before the sign-out"
    assert "own_draft" not in house.seat(app, "lead").session_state


def test_a_role_that_was_taken_away_is_gone_at_the_next_click(house):
    app = house.details(OWN, "lead")
    assert "Suspend" in [button.label for button in app.button]
    with writing(house.app.services.engine) as connection:
        connection.execute(delete(person_role).where(person_role.c.role == Role.SUPPORT_LEAD.value))
    try:
        sound(app.run())
        assert [button.label for button in app.button] == ["Sign out", "Sign out everywhere"]
        assert "Your sign-in has no role" in said(app)
    finally:
        with writing(house.app.services.engine) as connection:
            lead = connection.execute(person.select().where(person.c.username == "lead")).one().id
            connection.execute(person_role.insert().values(person_id=lead, role=Role.SUPPORT_LEAD.value))


def test_every_fragment_checks_who_is_signed_in():
    """Only `lib.ui.widgets.fragments` makes Streamlit's fragments and dialogs."""
    from lib.settings import PROJECT

    for path in [*(PROJECT / "lib").rglob("*.py"), *(PROJECT / "pages").rglob("*.py")]:
        if path.name != "fragments.py":
            text = path.read_text()
            assert "st.fragment" not in text.replace("`st.fragment`", ""), path
            assert "st.dialog" not in text.replace("`st.dialog`", ""), path


def test_a_session_without_a_sign_in_does_not_count(house):
    app = house.open("lead")
    app.session_state[TOKEN] = None
    assert is_shut(sound(app.run()))
