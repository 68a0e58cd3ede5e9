"""PBX as in the help article: Edit the billing subscription, Update the name, with the number typed."""

import re

import pytest
from playwright.sync_api import expect

from lib.store import pbxs
from tests.browser.conftest import settled
from tests.pages.conftest import demo, plain_accounts

pytestmark = pytest.mark.browser
OWN = next(one for one in plain_accounts() if len(one.has.pbxs) == 1 and len(one.has.subscriptions) == 2)


def stored(house):
    with house.server.hub() as engine, engine.connect() as connection:
        return pbxs.list_pbxs(connection, OWN.number)[0]


def test_a_person_changes_the_subscription_and_is_asked_for_the_number_before_the_name(house):
    page = house.open("lead", f"/pbx?account={OWN.number}")
    before = stored(house)
    other = next(one.number for one in OWN.has.subscriptions if one.number != before.subscription)
    page.get_by_role("button", name="Edit", exact=True).last.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").click()
    page.get_by_role("option", name=other).click()
    dialog.get_by_role("button", name="Preview").click()
    dialog.get_by_role("button", name="Change billing subscription").click()
    expect(page.get_by_role("strong").filter(has_text="Done: Billing subscription")).to_be_visible()
    assert stored(house).subscription == other

    page.get_by_role("button", name="Update name").click()
    page.get_by_role("textbox", name="New group name").fill("Not A Name")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("capital letters")).to_be_visible()
    page.get_by_role("textbox", name="New group name").fill("a-new-name")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Update name to a-new-name").click()
    expect(page.get_by_text(f"Type {OWN.number}.")).to_be_visible()
    settled(page)
    assert stored(house).group_name == before.group_name
    page.get_by_label(f"Type the account number {OWN.number} to confirm").fill(OWN.number)
    page.get_by_label(f"Type the account number {OWN.number} to confirm").press("Enter")
    settled(page)
    page.get_by_role("button", name="Update name to a-new-name").click()
    expect(page.get_by_role("strong").filter(has_text=re.compile("^a-new-name$"))).to_be_visible()
    assert stored(house).group_name == "a-new-name"


def test_the_toolbar_of_a_table_hands_out_nothing(house):
    page = house.open("lead", f"/pbx?account={demo('suspended').number}")
    page.get_by_test_id("stDataFrame").first.hover()
    toolbar = page.get_by_test_id("stElementToolbar")
    expect(toolbar.get_by_role("button", name="Search")).to_be_visible()
    expect(toolbar.get_by_role("button", name="Download")).to_have_count(0)
