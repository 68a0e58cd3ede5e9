"""What was typed in a form is still there after a restart of the server, and the next click saves it."""

import time

import pytest
from playwright.sync_api import expect

from lib.store.drafts import find_draft
from tests.browser.conftest import SECONDS, House, fill_sign_in, fits, follow, heading, settled
from tests.pages.conftest import plain_accounts
from tests.server import copy_demo, serving, zuora_of

pytestmark = pytest.mark.browser


def wait_for_draft(server, number, form, **typed):
    """Wait until the server has kept what was typed."""
    end = time.monotonic() + SECONDS
    with server.hub() as engine:
        while True:
            with engine.connect() as connection:
                kept = find_draft(connection, number, "lead@demo.example", form)
            if kept is not None and typed.items() <= kept.typed.items():
                return
            assert time.monotonic() < end, kept
            time.sleep(0.05)


def test_what_was_typed_outlives_a_restart_and_is_sent_by_the_first_click(tmp_path, _browser):
    own = next(one for one in plain_accounts() if one.bill_to.id != one.sold_to.id and one.sold_to.phone)
    folder = copy_demo(tmp_path)
    with zuora_of(folder) as zuora:
        with serving(folder, zuora=zuora) as server:
            made = House(server, zuora, _browser)
            page = made.open("lead", f"/account-contacts?account={own.number}")
            email = page.get_by_label("E-mail", exact=True).first
            expect(email).to_have_value(own.bill_to.email)
            email.fill("typed@example.com")
            town = page.get_by_label("Suburb or town", exact=True).first
            # The cursor is still in this field: somebody stopped typing to look something up.
            town.press("End")
            town.press_sequentially(" Heights")
            expect(town).to_have_value(f"{own.bill_to.locality} Heights")
            wait_for_draft(server, own.number, "contact_bill_to", city=f"{own.bill_to.locality} Heights")

            details = made.visit(f"/emergency-details?account={own.number}", page.context)
            details.get_by_role("button", name="Contact Form").click()
            details.get_by_label("House number", exact=True).fill("77")
            details.get_by_label("House number", exact=True).press("Tab")
            wait_for_draft(server, own.number, "emergency", house_number="77")
        zuora.state.update_contact(own.bill_to.id, {"address2": "Level 3"})
        with serving(folder, zuora=zuora, port=server.port):
            expect(page.get_by_text("is back. It is not saved yet.")).to_be_visible()
            expect(email).to_have_value("typed@example.com")
            expect(town).to_have_value(f"{own.bill_to.locality} Heights")
            expect(page.get_by_label("Address line 2", exact=True).first).to_have_value("Level 3")
            expect(page.get_by_label("First name", exact=True).nth(1)).to_have_value(own.sold_to.first_name)
            fits(page, tmp_path / "restored")
            page.set_viewport_size({"width": 1280, "height": 900})
            page.get_by_role("button", name="Update").first.click()
            expect(page.get_by_role("strong").filter(has_text="Done: Update the Bill To contact")).to_be_visible()
            contact = zuora.state.contact(own.bill_to.id)
            assert contact["work_email"] == "typed@example.com"
            assert contact["city"] == f"{own.bill_to.locality} Heights"
            assert contact["address2"] == "Level 3"
            expect(page.get_by_text("is back. It is not saved yet.")).to_have_count(0)

            expect(details.get_by_text("is back. It is not saved yet.")).to_be_visible()
            expect(details.get_by_label("House number", exact=True)).to_have_value("77")
            fits(details, tmp_path / "restored-details")
            details.set_viewport_size({"width": 1280, "height": 900})
            details.get_by_role("button", name="Save", exact=True).click()
            expect(details.get_by_role("strong").filter(has_text="Done: Save the emergency")).to_be_visible()
            expect(details.get_by_text("saved today")).to_be_visible()
            expect(details.get_by_role("cell", name="77").first).to_be_visible()
        made.contexts.close()


