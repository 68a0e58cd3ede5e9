"""Suspend and Enable on the page: the dialog, the banner, and what it says when it stops half-way."""

import pytest

from lib.standins.sbc import Fault
from lib.store.drafts import find_draft
from tests.pages.conftest import demo, facts, press, rerun_until, said, sound, tables, unmarked

BANNER = "Inbound calls go straight to voicemail. Outbound calls hear that the account is not allowed to make calls."


@pytest.fixture(scope="module")
def fits():
    return lambda one: one.has.numbers


def labels(app) -> list[str]:
    return [button.label for button in app.button]


def opened(house, number, username="lead"):
    return press(house.details(number, username), "Suspend")


def choose(app, kind="suspend", reason="non_payment", note=""):
    app.selectbox(key=f"{kind}_reason").set_value(reason)
    app.text_area(key=f"{kind}_note").set_value(note)
    return app


def ended(app):
    return rerun_until(app, lambda app: bool(tables(app, "Step", "Result")))


def suspended(house, own):
    return ended(press(choose(opened(house, own.number)), f"Suspend account {own.number}"))


def test_suspend_shows_what_happens_and_the_banner_stays_until_enable(house, own):
    app = opened(house, own.number, "billing")
    assert tuple(tables(app, "System")[0].iloc[0][["System", "After"]]) == ("Hub", "suspended")
    count = len(own.has.numbers)
    assert f"{count} number" in tables(app, "System")[0].iloc[1]["What changes"]
    assert "Nothing is overdue in Zuora." in said(app)
    app = ended(press(choose(app, note="Called twice"), f"Suspend account {own.number}"))
    assert BANNER in said(app)
    assert "Non-payment · Called twice" in said(app)
    assert facts(app)["Status"][0] == "suspended"
    assert "Enable" in labels(app)
    assert "Suspend" not in labels(app)
    app = press(app, "Enable")
    app = ended(press(choose(app, "enable", "paid"), f"Enable account {own.number}"))
    assert BANNER not in said(app)
    assert facts(app)["Status"][0] == "active"
    assert {rule.state for rule in house.sbc.state.live().values() if rule.account == own.number} == {"allowed"}


def test_without_a_reason_nothing_is_done_and_the_note_stays(house, own):
    app = opened(house, own.number)
    app.text_area(key="suspend_note").set_value("A long story")
    app = press(app, f"Suspend account {own.number}")
    assert "Nothing was done. Choose a reason." in said(app)
    assert app.text_area(key="suspend_note").value == "A long story"
    assert facts(house.details(own.number))["Status"][0] == "active"


def test_a_pinned_note_is_shown_and_asks_for_a_reason(house):
    number = demo("overdue").number
    app = opened(house, number)
    assert "Payment plan agreed" in said(app)
    assert "742.35 AUD overdue" in said(app)
    app = press(choose(app), f"Suspend account {number}")
    assert "Say why you are overriding it" in said(app)
    app.text_input(key="suspend_override").set_value("The second part was not paid")
    assert BANNER in said(ended(press(app, f"Suspend account {number}")))


def test_the_dialog_says_who_owes(house):
    payer = demo("payer")
    app = opened(house, demo("paid_for").number)
    assert "312.00 AUD overdue" in said(app)
    assert f"owed by {payer.number} {payer.name}, who pays for this account" in said(app)
    assert "96.50 USD overdue" in said(opened(house, demo("dollars").number))


def test_the_tick_box_names_the_address_and_adds_the_mail(house, own):
    app = opened(house, own.number)
    box = app.checkbox(key="suspend_mail")
    assert own.bill_to.email in unmarked(box.label)
    app = sound(box.check().run())
    effects = {row.System: row.After for row in tables(app, "System")[0].itertuples()}
    assert effects["E-mail"] == own.bill_to.email
    ended(press(choose(app), f"Suspend account {own.number}"))


def test_a_mail_that_cannot_go_out_leaves_what_was_chosen(house, own):
    app = choose(opened(house, own.number))
    house.fail("html504")
    app = sound(app.checkbox(key="suspend_mail").check().run())
    assert f"Suspend account {own.number}" not in labels(app)
    house.zuora.state.faults.clear()
    app = sound(app.checkbox(key="suspend_mail").uncheck().run())
    assert app.selectbox(key="suspend_reason").value == "non_payment"
    ended(press(app, f"Suspend account {own.number}"))


def test_the_sbc_failing_half_way_is_said_in_the_banner_and_resumed(house, own):
    app = choose(opened(house, own.number))
    house.sbc.state.faults.add(Fault(match="PUT /v1/rules", kind="database", times=None))
    app = press(app, f"Suspend account {own.number}")
    # The banner is drawn before the run below it. If the run stops in between, the next drawing shows it.
    app = rerun_until(app, lambda app: "stopped" in said(app) and "Resume it below" in said(app))
    assert "This account is being suspended. Until that is finished, some of its calls may still connect." in said(
        app
    ).replace("**", "")
    assert BANNER not in said(app)
    assert facts(app)["Status"][0] == "suspending"
    house.sbc.state.faults.clear()
    app = ended(press(app, "Resume from the failed step"))
    assert BANNER in said(app)


def test_the_sbc_away_is_a_sentence_and_no_button(house, own):
    house.sbc.state.faults.add(Fault(match="", kind="drop_before", times=None))
    app = opened(house, own.number)
    assert "The SBC could not be read, so nothing was changed." in said(app)
    assert f"Suspend account {own.number}" not in labels(app)
    house.sbc.state.faults.clear()
    assert f"Suspend account {own.number}" in labels(press(app, "Check again"))


@pytest.mark.parametrize("username", ["viewer", "customer"])
def test_people_without_the_permission_have_no_button(house, username):
    app = house.details(demo("suspended").number, username)
    assert BANNER in said(app)
    assert not {"Suspend", "Enable", "Refresh auth rules", "Edit"} & set(labels(app))


def test_a_customer_does_not_see_who_or_why(house):
    app = house.open("customer")
    assert "Since" not in said(app)
    assert "Owner asked to be called" not in said(app)


def test_a_deactivated_account_is_offered_neither(house):
    app = house.details(demo("deactivated").number)
    assert not {"Suspend", "Enable"} & set(labels(app))


def test_a_note_is_still_there_after_the_dialog_was_closed_and_gone_after_it_was_sent(house, own):
    app = press(house.details(own.number), "Suspend")
    app.text_area(key="suspend_note").set_value("Called twice")
    sound(app.run())
    app = press(house.details(own.number), "Suspend")
    assert app.text_area(key="suspend_note").value == "Called twice"
    assert "is back. It is not saved yet." in said(app)
    other = press(house.details(own.number, "admin"), "Suspend")
    assert other.text_area(key="suspend_note").value == ""
    ended(press(choose(app, note="Called twice"), f"Suspend account {own.number}"))
    app = press(house.details(own.number), "Enable")
    assert app.text_area(key="enable_note").value == ""
    with house.app.services.engine.connect() as connection:
        assert find_draft(connection, own.number, "lead@demo.example", "suspend_note") is None
