import pytest
from playwright.sync_api import expect

from lib.ui.navigation import SECTIONS, THIS_ACCOUNT
from tests.browser.conftest import fits, heading, settled
from tests.pages.conftest import demo

pytestmark = pytest.mark.browser
ROLES = ("overdue", "suspended", "five_thousand", "long_name")


def test_every_section_fits_the_window(house, tmp_path):
    page = house.open("admin")
    own = demo("five_thousand")
    for section in SECTIONS:
        of_account = section.group == THIS_ACCOUNT
        page.goto(f"{house.server.url}/{section.url}" + (f"?account={own.number}" if of_account else ""))
        expect(page.get_by_role("link", name=section.title).first).to_be_visible()
        settled(page)
        fits(page, tmp_path / section.url)


def test_account_details_fit_the_window(house, tmp_path):
    page = house.open("lead")
    for role in ROLES:
        own = demo(role)
        page.goto(f"{house.server.url}/account-details?account={own.number}")
        expect(heading(page, f"{own.number} - {own.name}")).to_be_visible()
        expect(page.get_by_test_id("stTable").last).to_be_visible()
        fits(page, tmp_path / role)