def test_forms_are_whole_after_a_sign_out_and_in_and_empty_of_the_person_before(house):
    own = next(one for one in plain_accounts() if one.bill_to.id != one.sold_to.id and one.has.emergency)
    page = house.visit(f"/account-contacts?account={own.number}")
    fill_sign_in(page, "lead")
    email = page.get_by_label("E-mail", exact=True)
    expect(email.first).to_have_value(own.bill_to.email)
    email.first.fill("private@example.com")
    email.first.press("Tab")
    settled(page)
    for person, value in (("billing", own.bill_to.email), ("lead", "private@example.com")):
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_label("User name")).to_be_visible()
        # The next person does not start on the page that the first one had open.
        page.goto(f"{house.server.url}/account-contacts?account={own.number}")
        fill_sign_in(page, person)
        expect(heading(page, f"{own.number} - {own.name}")).to_be_visible()
        settled(page)
        expect(email.first).to_have_value(value)
        expect(email.nth(1)).to_have_value(own.sold_to.email)
        expect(page.get_by_label("Last name", exact=True).first).to_have_value(own.bill_to.last_name)
        expect(page.get_by_label("Work phone", exact=True).nth(1)).to_have_value(own.sold_to.phone)
        expect(page.get_by_text("is back. It is not saved yet.")).to_have_count(int(person == "lead"))
    page.get_by_role("button", name="Discard").click()
    expect(email.first).to_have_value(own.bill_to.email)
    expect(page.get_by_text("is back. It is not saved yet.")).to_have_count(0)

    follow(page, page.get_by_role("link", name="Emergency details"), "**/emergency-details?*")
    page.get_by_role("button", name="Contact Form").click()
    street = page.get_by_label("Street name", exact=True)
    expect(street).to_have_value(own.sold_to.street_name)
    listed = page.get_by_role("checkbox", name="Phones may be used at another address").is_checked()
    settled(page)
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_label("User name")).to_be_visible()
    page.goto(f"{house.server.url}/emergency-details?account={own.number}")
    fill_sign_in(page, "lead")
    page.get_by_role("button", name="Contact Form").click()
    expect(street).to_have_value(own.sold_to.street_name)
    settled(page)
    expect(street).to_have_value(own.sold_to.street_name)
    assert page.get_by_role("checkbox", name="Phones may be used at another address").is_checked() is listed


def test_dialogs_close_when_the_server_is_back_and_what_was_noted_is_there_again(tmp_path, _browser):
    own = plain_accounts()[0]
    folder = copy_demo(tmp_path)
    with zuora_of(folder) as zuora:
        with serving(folder, zuora=zuora) as server:
            made = House(server, zuora, _browser)
            suspend = made.open("lead", f"/account-details?account={own.number}")
            suspend.get_by_role("button", name="Suspend").click()
            note = suspend.get_by_label("Note")
            note.fill("Called twice")
            note.press("Tab")
            wait_for_draft(server, own.number, "suspend_note", text="Called twice")
            settled(suspend)
            edit = made.visit(f"/account-details?account={own.number}", suspend.context)
            edit.get_by_role("button", name="Edit").click()
            edit.get_by_label("Account name").fill("Another name")
            settled(edit)
        for tab in (suspend, edit):
            expect(tab.get_by_role("dialog").get_by_role("button").last).to_be_disabled()
        with serving(folder, zuora=zuora, port=server.port):
            for tab in (suspend, edit):
                # A dialog of the old session would accept every click and do nothing.
                expect(tab.get_by_role("dialog")).to_have_count(0)
                settled(tab)
            suspend.get_by_role("button", name="Suspend").click()
            expect(note).to_have_value("Called twice")
            expect(suspend.get_by_text("is back. It is not saved yet.")).to_be_visible()
            edit.get_by_role("button", name="Edit").click()
            expect(edit.get_by_label("Account name")).to_have_value(own.name)
        made.contexts.close()
