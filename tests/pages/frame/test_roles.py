import pytest

from lib.demo.world import world
from lib.ui.navigation import ACCOUNTS
from tests.pages.conftest import demo, facts, own_facts, press, said, tables, the_one

OTHERS = {"lead", "billing", "viewer", "admin"}
EDITORS = {"lead", "billing", "admin"}


def has_edit(app) -> bool:
    return any(button.label == "Edit" for button in app.button)


def has_picker(app) -> bool:
    return any(field.label == "Find an account" for field in app.text_input)


@pytest.mark.parametrize("username", sorted(OTHERS))
def test_staff_starts_with_all_accounts_and_finds_any(house, username):
    app = house.open(username)
    assert has_picker(app)
    assert len(app.dataframe[0].value) == 100


@pytest.mark.parametrize("username", sorted(OTHERS))
def test_only_people_who_may_change_an_account_have_the_edit_button(house, username):
    app = house.details(demo("overdue").number, username)
    assert facts(app)["Name"][0] == demo("overdue").name
    assert has_edit(app) == (username in EDITORS)


def test_billing_edits_the_pinned_note_and_nothing_else(house):
    app = press(house.details(demo("parent").number, "billing"), "Edit")
    (tabs,) = app.button_group
    assert tabs.options == ["Note"] or [option.content for option in tabs.options] == ["Note"]


def test_a_customer_sees_their_own_account_and_nothing_staff_can_do(house):
    app = house.open("customer")
    own = demo("suspended")
    assert own_facts(app)["Account number"] == own.number
    assert "This account is suspended" in said(app)
    assert not has_edit(app)
    assert not has_picker(app)
    assert [button.label for button in app.button] == ["Sign out", "Sign out everywhere"]


@pytest.mark.parametrize("named", ["overdue", "parent", "nonsense"])
def test_a_customer_who_names_another_account_gets_their_own(house, named):
    number = demo(named).number if named != "nonsense" else "' or 1=1"
    app = house.open("customer", account=number)
    assert own_facts(app)["Account number"] == demo("suspended").number
    shown = "\n".join(str(frame.value.to_csv()) for frame in app.dataframe) + app.subheader[0].value + said(app)
    assert not [one.name for one in world().accounts if one.name in shown and one.number != demo("suspended").number]


def test_a_customer_has_no_list_of_all_accounts(house):
    with pytest.raises(ValueError, match="accounts"):
        house.open("customer", ACCOUNTS.path)


def test_a_customer_cannot_read_another_accounts_receipt(house):
    lead = house.details(demo("apostrophe").number)
    press(lead, "Edit")
    lead.text_input(key="new_name").set_value("Elan Pastry")
    press(lead, "Preview")
    press(lead, "Rename account")
    app = house.open("customer", run=the_one(lead.query_params["run"]))
    assert "Receipts are for our staff" in said(app)
    assert not tables(app, "Step")


def test_the_sidebar_says_who_is_signed_in(house):
    assert [caption.value for caption in house.open("viewer").sidebar.caption] == ["Demo viewer · read only"]
