import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from lib.store.schema import allowance, subscription
from tests.browser.conftest import follow, heading
from tests.pages.conftest import demo

pytestmark = pytest.mark.browser


def granted(house, number: str) -> dict[str, int]:
    with house.server.hub() as engine, engine.connect() as connection:
        rows = connection.execute(
            select(allowance.c.kind, allowance.c.granted)
            .join(subscription, subscription.c.id == allowance.c.subscription_id)
            .where(subscription.c.number == number)
        )
        return {row.kind: row.granted for row in rows}


def test_a_person_views_the_allowances_and_refreshes_them_from_zuora(house):
    own = demo("allowance_differs")
    contract = own.has.subscriptions[0]
    page = house.open("lead", f"/account-details?account={own.number}")
    follow(page, page.get_by_role("link", name="Billing details"), "**/billing-details?*")
    expect(heading(page, f"{own.number} - {own.name}")).to_be_visible()
    expect(page.get_by_text(contract.number)).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    page.get_by_role("button", name="Refresh allowances").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Save allowances").click()
    expect(page.get_by_role("strong").filter(has_text="Done: Refresh allowances")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("refreshed just now")).to_be_visible()
    first = min(contract.allowances)
    assert granted(house, contract.number) == {**contract.allowances, first: contract.allowances[first] + 2}
