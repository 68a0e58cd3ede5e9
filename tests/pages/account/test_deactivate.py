"""Deactivate on the page: the plan, the number to type, the run, the receipt."""

import pytest

from lib.domain.quarantine import quarantine_until
from lib.store import accounts, belongings
from lib.store.engine import writing
from lib.store.numbers import quarantine_numbers
from tests.pages.conftest import demo, facts, press, rerun_until, said, sound, tables


@pytest.fixture(scope="module")
def fits():
    return lambda one: (
        one.has.numbers and one.has.pbxs and not any(number.state == "porting" for number in one.has.numbers)
    )


@pytest.fixture
def own(house, _unused):
    """An account without children that no other test of this file has changed."""
    with house.app.services.engine.connect() as connection:
        return next(one for one in _unused if not accounts.list_children(connection, one.number))


def opened(house, number, username="lead"):
    return press(house.details(number, username), "Deactivate")


def labels(app) -> list[str]:
    return [button.label for button in app.button]


def confirm(app, number, typed, reason="customer_request"):
    app.selectbox(key="deactivate_reason").set_value(reason)
    app.text_input(key="deactivate_typed").set_value(typed)
    return press(app, f"Deactivate account {number}")


def effects(app) -> list[str]:
    return list(tables(app, "System")[0]["What changes"])


def test_plan_wrong_number_right_number_and_receipt(house, own):
    app = opened(house, own.number)
    assert "This cannot be reversed." in said(app)
    count = len(own.has.numbers)
    assert any(text.startswith(f"{count} number") and "quarantine until" in text for text in effects(app))
    assert facts(app)["Status"][0] == "active"
    for typed in ("", f"{own.number} 1", f"#{own.number}", "999999", own.number.replace("0", "O") + "O"):
        app = confirm(app, own.number, typed)
        assert "is not the number of this account" in said(app)
    assert facts(house.details(own.number))["Status"][0] == "active"
    # Invisible characters around the number are not the person's mistake.
    app = confirm(app, own.number, f"\u00a0{own.number}\u200b ")
    app = rerun_until(app, lambda app: bool(tables(app, "Step", "Result")), 40)
    (receipt,) = tables(app, "Step", "Result")
    assert len(receipt) == 14
    assert "This account is deactivated." in said(app).replace("*", "")
    assert facts(app)["Status"][0] == "deactivated"
    assert not {"Deactivate", "Suspend", "Enable"} & set(labels(app))
    assert not [rule for rule in house.sbc.state.live().values() if rule.account == own.number]
    assert len(tables(app, "Number", "In quarantine until")[0]) == count


def test_another_choice_is_another_plan(house, own):
    app = opened(house, own.number)
    app.radio(key="deactivate_zuora").set_value("invoice_period")
    app = sound(app.run())
    assert any("cancelled at the end of the invoice period" in text for text in effects(app))
    before = next(text for text in effects(app) if "quarantine" in text)
    app = sound(app.checkbox(key="deactivate_nuisance").check().run())
    assert next(text for text in effects(app) if "quarantine" in text) != before
    app = press(app, "Close")
    assert "This cannot be reversed." not in said(app)


def test_children_block_it_until_the_person_leaves_them(house):
    number = demo("parent").number
    app = opened(house, number)
    assert "12 active child accounts" in said(app)
    assert f"Deactivate account {number}" not in labels(app)
    app = sound(app.checkbox(key="deactivate_children").check().run())
    assert f"Deactivate account {number}" in labels(app)
    assert "These children will have a deactivated parent" in said(app)


def test_money_is_in_red(house):
    app = opened(house, demo("overdue").number)
    assert any("Unpaid balance in Zuora: 742.35 AUD" in box.value.replace("\\", "") for box in app.error)


def test_a_plan_made_before_something_changed_is_replaced(house, own):
    app = opened(house, own.number)
    with writing(house.app.services.engine) as connection:
        belongings.remove(connection, own.number, "portal_users")
    app = confirm(app, own.number, own.number)
    assert "No longer: Hub: " in said(app)
    assert "portal user" in said(app)
    assert f"Deactivate account {own.number}" in labels(app)
    assert facts(house.details(own.number))["Status"][0] == "active"


def test_two_tabs_with_two_accounts_do_not_confirm_each_other(house, own):
    first, second = opened(house, own.number), opened(house, demo("overdue").number)
    second = confirm(second, demo("overdue").number, own.number)
    assert f"“{own.number}” is not the number of this account" in said(second)
    first = confirm(first, own.number, demo("overdue").number)
    assert "is not the number of this account" in said(first)
    for number in (own.number, demo("overdue").number):
        assert facts(house.details(number))["Status"][0] == "active"


@pytest.mark.parametrize("username", ["billing", "viewer", "customer"])
def test_people_without_the_permission_have_no_button(house, username):
    assert "Deactivate" not in labels(house.details(demo("overdue").number, username))


def test_an_admin_restores_a_number_of_the_deactivated_account(house, own):
    target = demo("parent").number
    number = own.has.numbers[0]
    with writing(house.app.services.engine) as connection:
        until = quarantine_until(house.app.services.today())
        quarantine_numbers(connection, [number.e164], until=until, reason="deactivated")
    app = press(house.details(target, "admin"), "Edit")
    app = sound(app.segmented_control(key="edit_tab").set_value("Number").run())
    app.text_input(key="restored_number").set_value(number.e164)
    app = press(app, "Preview")
    app = press(app, "Restore number")
    app = rerun_until(app, lambda app: bool(tables(app, "Step", "Result")))
    assert house.sbc.state.live()[number.e164].account == target
