from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from lib.standins.demo import DEMO_SIGN_INS
from lib.store.engine import writing
from lib.store.schema import person
from tests.pages.conftest import press, said, sound, the_one

WRONG = "This user name and password do not belong together"
ATTEMPTS = 3


@pytest.fixture(scope="module")
def settings():
    return {"sign_in_attempts": ATTEMPTS, "sign_in_lock_minutes": 15}


def is_form(app) -> bool:
    """The sign-in form and nothing of the dashboard."""
    labels = [field.label for field in app.text_input]
    return labels == ["User name", "Password"] and [button.label for button in app.button] == ["Sign in"]


def fill(app, username: str, password: str):
    app.text_input[0].set_value(username)
    app.text_input[1].set_value(password)
    return press(app, "Sign in")


def set_person(house, username: str, **values) -> None:
    with writing(house.hub.services.engine) as connection:
        connection.execute(update(person).where(person.c.username == username).values(**values))


def test_a_visitor_sees_the_form_and_nothing_else(house):
    app = house.visit()
    assert is_form(app)
    assert not app.sidebar.children
    assert not app.dataframe
    assert not app.metric


@pytest.mark.parametrize("sign_in", DEMO_SIGN_INS, ids=lambda one: one.username)
def test_every_published_sign_in_works(house, sign_in):
    app = fill(house.visit(), f" {sign_in.username.upper()} ", sign_in.password)
    assert [button.label for button in app.button if button.key == "sign_out"] == ["Sign out"]
    assert not [field for field in app.text_input if field.label == "Password"]


@pytest.mark.parametrize(("username", "password"), [("viewer", "wrong"), ("nobody", "lead-demo"), ("' or 1=1 --", "x")])
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(house, username, password):
    app = fill(house.visit(), username, password)
    assert is_form(app)
    assert WRONG in said(app)


@pytest.mark.parametrize(("username", "password"), [("", ""), ("lead", ""), ("", "lead-demo"), ("   ", "lead-demo")])
def test_an_empty_field_is_asked_for(house, username, password):
    app = fill(house.visit(), username, password)
    assert is_form(app)
    assert "Type your user name and your password." in said(app)


def test_an_inactive_person_stays_outside_with_the_right_password(house):
    set_person(house, "admin", active=False)
    app = fill(house.visit(), "admin", "admin-demo")
    set_person(house, "admin", active=True, failed_sign_ins=0)
    assert is_form(app)
    assert WRONG in said(app)


def test_a_person_made_inactive_is_out_at_the_next_click(house):
    app = house.open("billing")
    assert not is_form(app)
    set_person(house, "billing", active=False)
    app.run()
    set_person(house, "billing", active=True)
    assert is_form(app)


def test_too_many_wrong_passwords_close_the_sign_in_even_for_the_right_one(house):
    set_person(house, "billing", failed_sign_ins=0, locked_until=None)
    app = house.visit()
    for _ in range(ATTEMPTS):
        assert WRONG in said(fill(app, "billing", "guess"))
    refused = fill(house.visit(), "billing", "billing-demo")
    try:
        assert is_form(refused)
        assert "Sign-in is closed for a while" in said(refused)
        assert not is_form(fill(house.visit(), "lead", "lead-demo")), "the others are not locked out"
    finally:
        set_person(house, "billing", locked_until=datetime.now(UTC) - timedelta(seconds=1))
    assert not is_form(fill(house.visit(), "billing", "billing-demo")), "the lock ends by itself"


def test_a_right_password_forgets_the_wrong_ones_before_it(house):
    set_person(house, "viewer", failed_sign_ins=0, locked_until=None)
    for _ in range(2):
        for _ in range(ATTEMPTS - 1):
            fill(house.visit(), "viewer", "guess")
        assert not is_form(fill(house.visit(), "viewer", "viewer-demo"))


def test_signing_out_ends_this_session_and_every_other_one_of_the_person(house):
    here, there = house.open("admin"), house.open("admin")
    assert is_form(press(here, "Sign out"))
    assert is_form(sound(there.run()))
    assert is_form(sound(here.run()))


def test_a_sign_in_does_not_outlive_its_hours(house):
    app = house.open("lead")
    app.session_state["signed_in_at"] -= house.hub.settings.sign_in_hours * 3600 + 1
    assert is_form(sound(app.run()))


def test_a_session_without_a_known_beginning_is_not_believed(house):
    app = house.open("lead")
    app.session_state["signed_in_at"] = None
    assert is_form(sound(app.run()))


def test_the_address_survives_the_sign_in(house):
    app = fill(house.visit(account="144918"), "lead", "lead-demo")
    assert the_one(app.query_params["account"]) == "144918"
