import pytest
from playwright.sync_api import expect

from tests.browser.conftest import heading, settled
from tests.pages.conftest import plain_accounts

pytestmark = pytest.mark.browser


def test_the_details_are_pulled_from_zuora_and_saved_as_the_article_says(house):
    own = next(one for one in plain_accounts() if one.has.emergency and one.has.numbers)
    page = house.open("lead", f"/account-details?account={own.number}")
    page.get_by_role("link", name="Emergency details").click()
    expect(heading(page, f"{own.number} - {own.name}")).to_be_visible()
    page.get_by_role("button", name="Contact Form").click()
    street = page.get_by_label("Street name", exact=True)
    expect(street).to_have_value(own.sold_to.street_name)
    street.fill("PO Box 12")
    street.press("Tab")
    expect(page.get_by_text("is no service address")).to_be_visible()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()

    page.get_by_role("button", name="Pull From Zuora").click()
    expect(street).to_have_value(own.sold_to.street_name)
    expect(page.get_by_text("is no service address")).to_have_count(0)
    save = page.get_by_role("button", name="Save", exact=True)
    expect(save).to_be_enabled()
    settled(page)
    save.click()
    expect(page.get_by_role("strong").filter(has_text="Done: Save the emergency details")).to_be_visible()
    expect(page.get_by_text("saved today")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download by number").click()
    text = download.value.path().read_text("utf-8-sig")
    assert len(text.splitlines()) == 1 + len(own.has.numbers)
    assert own.sold_to.street_name in text
