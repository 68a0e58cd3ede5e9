"""Account contacts as people meet them: the forms, the sentences at the fields, and who is offered what."""

import pytest

from lib.standins.demo.world import world
from lib.ui.navigation import CONTACTS
from tests.pages.conftest import demo, plain_accounts, press, rerun_until, said, sound, tables

OWN = iter([one for one in plain_accounts() if one.bill_to and one.sold_to and one.bill_to.id != one.sold_to.id])


@pytest.fixture
def own():
    """An account with two contacts that no other test of this file has changed."""
    return next(OWN)


def opened(house, number, username="lead"):
    return house.open(username, CONTACTS.path, account=number)


def field(app, own, name, role="bill_to"):
    return app.text_input(key=f"{role}_{name}_{own.number}")


def update(app, role="bill_to"):
    (button,) = [one for one in app.button if one.key == f"update_{role}"]
    return sound(button.click().run())


def receipt(app):
    return bool(tables(app, "Step", "Result"))


def in_zuora(house, own, role="bill_to"):
    return getattr(house.hub.services.zuora.account(own.zuora_id), role)


def test_changing_the_address_for_invoices(house, own):
    app = opened(house, own.number, "billing")
    assert field(app, own, "work_email").value == own.bill_to.email
    field(app, own, "work_email").set_value(" new@example.com ")
    app = rerun_until(update(app), receipt)
    assert in_zuora(house, own).work_email == "new@example.com"
    assert in_zuora(house, own).first_name == own.bill_to.first_name
    assert in_zuora(house, own, "sold_to").work_email == own.sold_to.email
    assert field(app, own, "work_email").value == "new@example.com"
    assert "since you began" not in said(app)
    press(press(app, "Undo"), "Undo it")
    app = rerun_until(app, lambda app: field(app, own, "work_email").value == own.bill_to.email)
    assert "since you began" not in said(app)


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("work_email", "", "Invoices are sent to it"),
        ("work_email", "no address", "e-mail address"),
        ("work_email", "a@example.com b@example.com", "more than one"),
        ("work_phone", "12 34", "not one dialable"),
        ("last_name", "x" * 101, "101 characters"),
        ("city", "a\u202eb", "invisible character"),
    ],
)
def test_a_bad_value_is_a_sentence_at_its_field_and_changes_nothing(house, name, typed, sentence):
    own = demo("markup")
    before = in_zuora(house, own)
    app = opened(house, own.number)
    field(app, own, name).set_value(typed)
    app = update(app)
    assert sentence in said(app)
    assert field(app, own, name).value == typed
    assert in_zuora(house, own) == before
    assert not receipt(app)


def test_nonsense_in_any_kind_of_field_is_told_and_changes_nothing(house, own):
    before = in_zuora(house, own)
    app = opened(house, own.number)
    for name, typed, sentence in (
        ("work_email", " \n\t", "Invoices are sent to it"),
        ("work_email", "<b>ada</b>@example.com", "alone, without"),
        ("work_email", "\u202eada@example.com", "invisible character"),
        ("work_email", "e\u0301 @example.com", "holds a blank"),
        ("work_email", "a@example.com;b@example.com", "more than one"),
        ("work_email", f"{'x' * 300}@example.com", "at most 80"),
        ("work_email", "42", "no full domain"),
        ("work_phone", "0491 570 006\n0491 570 156", "not one dialable"),
        ("work_phone", "<b>0491570006</b>", "holds a letter"),
        ("work_phone", "\u202b0491 570 006", "invisible character"),
        ("work_phone", "e\u0301", "holds a letter"),
        ("work_phone", "4" * 5_000, "5000 characters"),
        ("first_name", " \u00a0\n", "First name is empty"),
        ("first_name", "Ada 🌼", "such as an emoji"),
        ("postcode", "3" * 21, "at most 20"),
    ):
        field(app, own, name).set_value(typed)
        app = update(app)
        assert sentence in said(app), (name, typed)
        assert field(app, own, name).value == typed
        field(app, own, name).set_value(getattr(before, name))
    assert in_zuora(house, own) == before
    assert not receipt(app)


def test_markup_stays_text(house, own):
    app = opened(house, own.number)
    field(app, own, "address2").set_value("<b>x</b>\n:red[y] $a$ é\u0301")
    app = rerun_until(update(app), receipt)
    assert in_zuora(house, own).address2.startswith("<b>x</b> :red[y] $a$")


def test_nothing_changed_is_said(house, own):
    assert "No field was changed" in said(update(opened(house, own.number)))


def test_a_colleagues_change_stands_beside_mine(house, own):
    app = opened(house, own.number)
    house.hub.services.zuora.update_contact(own.bill_to.id, {"work_email": "theirs@example.com"}, track="test")
    field(app, own, "work_email").set_value("mine@example.com")
    app = update(app)
    assert "you typed “mine@example.com”; somebody changed it to “theirs@example.com” meanwhile" in said(app)
    (frame,) = tables(app, "Field", "You began with")
    assert list(frame.iloc[0]) == ["E-mail", own.bill_to.email, "mine@example.com", "theirs@example.com"]
    assert in_zuora(house, own).work_email == "theirs@example.com"
    app = press(app, "Begin again with theirs")
    assert field(app, own, "work_email").value == "theirs@example.com"
    assert "since you began" not in said(app)


def test_one_record_for_both_is_said_before_update(house):
    shared = next(one for one in world().accounts if one.linked and one.bill_to and one.bill_to.id == one.sold_to.id)
    app = opened(house, shared.number)
    assert "one and the same contact" in said(app)
    if shared.status == "active":
        field(app, shared, "city").set_value("Carlton")
        app = rerun_until(update(app), receipt)
        assert field(app, shared, "city", "sold_to").value == "Carlton"


def test_a_viewer_reads_and_is_offered_nothing(house, own):
    app = opened(house, own.number, "viewer")
    shown = [dict(frame.itertuples(index=False)) for frame in tables(app, "Field", "In Zuora")]
    assert [one["E-mail"] for one in shown] == [own.bill_to.email, own.sold_to.email]
    assert not [button for button in app.button if button.label == "Update"]


def test_zuora_away_is_said_and_what_was_read_before_is_shown(house, own):
    opened(house, own.number)
    house.fail("html504")
    app = opened(house, own.number)
    assert "Zuora could not be read at" in said(app)
    assert len(tables(app, "Field", "In Zuora")) == 2
    assert not [button for button in app.button if button.label == "Update"]


def test_additional_addresses_are_read_only_with_the_note(house, own):
    app = opened(house, own.number)
    captions = " ".join(one.value for one in app.caption)
    assert "not updated here; edit them on the Zuora account page" in captions
