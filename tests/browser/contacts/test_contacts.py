import pytest
from playwright.sync_api import expect

from tests.browser.conftest import follow, heading, settled
from tests.pages.conftest import plain_accounts

pytestmark = pytest.mark.browser


def test_the_address_that_invoices_go_to_is_updated_as_the_article_says(house):
    own = next(one for one in plain_accounts() if one.bill_to.id != one.sold_to.id)
    page = house.open("billing", f"/account-details?account={own.number}")
    follow(page, page.get_by_role("link", name="Account contacts"), "**/account-contacts?*")
    expect(heading(page, f"{own.number} - {own.name}")).to_be_visible()
    expect(page.get_by_text("Bill To contact")).to_be_visible()
    expect(page.get_by_text("Sold To contact")).to_be_visible()
    expect(page.get_by_text("edit them on the Zuora account page")).to_be_visible()

    form = page.locator(".st-key-contact_form_bill_to")
    email = form.get_by_label("E-mail", exact=True)
    expect(email).to_have_value(own.bill_to.email)
    email.fill("not an address")
    form.get_by_role("button", name="Update").click()
    expect(form.get_by_text("e-mail address")).to_be_visible()
    email.fill("invoices@example.com")
    form.get_by_role("button", name="Update").click()
    expect(page.get_by_role("strong").filter(has_text="Done: Update the Bill To contact")).to_be_visible()
    settled(page)
    expect(email).to_have_value("invoices@example.com")

    page.reload()
    expect(page.get_by_label("E-mail", exact=True).first).to_have_value("invoices@example.com")
    expect(page.get_by_label("E-mail", exact=True).nth(1)).to_have_value(own.sold_to.email)
