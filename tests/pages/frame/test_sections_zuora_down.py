"""Each failure of Zuora, on each page that reads it: a sentence, the last values with their time, nothing saved."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from lib.domain.allowances import LABELS
from lib.domain.moments import local_time
from lib.store import billing, emergency
from lib.store.engine import writing
from lib.store.schema import account, action_run, snapshot
from lib.ui.navigation import BILLING, CONTACTS, EMERGENCY
from tests.pages.conftest import press, rerun_until, said, sound, tables

WAYS = ["drop_before", "html504", "429", "success_false", "truncate", "unauthorized", "lock", "latency"]
RESUME = "Resume from the failed step"


@pytest.fixture(scope="module")
def settings():
    return {"page_wait_seconds": 0.5, "zuora_page_seconds": 1.5}


@pytest.fixture(scope="module")
def fits():
    return lambda one: (
        len(one.has.subscriptions) == 2
        and one.has.emergency
        and one.has.numbers
        and one.bill_to
        and one.sold_to
        and one.bill_to.id != one.sold_to.id
    )


def break_zuora(house, kind, match):
    house.fail(kind, match, **({"seconds": 30} if kind == "latency" else {}))


def receipts(app):
    return tables(app, "Step", "Result")


def labels(app):
    return [button.label for button in app.button]


def captions(app):
    return "\n".join(one.value for one in app.caption).replace("\\", "")


def runs(house, own):
    with house.app.services.engine.connect() as connection:
        return connection.execute(select(func.count()).where(action_run.c.account == own.number)).scalar_one()


def in_zuora(house, own, role="bill_to"):
    """The account in Zuora, read without any fault."""
    house.zuora.state.faults.clear()
    return getattr(house.app.services.zuora.account(own.zuora_id), role)


def age_reading(house, own):
    """Move the last reading of the account to yesterday; returns the time as the page writes it."""
    moment = datetime.now(UTC) - timedelta(days=1)
    with writing(house.app.services.engine) as connection:
        id_ = connection.execute(select(account.c.id).where(account.c.number == own.number)).scalar_one()
        connection.execute(update(snapshot).where(snapshot.c.account_id == id_).values(read_at=moment))
    return local_time(moment, house.app.settings.time_zone)


def update_contact(app, role="bill_to"):
    (button,) = [one for one in app.button if one.key == f"update_{role}"]
    return sound(button.click().run())


def assert_named(app, *, plan=True):
    """The failure is a sentence with what to do, and with an id that Zuora's support can look for."""
    words = said(app)
    if plan:
        assert "Zuora could not be read, so nothing was changed." in words
    assert re.search(r"Zuora (did not|was too busy|refused|answered|could not be reached)", words), words
    assert re.search(r"Try again|Ask the people who run|Correct it|Report it", words), words
    assert re.search(r"For Zuora support: .*track read-\w+", words), words


@pytest.mark.parametrize("kind", WAYS)
def test_billing_details(house, own, kind):
    (one, other) = (each.number for each in own.has.subscriptions)
    engine = house.app.services.engine
    with engine.connect() as connection:
        before = billing.list_subscriptions(connection, own.number)
    app = house.open("lead", BILLING.path, account=own.number)
    shown = [frame.to_dict() for frame in tables(app, "Allowance", "Granted")]
    ages = re.findall(r"refreshed .*", captions(app))
    break_zuora(house, kind, "GET /v1/subscriptions")

    def still_there(app, start):
        assert_named(app)
        assert [frame.to_dict() for frame in tables(app, "Allowance", "Granted")] == shown
        assert len(ages) == 2
        assert all(re.search(r"\(.*\d\d:\d\d\)", age) for age in ages)
        assert re.findall(r"refreshed .*", captions(app)) == ages
        assert start not in [label for label in labels(app) if label != "Add subscription"]
        assert not [button for button in app.button if button.key.startswith("start_")]

    app = press(app, "Refresh all allowances")
    still_there(app, "Save allowances")
    app = press(app, "Add subscription")
    app.text_input(key="new_subscription").set_value("SUB-99999999")
    still_there(press(app, "Preview"), "Add subscription")
    app = sound(app.button(key=f"edit_{one}").click().run())
    app.text_input(key="subscription_number").set_value("SUB-99999998")
    still_there(press(app, "Preview"), "Save subscription")
    assert LABELS["pbx_extensions"] in str(shown)
    assert f"remove_{other}" in {button.key for button in app.button}
    with engine.connect() as connection:
        assert billing.list_subscriptions(connection, own.number) == before
    assert runs(house, own) == 0


