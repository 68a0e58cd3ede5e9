"""The sent e-mail history as in the help article: what was sent, when, with which subject, to whom."""

import csv
import io
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from lib.store.engine import writing
from tests.browser.conftest import settled
from tests.common.factories import make_email
from tests.pages.conftest import plain_accounts

pytestmark = pytest.mark.browser
OWN, *OTHERS = [one for one in plain_accounts() if len({email.subject for email in one.has.emails}) > 1]
HEAD = ROW = 35
"""Pixels of the table's head and of a row."""


def test_a_person_filters_the_history_and_exports_it_in_their_own_time(house):
    page = house.open("lead", f"/sent-emails?account={OWN.number}", timezone_id="Australia/Perth")
    expect(page.get_by_text("Times: Australia/Perth")).to_be_visible()
    expect(page.get_by_text(f"{len(OWN.has.emails)} e-mails")).to_be_visible()
    one = OWN.has.emails[0]
    page.get_by_role("searchbox", name="Subject").fill(one.subject.upper())
    page.get_by_role("searchbox", name="Subject").press("Enter")
    settled(page)
    page.wait_for_url("**subject=*")
    page.reload()
    expect(page.get_by_role("searchbox", name="Subject")).to_have_value(one.subject.upper())
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    text = download.value.path().read_text("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert head[0] == "Sent (Australia/Perth)"
    assert {row[1] for row in rows} == {one.subject}
    assert len(rows) == sum(email.subject == one.subject for email in OWN.has.emails)


def choose_row(page, position):
    """Tick a row of the table."""
    page.get_by_test_id("stDataFrame").first.click(position={"x": 16, "y": HEAD + ROW * position + ROW // 2})
    settled(page)


def test_a_person_chooses_an_email_closes_it_and_sends_one_to_themselves(house):
    own = OTHERS[0]
    with house.server.hub() as engine, writing(engine) as connection:
        make_email(connection, account=own.number, sent_at=datetime.now(UTC))
    page = house.open("lead", f"/sent-emails?account={own.number}")
    subjects = ["Your service is suspended", *(one.subject for one in reversed(own.has.emails))]
    another, kept = 1, 0
    close = page.get_by_role("button", name="Close")
    choose_row(page, another)
    expect(page.get_by_text(subjects[another], exact=True).last).to_be_visible()
    first = page.url.partition("&email=")[2]
    close.click()
    expect(close).to_have_count(0)
    assert "email=" not in page.url
    choose_row(page, another)
    expect(close).to_be_visible()
    close.click()
    expect(close).to_have_count(0)
    choose_row(page, kept)
    expect(close).to_be_visible()
    assert page.url.partition("&email=")[2] not in {"", first}
    page.reload()
    expect(close).to_be_visible()
    page.get_by_role("button", name="Send to me").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send again").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("Send the e-mail again").first).to_be_visible()
    expect(page.get_by_text(f"{len(subjects) + 1} e-mails")).to_be_visible()
