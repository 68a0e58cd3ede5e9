"""Account contacts on the page: the forms, the sentences at the fields, and who has which button."""

import pytest
from sqlalchemy import select

from lib.demo.world import world
from lib.store.drafts import find_draft
from lib.store.schema import action_event
from lib.ui.navigation import CONTACTS
from tests.pages.conftest import demo, press, rerun_until, said, sound, tables, unmarked


@pytest.fixture(scope="module")
def fits():
    return lambda one: one.bill_to and one.sold_to and one.bill_to.id != one.sold_to.id


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
    return getattr(house.app.services.zuora.account(own.zuora_id), role)


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
        ("work_email", "", "invoices are sent to it"),
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


def test_nonsense_in_any_kind_of_field_gives_a_sentence_and_changes_nothing(house, own):
    before = in_zuora(house, own)
    app = opened(house, own.number)
    for name, typed, sentence in (
        ("work_email", " \n\t", "invoices are sent to it"),
        ("work_email", "<b>ada</b>@example.com", "without a name"),
        ("work_email", "\u202eada@example.com", "invisible character"),
        ("work_email", "e\u0301 @example.com", "has a space in it"),
        ("work_email", "a@example.com;b@example.com", "more than one"),
        ("work_email", f"{'x' * 300}@example.com", "at most 80"),
        ("work_email", "42", "no full domain"),
        ("work_phone", "0491 570 006\n0491 570 156", "not one dialable"),
        ("work_phone", "<b>0491570006</b>", "contains a letter"),
        ("work_phone", "\u202b0491 570 006", "invisible character"),
        ("work_phone", "e\u0301", "contains a letter"),
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


def test_a_colleagues_change_is_shown_next_to_mine(house, own):
    app = opened(house, own.number)
    house.app.services.zuora.update_contact(own.bill_to.id, {"work_email": "theirs@example.com"}, track="test")
    field(app, own, "work_email").set_value("mine@example.com")
    app = update(app)
    assert "you typed “mine@example.com”, but somebody else changed it to “theirs@example.com”" in said(app)
    (frame,) = tables(app, "Field", "You began with")
    assert list(frame.iloc[0]) == ["E-mail", own.bill_to.email, "mine@example.com", "theirs@example.com"]
    assert in_zuora(house, own).work_email == "theirs@example.com"
    app = press(app, "Discard mine and use theirs")
    assert field(app, own, "work_email").value == "theirs@example.com"
    assert "since you began" not in said(app)


def test_one_record_for_both_is_said_before_update(house):
    shared = next(
        one
        for one in world().accounts
        if one.linked and one.status == "active" and one.bill_to and one.bill_to.id == one.sold_to.id
    )
    app = opened(house, shared.number)
    assert "the same contact" in said(app)
    field(app, shared, "city").set_value("Carlton")
    app = rerun_until(update(app), receipt)
    assert field(app, shared, "city", "sold_to").value == "Carlton"


def test_a_viewer_reads_and_has_no_button(house, own):
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


def tick(app):
    (box,) = [one for one in app.checkbox if "will be removed" in one.label]
    return box


def test_a_value_is_removed_only_when_its_removal_was_ticked(house, own):
    before = in_zuora(house, own)
    app = opened(house, own.number)
    field(app, own, "work_phone").set_value("")
    field(app, own, "address1").set_value("1 New Street")
    app = update(app)
    assert "To remove a value, tick its box. To keep it, type it again: Work phone." in said(app)
    assert f"Work phone: {before.work_phone} will be removed" in unmarked(tick(app).label)
    assert in_zuora(house, own) == before
    tick(app).check()
    app = rerun_until(update(app), receipt)
    now = in_zuora(house, own)
    assert (now.work_phone, now.address1) == ("", "1 New Street")
    assert now == before.model_copy(update={"work_phone": "", "address1": "1 New Street"})
    press(press(app, "Undo"), "Undo it")
    rerun_until(app, lambda app: in_zuora(house, own) == before)


def test_a_tick_is_for_the_value_that_was_read(house, own):
    app = opened(house, own.number)
    field(app, own, "work_phone").set_value("")
    tick(sound(app.run())).check()
    sound(app.run())
    house.app.services.zuora.update_contact(own.bill_to.id, {"work_phone": "03 5550 1234"}, track="test")
    app = update(app)
    assert "somebody else changed it to “03 5550 1234”" in said(app)
    assert in_zuora(house, own).work_phone == "03 5550 1234"


def test_what_was_typed_is_back_in_another_session_for_the_same_person_only(house, own):
    app = opened(house, own.number)
    field(app, own, "city").set_value("Carlton")
    sound(app.run())
    again = opened(house, own.number)
    assert field(again, own, "city").value == "Carlton"
    assert "is back. It is not saved yet." in said(again)
    other = opened(house, own.number, "billing")
    assert field(other, own, "city").value == own.bill_to.locality
    assert "is back" not in said(other)
    app = rerun_until(update(again), receipt)
    assert in_zuora(house, own).city == "Carlton"
    assert "is back" not in said(opened(house, own.number))


def test_a_draft_can_be_discarded(house, own):
    app = opened(house, own.number)
    field(app, own, "city").set_value("Carlton")
    sound(app.run())
    app = press(opened(house, own.number), "Discard")
    assert field(app, own, "city").value == own.bill_to.locality
    assert "is back" not in said(opened(house, own.number))


def test_a_draft_shows_what_a_colleague_changed_since(house, own):
    app = opened(house, own.number)
    field(app, own, "work_email").set_value("mine@example.com")
    sound(app.run())
    changes = {"work_email": "theirs@example.com", "address2": "Level 3"}
    house.app.services.zuora.update_contact(own.bill_to.id, changes, track="test")
    app = opened(house, own.number)
    assert "is back" in said(app)
    assert "Somebody changed this contact in Zuora since you began." in said(app)
    (frame,) = tables(app, "Field", "You began with")
    assert list(frame.iloc[0]) == ["E-mail", own.bill_to.email, "mine@example.com", "theirs@example.com"]
    assert field(app, own, "address2").value == "Level 3"
    update(app)
    assert in_zuora(house, own).work_email == "theirs@example.com"


def test_a_draft_for_a_contact_that_was_replaced_is_not_put_over_the_new_one(house, own):
    app = opened(house, own.number)
    field(app, own, "city").set_value("Carlton")
    sound(app.run())
    house.zuora.state.update_account(own.zuora_id, {"bill_to_id": own.sold_to.id})
    app = opened(house, own.number)
    assert "was for another contact" in said(app)
    assert field(app, own, "city").value == own.sold_to.locality


def test_the_next_person_in_the_same_tab_sees_the_stored_contact(house, own):
    app = opened(house, own.number)
    field(app, own, "city").set_value("Carlton")
    sound(app.run())
    house.seat(app, "billing")
    assert field(app, own, "city").value == own.bill_to.locality
    assert "is back" not in said(app)


def test_the_country_is_chosen_from_zuoras_list(house, own):
    house.zuora.state.update_contact(own.bill_to.id, {"country": "Terra Australis"})
    app = opened(house, own.number)
    box = app.selectbox(key=f"bill_to_country_{own.number}")
    assert box.value == "Terra Australis"
    assert "“Terra Australis” is not on Zuora's list" in " ".join(unmarked(one.value) for one in app.caption)
    box.select("New Zealand")
    rerun_until(update(app), receipt)
    assert in_zuora(house, own).country == "New Zealand"


def test_a_contact_of_a_deactivated_account_can_be_changed(house, own):
    house.change(own.number, status="deactivated")
    house.zuora.state.update_account(own.zuora_id, {"status": "Canceled"})
    app = opened(house, own.number)
    field(app, own, "work_email").set_value("final@example.com")
    rerun_until(update(app), receipt)
    assert in_zuora(house, own).work_email == "final@example.com"


def test_what_is_typed_is_in_no_log_and_not_in_the_audit(house, own, capfd):
    app = opened(house, own.number)
    field(app, own, "city").set_value("Wallawallahoola")
    sound(app.run())
    with house.app.services.engine.connect() as connection:
        assert find_draft(connection, own.number, "lead@demo.example", "contact_bill_to").typed["city"]
        told = [str(row) for row in connection.execute(select(action_event))]
    assert not [line for line in told if "Wallawallahoola" in line]
    assert "Wallawallahoola" not in "".join(capfd.readouterr())


def test_a_click_on_a_form_of_the_session_before_sends_nothing_and_says_so(house, own):
    before = in_zuora(house, own)
    app = opened(house, own.number)
    field(app, own, "city").set_value("Carlton")
    sound(app.run())
    del app.session_state[f"contact_bill_to_{own.number}"]
    app = update(app)
    assert "Nothing was sent: the page was loaded again." in said(app)
    assert in_zuora(house, own) == before
    assert field(app, own, "city").value == "Carlton"
    rerun_until(update(app), receipt)
    assert in_zuora(house, own).city == "Carlton"
