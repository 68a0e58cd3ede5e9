import json
import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import insert, select

from lib.store.audit import append_event, head
from lib.store.engine import writing
from lib.store.schema import account, sent_email
from tests.browser.account.test_rename import open_edit, receipt, start, type_name
from tests.browser.conftest import fits, follow, heading, settled, until
from tests.pages.conftest import demo

pytestmark = pytest.mark.browser
LINKING = "see www.evil.example or http://evil.example or a@evil.example"


def renamed(house, own, name: str):
    """The account's details, just after a person has renamed it."""
    page = house.open("lead", f"/account-details?account={own.number}")
    open_edit(page)
    type_name(page, name)
    start(page).click()
    expect(receipt(page)).to_be_visible()
    return page


def entry(page, text: str):
    """The line of an entry, which opens it."""
    return page.get_by_test_id("stMain").locator("summary").filter(has_text=text)


def emails(page):
    return entry(page, "@")


def text_field(page):
    return page.get_by_role("searchbox", name="Text").or_(page.get_by_role("textbox", name="Text")).first


def test_a_person_renames_an_account_and_finds_it_on_activity_with_its_steps(house, own):
    page = renamed(house, own, "Banksia & Sons")
    page.get_by_test_id("stMain").get_by_role("button", name="Close").click()
    expect(receipt(page)).to_have_count(0)
    follow(page, page.get_by_role("link", name="Activity"), "**/account-activity?*")
    expect(heading(page, f"{own.number} - Banksia & Sons")).to_be_visible()
    line = entry(page, f"Rename {own.number} - {own.name}")
    expect(line).to_have_count(1)
    expect(page.get_by_text("Rename in Zuora")).to_have_count(0)
    line.click()
    for system in ("Zuora", "the Hub"):
        step = page.get_by_text(f"Rename in {system}: Done · 1 · {own.name} → Banksia & Sons")
        expect(step).to_be_visible()

    page.get_by_role("combobox", name="What").click()
    page.get_by_role("option", name="Rename account").click()
    page.wait_for_url("**/*kind=Rename+account*")
    text_field(page).fill("banksia & S")
    text_field(page).press("Enter")
    page.wait_for_url("**/*words=*")
    expect(line).to_have_count(1)
    expect(emails(page)).to_have_count(0)

    page.reload()
    expect(line).to_have_count(1)
    settled(page)
    expect(page.get_by_text("No older entries.")).to_be_visible()
    assert "kind=Rename+account" in page.url
    expect(text_field(page)).to_have_value("banksia & S")
    expect(emails(page)).to_have_count(0)

    text_field(page).fill("nothing is called so")
    text_field(page).press("Enter")
    expect(page.get_by_text("Nothing that happened matches all of these filters.")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(emails(page).first).to_be_visible()
    until(page, "!location.search.includes('words=') && !location.search.includes('kind=')")

    line.click()
    receipt_address = re.compile(rf"/account-details\?.*run=rename-{own.number}-")
    follow(page, page.get_by_role("link", name="Receipt"), receipt_address)
    expect(receipt(page)).to_be_visible()


def test_the_address_of_a_view_is_enough_for_a_colleague(house, own):
    renamed(house, own, "Shared View")
    page = house.open("viewer", f"/account-activity?account={own.number}&kind=Rename+account&person=Demo+lead")
    expect(entry(page, f"Rename {own.number}")).to_have_count(1)
    expect(emails(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Download the events")).to_have_count(0)


def test_the_events_are_downloaded_and_the_audit_is_checked(house, own):
    page = renamed(house, own, "To Be Exported")
    page.goto(f"{house.server.url}/account-activity?account={own.number}")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download the events").click()
    assert coming.value.suggested_filename == f"audit-{own.number}.jsonl"
    found = [json.loads(line) for line in coming.value.path().read_text().splitlines()]
    assert {one["account"] for one in found} == {own.number}
    assert [one["phase"] for one in found] == ["started", "begin", "ok", "begin", "ok", "done"]
    page.get_by_role("button", name="Check the audit").click()
    with house.server.hub() as engine, engine.connect() as connection:
        newest = head(connection)
    told = f"The audit holds: {newest.sequence:,} events, newest hash {newest.hash[:8]}…"
    expect(page.get_by_text(told)).to_be_visible()
    assert "event='audit head'" in house.server.log.read_text(), "as the process started"


def test_addresses_in_customer_text_are_no_links(house, own):
    with house.server.hub() as engine, writing(engine) as connection:
        number = select(account.c.id).where(account.c.number == own.number).scalar_subquery()
        mail = {"kind": "suspension_notice", "subject": LINKING, "recipient": "a@evil.example", "state": "accepted"}
        sent_at = connection.execute(select(account.c.created_at).where(account.c.number == own.number)).scalar_one()
        connection.execute(insert(sent_email).values(account_id=number, sent_at=sent_at, **mail))
        refused = {"why": "Blocked", "text": f"Nothing was done: {LINKING}", "plan": None}
        append_event(
            connection, kind="rename", phase="refused", actor="b@evil.example", account=own.number, details=refused
        )
    page = house.open("viewer", f"/account-activity?account={own.number}")
    expect(entry(page, LINKING)).to_be_visible()
    entry(page, "Refused: Rename account").click()
    expect(page.get_by_text(f"Nothing was done: {LINKING}")).to_be_visible()
    assert page.get_by_test_id("stMain").locator("a[href*=evil]").count() == 0


def test_a_customer_has_no_activity_page(house):
    own = demo("suspended")
    page = house.open("customer", f"/account-activity?account={own.number}")
    # For a customer this address does not exist: the browser gets a 404.
    expect(
        page.get_by_role("link", name="Account details").or_(heading(page, f"{own.number} - {own.name}")).first
    ).to_be_visible()
    settled(page)
    expect(page.get_by_role("link", name="Activity")).to_have_count(0)
    expect(page.get_by_text("Check the audit")).to_have_count(0)
    expect(page.get_by_text("Status: active → suspended")).to_have_count(0)
    house.complaints.clear()


def test_an_open_run_with_a_long_name_fits_the_window(house, own, tmp_path):
    page = renamed(house, own, "A long name " * 15)
    page.goto(f"{house.server.url}/account-activity?account={own.number}")
    entry(page, "Rename").first.click()
    expect(page.get_by_role("link", name="Receipt")).to_be_visible()
    fits(page, tmp_path / "activity-run")
