import pytest
import requests
from playwright.sync_api import expect

from tests.browser.conftest import fits, follow, heading, settled
from tests.pages.conftest import plain_accounts
from tests.server import CLIENT_ID, CLIENT_SECRET

pytestmark = pytest.mark.browser


def test_the_details_are_pulled_from_zuora_and_saved_as_the_article_says(house):
    own = next(one for one in plain_accounts() if one.has.emergency and one.has.numbers)
    page = house.open("lead", f"/account-details?account={own.number}")
    follow(page, page.get_by_role("link", name="Emergency details"), "**/emergency-details?*")
    expect(heading(page, f"{own.number} - {own.name}")).to_be_visible()
    page.get_by_role("button", name="Contact Form").click()
    street = page.get_by_label("Street name", exact=True)
    expect(street).to_have_value(own.sold_to.street_name)
    street.fill("PO Box 12")
    street.press("Tab")
    expect(page.get_by_text("is not a service address")).to_be_visible()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()

    page.get_by_role("button", name="Pull From Zuora").click()
    expect(street).to_have_value(own.sold_to.street_name)
    expect(page.get_by_text("is not a service address")).to_have_count(0)
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


def test_what_is_left_over_of_an_address_is_shown_and_stops_a_silent_save(house, tmp_path):
    own = [one for one in plain_accounts() if one.has.emergency and one.has.numbers][1]
    change_contact(
        house, own.sold_to.id, {"address1": "Shop 3, Lots 3-4 Wattle St, behind Bunnings", "address2": "Blue gate"}
    )
    page = house.open("lead", f"/emergency-details?account={own.number}")
    page.get_by_role("button", name="Contact Form").click()
    page.get_by_role("button", name="Pull From Zuora").click()
    expect(page.get_by_label("Location or lot", exact=True)).to_have_value("Lots 3-4, behind Bunnings")
    expect(page.get_by_role("cell", name="Shop 3, Lots 3-4 Wattle St, behind Bunnings")).to_be_visible()
    expect(page.get_by_text("“Blue gate” of the address in Zuora has no field here.")).to_be_visible()
    settled(page)
    fits(page, tmp_path / "emergency-address")
    save = page.get_by_role("button", name="Save", exact=True)
    expect(save).to_be_disabled()
    page.get_by_text("I compared the form with Zuora").click()
    expect(save).to_be_enabled()


def change_contact(house, contact, fields):
    body = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "grant_type": "client_credentials"}
    token = requests.post(f"{house.zuora.url}/oauth/token", data=body, timeout=5).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    reply = requests.put(f"{house.zuora.url}/v1/contacts/{contact}", headers=headers, json=fields, timeout=5)
    assert reply.json()["success"], reply.text
