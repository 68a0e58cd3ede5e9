import pytest
from playwright.sync_api import expect

from tests.browser.conftest import heading, settled
from tests.pages.conftest import demo

pytestmark = pytest.mark.browser
ROLES = ("overdue", "suspended", "five_thousand", "long_name")
TOO_WIDE = """
() => [document.documentElement, document.body, document.querySelector('[data-testid=stMain]')]
    .filter(one => one.scrollWidth > Math.min(window.innerWidth, one.clientWidth + 1))
    .map(one => `${one.tagName} ${one.scrollWidth}`)
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_account_details_fit_the_window(house, tmp_path, scheme):
    page = house.open("lead", color_scheme=scheme)
    for role in ROLES:
        own = demo(role)
        page.set_viewport_size({"width": 1280, "height": 1000})
        page.goto(f"{house.server.url}/account-details?account={own.number}")
        expect(heading(page, f"{own.number} - {own.name}")).to_be_visible()
        for width in (1280, 420):
            page.set_viewport_size({"width": width, "height": 1000})
            expect(page.get_by_test_id("stDataFrame").last).to_be_visible()
            settled(page)
            picture = tmp_path / f"{role}-{scheme}-{width}.png"
            page.screenshot(path=picture)
            assert page.evaluate(TOO_WIDE) == [], picture
