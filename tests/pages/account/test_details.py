import re

import pytest

from lib.ui.widgets.text import plain
from tests.pages.conftest import READ, demo, differences, facts, metrics, said


def test_an_unknown_number_says_so(house):
    app = house.details("999999")
    assert "There is no account “999999”." in said(app)
    assert not app.dataframe


def test_no_open_account_says_where_to_find_one(house):
    app = house.open("lead", "pages/account/details.py")
    assert "No account is open. Search for one in the box on the left." in said(app)


@pytest.mark.parametrize("number", ["<b>x</b>", "' or 1=1 --", "0", "٣٤٥", "1" * 5000])
def test_a_number_that_cannot_be_one_says_so(house, number):
    assert "There is no account" in said(house.details(number))


def test_the_facts_of_the_hub_are_next_to_those_of_zuora(house):
    own = demo("overdue")
    app = house.details(own.number)
    shown = facts(app)
    assert {fact: shown[fact] for fact in READ} == {
        "Name": (own.name, own.name),
        "Status": ("active", "active"),
        "Parent": ("none", "none"),
        "Account number": (own.number, own.zuora_number),
        "Balance": ("—", "742.35 AUD"),
    }
    assert shown["E-mail"][0] == own.bill_to.email
    assert shown["Communication profile"][0] == own.profile
    assert differences(app) == {}
    assert "differ" not in said(app)


def test_the_metrics_count_what_belongs_to_the_account(house):
    own = demo("parent")
    assert metrics(house.details(own.number)) == {
        "Numbers": str(len(own.has.numbers)),
        "Phone users": str(sum(len(pbx.users) for pbx in own.has.pbxs)),
        "PBXs": str(len(own.has.pbxs)),
        "Subscriptions": str(len(own.has.subscriptions)),
        "Children": "12",
    }


@pytest.mark.parametrize(("role", "numbers"), [("no_numbers", "0"), ("five_thousand", "5000")])
def test_no_numbers_and_five_thousand_are_counted(house, role, numbers):
    assert metrics(house.details(demo(role).number))["Numbers"] == numbers


def test_a_parent_lists_its_children_and_a_child_names_its_parent(house):
    parent, child = demo("parent"), demo("child")
    listed = house.details(parent.number).dataframe(key=f"children_{parent.number}").value
    assert len(listed) == 12
    assert child.name in set(listed["Name"])
    app = house.details(child.number)
    assert app.button(key=f"open_parent_{child.number}").label == f"Parent: {parent.number} {plain(parent.name)}"
    assert facts(app)["Parent"] == (f"{parent.number} - {parent.name}", parent.number)
    app.button(key=f"open_parent_{child.number}").click().run()
    assert facts(app)["Account number"][0] == parent.number


def test_a_different_name_is_shown_as_a_difference(house):
    own = demo("name_differs")
    app = house.details(own.number)
    assert differences(app) == {"Name": (own.name, own.in_zuora.name)}
    assert "1 difference between Hub and Zuora." in said(app)
    assert facts(app)["Name"] == (own.name, own.in_zuora.name)


def test_a_different_parent_is_shown_as_a_difference(house):
    own = demo("parent_differs")
    app = house.details(own.number)
    assert differences(app) == {"Parent": (own.parent, own.in_zuora.parent)}


def test_an_account_cancelled_in_zuora_is_shown_as_a_difference(house):
    app = house.details(demo("zuora_cancelled").number)
    assert differences(app) == {"Status": ("active", "cancelled")}


def test_an_account_zuora_does_not_have_says_so_and_claims_no_difference(house):
    own = demo("zuora_missing")
    app = house.details(own.number)
    assert f"Zuora has no account {own.zuora_number}." in said(app)
    assert {facts(app)[fact][1] for fact in READ} == {"no such account"}
    assert differences(app) == {}


def test_an_account_that_is_not_linked_says_so_and_asks_zuora_nothing(house):
    house.zuora.state.faults.forget_requests()
    app = house.details(demo("not_linked").number)
    assert "This account is not linked to Zuora." in said(app)
    assert facts(app)["Name"] == (demo("not_linked").name, "not linked")
    assert differences(app) == {}
    assert house.zuora.state.faults.requests()[0] == 0


def test_a_suspended_account_says_so_before_anything_else(house):
    app = house.details(demo("suspended").number)
    assert app.error[0].value.startswith("**This account is suspended.** Inbound calls go straight to voicemail.")
    everything = [getattr(one, "type", "") for one in app.main]
    assert everything.index("error") < everything.index("subheader")


def test_an_active_account_has_no_banner(house):
    assert not house.details(demo("overdue").number).error


def test_a_deactivated_account_says_that_nothing_can_be_changed(house):
    app = house.details(demo("deactivated").number)
    assert "**This account is deactivated.** Only its contacts can still be changed." in app.error[0].value
    assert facts(app)["Status"][0] == "deactivated"
    assert not {"Edit", "Suspend", "Deactivate"} & {button.label for button in app.button}
    assert metrics(app)["Numbers"] == "0"


@pytest.mark.parametrize("role", ["markup", "apostrophe", "long_name"])
def test_a_name_is_shown_as_it_is_written(house, role):
    own = demo(role)
    app = house.details(own.number)
    assert facts(app)["Name"] == (own.name, own.name)
    heading = app.subheader[0].value
    assert re.sub(r"\\(.)", r"\1", heading) == f"{own.number} - {own.name}"
    assert not re.search(r"(?<!\\)[<>*_\[\]`$:|~]", heading)


@pytest.mark.parametrize("name", [":red[x] :material/check:", "$a$ $$b$$", "**B** _i_ [x](http://x)", "# <i>h</i> `c`"])
def test_no_name_can_act_as_markup(house, name):
    own = demo("same_contact")
    house.change(own.number, name=name)
    try:
        app = house.details(own.number)
        heading = app.subheader[0].value
        assert facts(app)["Name"][0] == name
    finally:
        house.change(own.number, name=own.name)
    assert not re.search(r"(?<!\\)[<>*_\[\]`$:#|~]", heading)
    assert re.sub(r"\\(.)", r"\1", heading).endswith(name)
