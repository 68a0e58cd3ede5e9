"""The database goes away while people work: pages say so, show no data, and come back by themselves."""

import pytest

from lib.app import start
from lib.settings import load
from lib.ui.navigation import EMAILS
from lib.ui.widgets import away
from tests.actions.conftest import fill
from tests.conftest import administer, named
from tests.faults.test_database_away import Postgres
from tests.pages.conftest import House, press, said, sound
from tests.server import CLIENT_ID, CLIENT_SECRET, COOKIE_KEY, SBC_TOKEN, sbc_of, zuora_of

AWAY = "The database is not available at the moment."
pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def _house(postgres_url, _postgres_template, tmp_path_factory):
    """A few accounts in a database that an administrator can close."""
    administer(postgres_url, f"create database house_away template {_postgres_template}")
    folder = tmp_path_factory.mktemp("house")
    with zuora_of(folder) as zuora, sbc_of(folder) as sbc:
        given = {
            "env": "staging",
            "data_dir": folder,
            "database_url": named(postgres_url, "house_away"),
            "cookie_key": COOKIE_KEY,
            "zuora_url": zuora.url,
            "zuora_client_id": CLIENT_ID,
            "zuora_client_secret": CLIENT_SECRET,
            "sbc_url": sbc.url,
            "sbc_token": SBC_TOKEN,
            "mail_host": "127.0.0.1",
            "page_wait_seconds": 10,
            "log_level": "WARNING",
        }
        start.stop()
        hub = start.start(load(**given))
        fill(hub.services.engine, zuora)
        try:
            yield House(hub, zuora, sbc)
        finally:
            start.stop()


@pytest.fixture
def database(house, postgres_url):
    made = Postgres(postgres_url, named(postgres_url, "house_away"))
    yield made
    house.app.services.engine.dispose()


@pytest.fixture(autouse=True)
def _new_note(monkeypatch):
    monkeypatch.setattr(away, "_noted", ("", float("-inf")))


def one_away(app, parts=1):
    """This many parts of the page say so, in plain words, with an id; nothing on the page looks like success."""
    sound(app)
    told = said(app)
    assert told.count(AWAY) == parts
    assert "Your last change may not have been saved." in told
    assert "Quote **" in told
    assert not app.success
    assert not app.toast
    return app


def test_a_page_says_so_and_is_back(house, database, capsys):
    app = house.details("1001")
    capsys.readouterr()
    with database.gone():
        one_away(app.run())
        one_away(app.run())
        assert house.app.problem() is not None
    told = [line for line in capsys.readouterr().err.splitlines() if "database away" in line]
    # One line in the log for all of it, with the id that the person sees.
    assert len(told) == 1
    assert "Traceback" not in told[0]
    assert AWAY not in said(sound(app.run()))
    assert any("Wattle Plumbing" in one.value for one in [*app.title, *app.header, *app.subheader, *app.markdown])


def test_a_section_with_its_own_sentence_is_back_too(house, database):
    app = house.open("lead", EMAILS.path, account="1001")
    with database.gone():
        one_away(app.run())
    assert AWAY not in said(sound(app.run()))


def test_a_click_during_it_is_not_done_and_not_reported_as_done(house, database, monkeypatch):
    """It goes away after the plan was shown, at the moment of the claim."""
    app = house.details("1001")
    press(app, "Edit")
    next(field for field in app.text_input if field.label == "Account name").set_value("Wattle while away")
    press(app, "Preview")
    real = house.app.runner.second_person.check
    closed = []

    def check(plan, actor):
        spend = real(plan, actor)
        closed.append(database.gone())
        closed[-1].__enter__()
        return spend

    monkeypatch.setattr(house.app.runner.second_person, "check", check)
    try:
        press(app, "Rename account")
        assert len(closed) == 1
        # In the dialog, and on the page below it.
        one_away(app, parts=2)
    finally:
        for one in closed:
            one.__exit__(None, None, None)
    sound(app.run())
    assert AWAY not in said(app)
    assert house.app.runner.open_run("1001") is None
