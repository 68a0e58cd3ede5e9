import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from lib.domain.moments import local_time
from lib.store.engine import writing
from lib.store.schema import account, snapshot
from tests.pages.conftest import READ, demo, differences, facts, metrics, plain_accounts, rerun_until, said

WAIT = 0.5
OWN = plain_accounts()


@pytest.fixture(scope="module")
def settings():
    return {"page_wait_seconds": WAIT, "zuora_page_seconds": 8}


def read_yesterday(house, number: str) -> str:
    """Read the account once and move that reading to yesterday; returns the time as the page writes it."""
    rerun_until(house.details(number), lambda app: facts(app)["Name"][1] != "being read")
    moment = datetime.now(UTC) - timedelta(days=1)
    with writing(house.app.services.engine) as connection:
        id_ = connection.execute(select(account.c.id).where(account.c.number == number)).scalar_one()
        changed = connection.execute(update(snapshot).where(snapshot.c.account_id == id_).values(read_at=moment))
    assert changed.rowcount == 1
    return local_time(moment, house.app.settings.time_zone)


@pytest.mark.parametrize("kind", ["drop_before", "html504", "429", "success_false", "truncate", "unauthorized", "lock"])
def test_while_zuora_fails_the_page_shows_the_last_reading_with_its_time(house, kind):
    own = demo("name_differs")
    moment = read_yesterday(house, own.number)
    house.fail(kind)
    app = rerun_until(house.details(own.number), lambda app: "is being read" not in said(app))
    assert "Zuora could not be read at" in said(app)
    assert f"Showing what was read at {moment}." in said(app)
    assert facts(app)["Name"] == (own.name, own.in_zuora.name)
    assert facts(app)["Balance"][1] == "0.00 AUD"
    assert differences(app) == {"Name": (own.name, own.in_zuora.name)}
    assert metrics(app)["Numbers"] == str(len(own.has.numbers))


def test_what_was_never_read_is_not_made_up(house):
    own = OWN[0]
    house.fail("drop_before")
    app = rerun_until(house.details(own.number), lambda app: "is being read" not in said(app))
    assert "Nothing was read earlier." in said(app)
    assert {facts(app)[fact][1] for fact in READ} == {"could not be read"}
    assert differences(app) == {}
    assert facts(app)["Name"][0] == own.name


def test_when_zuora_is_back_the_page_is_live_again(house):
    own = OWN[1]
    house.fail("html504")
    app = rerun_until(house.details(own.number), lambda app: "could not be read" in said(app))
    house.zuora.state.faults.clear()
    rerun_until(app, lambda app: "Zuora" not in said(app).replace("Zuora is a stand-in", ""))
    assert facts(app)["Name"] == (own.name, own.name)


def test_slow_zuora_does_not_delay_a_page(house):
    own = OWN[2]
    moment = read_yesterday(house, own.number)
    house.fail("latency", seconds=30)
    app = house.open("lead", account=own.number)
    began = time.monotonic()
    app.switch_page("pages/account/details.py").run()
    took = time.monotonic() - began
    assert took < WAIT + 2.5
    assert f"Zuora is being read. Showing what was read at {moment}." in said(app)
    assert facts(app)["Name"] == (own.name, own.name)


def test_slow_zuora_without_an_earlier_reading_says_so(house):
    own = OWN[3]
    house.fail("latency", seconds=30)
    app = house.details(own.number)
    assert "Zuora is being read. Nothing was read earlier." in said(app)
    assert facts(app)["Name"] == (own.name, "being read")


def test_a_slow_answer_is_shown_when_it_comes(house):
    own = OWN[4]
    house.fail("latency", seconds=1.5, times=1)
    app = house.details(own.number)
    assert "Zuora is being read." in said(app)
    rerun_until(app, lambda app: "is being read" not in said(app))
    assert facts(app)["Name"] == (own.name, own.name)
