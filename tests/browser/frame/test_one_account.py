"""Page, address and every dialog name the same account, however it was opened."""

import re

import pytest
from playwright.sync_api import Page, expect

from lib.ui import navigation
from tests.browser.conftest import follow, heading, picker, settled
from tests.pages.conftest import demo

pytestmark = pytest.mark.browser
CHILD, OTHER, PARENT = demo("child"), demo("rules_wrong"), demo("parent")
SECTIONS = [one for one in navigation.SECTIONS if one.group == navigation.THIS_ACCOUNT]
HEAD = ROW = 35
"""Pixels of a table's head and of a row."""


def shows(page: Page, own) -> None:
    """The action bar and the address name this account, and so does the plan that the next click opens."""
    expect(heading(page, f"{own.number} - {own.name}")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"[?&]account={own.number}(&|$)"))
    settled(page)
    page.get_by_role("button", name="Suspend", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name=f"Suspend account {own.number}")).to_be_visible()
    expect(dialog.get_by_text(f"Suspend {own.number} - {own.name}")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"[?&]account={own.number}(&|$)"))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    settled(page)


def search(page: Page, text: str) -> None:
    # Filled at once, as if pasted: letters that arrive late would swallow the next click.
    picker(page).fill(text)


def press_hit(page: Page, own) -> None:
    hit = page.get_by_test_id("stSidebar").get_by_role("link", name=own.number)
    follow(page, hit, re.compile(rf"[?&]account={own.number}(&|$)"))


@pytest.mark.parametrize("section", SECTIONS, ids=lambda one: one.url)
def test_a_hit_and_a_number_open_one_account_from_every_page_and_back_and_forward(house, section):
    page = house.open("lead", f"/{section.url}?account={CHILD.number}")
    shows(page, CHILD)
    search(page, "Thompson Phys")
    press_hit(page, OTHER)
    shows(page, OTHER)
    expect(picker(page)).to_have_value("")

    page.go_back()
    shows(page, CHILD)
    expect(picker(page)).to_have_value("")
    page.go_forward()
    shows(page, OTHER)

    search(page, CHILD.number)
    shows(page, CHILD)
    page.go_back()
    shows(page, OTHER)
    expect(picker(page)).to_have_value("")


def test_a_row_of_a_table_opens_its_account(house):
    page = house.open("lead", f"/account-details?account={PARENT.number}")
    page.get_by_test_id("stDataFrame").last.click(position={"x": 16, "y": HEAD + ROW // 2})
    expect(page.get_by_role("button", name=f"Parent: {PARENT.number}")).to_be_visible()
    number = re.search(r"account=(\d+)", page.url)
    assert number
    assert number[1] != PARENT.number
    page.get_by_role("button", name="Suspend", exact=True).click()
    expect(page.get_by_role("button", name=f"Suspend account {number[1]}")).to_be_visible()
    page.keyboard.press("Escape")
    settled(page)
    page.get_by_role("button", name=f"Parent: {PARENT.number}").click()
    shows(page, PARENT)


def test_two_tabs_each_keep_their_own(house):
    first = house.open("lead", f"/account-details?account={CHILD.number}")
    second = house.visit(f"/billing-details?account={OTHER.number}", first.context)
    shows(second, OTHER)
    shows(first, CHILD)
    search(first, "Thompson Phys")
    press_hit(first, OTHER)
    shows(first, OTHER)
    search(second, CHILD.number)
    shows(second, CHILD)
    shows(first, OTHER)


def test_a_dialog_does_not_outlive_its_page(house):
    page = house.open("lead", f"/account-details?account={CHILD.number}")
    search(page, OTHER.number)
    shows(page, OTHER)
    page.get_by_role("button", name="Suspend", exact=True).click()
    expect(page.get_by_role("button", name=f"Suspend account {OTHER.number}")).to_be_visible()
    page.go_back()
    expect(heading(page, f"{CHILD.number} - {CHILD.name}")).to_be_visible()
    settled(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.go_forward()
    expect(heading(page, f"{OTHER.number} - {OTHER.name}")).to_be_visible()
    settled(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
