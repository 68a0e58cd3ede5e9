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


def test_a_script_that_got_into_a_page_does_not_run_and_nobody_frames_it(house):
    page = house.open("lead", f"/account-details?account={demo('overdue').number}")
    # A browser without our headers runs it at once.
    ran = page.evaluate(
        "() => { const one = document.createElement('script'); one.textContent = 'window.ran = true';"
        " document.body.append(one); return window.ran === true }"
    )
    assert ran is False
    page.evaluate("() => { document.body.setAttribute('onclick', 'window.ran = true'); document.body.click() }")
    assert page.evaluate("window.ran === true") is False
    page.goto("about:blank")
    page.set_content(f"<iframe src='{house.server.url}/accounts'></iframe>", wait_until="load")
    frame = page.frames[1]
    assert frame.url.startswith("chrome-error:"), frame.url
    refused = [one for one in house.complaints if "Content Security Policy" in one]
    assert refused == house.complaints
    assert len(refused) >= 2
    house.complaints.clear()
