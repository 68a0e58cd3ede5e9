import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import cookie_of, fill_sign_in, heading, picker, settled, until
from tests.pages.conftest import demo
from tests.server import COOKIE, SIGN_IN_HOURS

pytestmark = pytest.mark.browser
OWN = demo("overdue")
DEEP = f"/account-details?account={OWN.number}"
TITLE = f"{OWN.number} - {OWN.name}"

# Checks every change of the page, also while it loads.
WATCH = """
window.formWasSeen = false;
new MutationObserver(() => {
    if (document.querySelector('input[type=password]')) window.formWasSeen = true;
}).observe(document, {childList: true, subtree: true});
"""


def test_a_link_to_an_account_survives_the_sign_in_and_a_reload(house):
    page = house.visit(DEEP)
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    expect(page.get_by_text(OWN.name)).to_have_count(0)
    fill_sign_in(page, "lead")
    expect(heading(page, TITLE)).to_be_visible()
    assert page.url.endswith(DEEP)
    page.reload()
    expect(heading(page, TITLE)).to_be_visible()
    assert page.url.endswith(DEEP)


@pytest.mark.parametrize("path", [DEEP, "/"])
def test_a_reload_stays_signed_in_without_a_glimpse_of_the_form(house, path):
    page = house.visit(path)
    fill_sign_in(page, "lead")
    page.context.add_init_script(WATCH)
    for _ in range(2):
        page.reload()
        expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
        settled(page)
        assert page.evaluate("window.formWasSeen") is False
    # The check itself works: it sees a password field that is added to the page.
    page.evaluate("document.body.append(Object.assign(document.createElement('input'), {type: 'password'}))")
    until(page, "window.formWasSeen")


def test_the_cookie_lasts_for_the_hours_and_no_script_sees_it(house):
    page = house.visit(DEEP)
    fill_sign_in(page, "lead")
    (found,) = [one for one in page.context.cookies() if one["name"] == COOKIE]
    assert found["expires"] - time.time() == pytest.approx(SIGN_IN_HOURS * 3600, abs=120)
    assert found["httpOnly"]
    assert COOKIE not in page.evaluate("document.cookie")


def test_the_sign_in_page_fits_every_window(house, tmp_path):
    page = house.visit("/")
    for width in (1280, 420):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=tmp_path / f"sign-in-{scheme}-{width}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    # The keyboard alone is enough to fill the form and sign in.
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type("lead")
    page.keyboard.press("Tab")
    page.keyboard.type("lead-demo")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


def test_after_signing_out_neither_a_reload_nor_the_old_cookie_comes_back_in(house):
    page = house.visit(DEEP)
    fill_sign_in(page, "admin")
    old = cookie_of(page)
    page.reload()
    expect(heading(page, TITLE)).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    expect(picker(page)).to_have_count(0)

    thief = house.context()
    thief.add_cookies([{"name": COOKIE, "value": old, "url": house.server.url}])
    stolen = house.visit(DEEP, thief)
    expect(stolen.get_by_label("Password", exact=True)).to_be_visible()
    expect(stolen.get_by_text(OWN.name)).to_have_count(0)


def test_signing_out_in_one_tab_closes_the_other_at_its_next_click(house):
    page = house.open("billing", DEEP)
    other = house.visit(DEEP, page.context)
    expect(heading(other, TITLE)).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    other.get_by_role("link", name="All accounts").click()
    expect(other.get_by_role("status")).to_have_text("You are signed out.")
    expect(other.get_by_label("Password", exact=True)).to_be_visible()
    expect(picker(other)).to_have_count(0)


def test_the_filter_of_all_accounts_stays_in_the_address(house):
    page = house.open("viewer")
    page.get_by_role("button", name="Suspended").or_(page.get_by_role("radio", name="Suspended")).first.click()
    page.wait_for_url("**/*status=*")
    page.reload()
    expect(page.get_by_role("region", name="Accounts")).to_be_visible()
    settled(page)
    assert "status=" in page.url
    expect(page.get_by_role("button", name="Next page")).to_have_count(0)


def test_a_customer_lands_on_their_account(house):
    page = house.open("customer", f"/?account={OWN.number}")
    own = demo("suspended")
    expect(heading(page, f"{own.number} - {own.name}")).to_be_visible()
    expect(page.get_by_text("This account is suspended.")).to_be_visible()
    expect(page.get_by_text(OWN.name)).to_have_count(0)
    expect(picker(page)).to_have_count(0)


@pytest.mark.parametrize(("username", "path"), [("customer", "/account-details"), ("lead", "/accounts")])
def test_the_address_of_every_section_is_found(house, username, path):
    page = house.open(username, path)
    house.complaints.clear()
    expect(page.locator("[data-testid=stDataFrame], [data-testid=stTable]").last).to_be_visible()
    assert page.get_by_role("dialog").all_text_contents() == []