@pytest.mark.parametrize("kind", WAYS)
def test_account_contacts(house, own, kind):
    def field(app):
        return app.text_input(key=f"bill_to_city_{own.number}")

    before = [in_zuora(house, own, role).city for role in ("bill_to", "sold_to")]
    app = house.open("billing", CONTACTS.path, account=own.number)
    field(app).set_value("Carlton North")
    moment = age_reading(house, own)
    break_zuora(house, kind, "GET /v1/accounts")
    app = update_contact(app)
    assert_named(app)
    # What was typed is still there, and the other values have their time.
    assert field(app).value == "Carlton North"
    assert f"Showing what was read at {moment}." in said(app)
    assert not receipts(app)
    later = rerun_until(
        house.open("billing", CONTACTS.path, account=own.number), lambda app: "is being read" not in said(app)
    )
    assert_named(later, plan=False)
    assert f"Showing what was read at {moment}." in said(later)
    cities = [dict(frame.itertuples(index=False))["Suburb or town"] for frame in tables(later, "Field", "In Zuora")]
    assert cities == before
    assert "Update" not in labels(later)
    assert in_zuora(house, own).city == before[0]
    assert runs(house, own) == 0
    # Zuora is back: the same click now works.
    app = rerun_until(update_contact(app), receipts)
    assert in_zuora(house, own).city == "Carlton North"


@pytest.mark.parametrize("kind", WAYS)
def test_emergency_details(house, own, kind):
    def field(app, name):
        return app.text_input(key=f"emergency_{name}_{own.number}")

    app = press(house.open("lead", EMERGENCY.path, account=own.number), "Contact Form")
    assert "was read at" not in captions(app)
    field(app, "house_number").set_value("77")
    moment = age_reading(house, own)
    break_zuora(house, kind, "GET /v1/accounts")
    app = rerun_until(press(app, "Pull From Zuora"), lambda app: "The form was not changed." in said(app))
    if kind == "latency":
        assert "Zuora has not answered yet. Pull again in a moment." in said(app)
    else:
        assert_named(app, plan=False)
    assert field(app, "house_number").value == "77"
    assert f"These values were read at {moment}." in captions(app)
    assert f"Version {len(own.has.emergency)}, saved" in captions(app)
    assert runs(house, own) == 0
    # The Hub's own record does not need Zuora.
    rerun_until(press(app, "Save"), receipts)
    with house.app.services.engine.connect() as connection:
        latest = emergency.latest_version(connection, own.number)
    assert (latest.version, latest.record.house_number) == (len(own.has.emergency) + 1, "77")


@pytest.mark.parametrize("kind", ["drop_after", "truncate"])
def test_it_is_not_known_whether_a_contact_was_changed(house, own, kind):
    app = house.open("billing", CONTACTS.path, account=own.number)
    app.text_input(key=f"sold_to_city_{own.number}").set_value("Carlton North")
    house.fail(kind, "PUT /v1/contacts")
    app = rerun_until(update_contact(app, "sold_to"), lambda app: RESUME in labels(app))
    assert "It is not known whether the change was made." in said(app)
    assert not app.success
    assert not [row for frame in receipts(app) for row in frame.itertuples() if str(row.Result).startswith("done")]
    house.zuora.state.faults.clear()
    app = rerun_until(press(app, RESUME), lambda app: RESUME not in labels(app) and bool(receipts(app)))
    assert in_zuora(house, own, "sold_to").city == "Carlton North"
    (row,) = receipts(app)[-1].itertuples()
    # The attempt that was cut off had changed it: the resumed step found the value, and reports it as done by this run.
    assert row.Result == "Done · 1"
    assert "Suburb or town: Carlton North" in str(row)
