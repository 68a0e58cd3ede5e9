"""The sent e-mail history as the article tells it: what was sent, when, with which subject, to whom."""

import csv
import io

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settled
from tests.pages.conftest import plain_accounts

pytestmark = pytest.mark.browser
OWN = next(one for one in plain_accounts() if len({email.subject for email in one.has.emails}) > 1)


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
