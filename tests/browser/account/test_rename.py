import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from lib.store.schema import account, action_run
from tests.browser.conftest import heading, picker, settled
from tests.pages.conftest import demo

pytestmark = pytest.mark.browser


def open_edit(page):
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def type_name(page, name: str):
    page.get_by_label("Account name").fill(name)
    page.get_by_role("button", name="Preview").click()


def start(page):
    return page.get_by_role("button", name="Rename account")


def receipt(page):
    return page.get_by_role("strong").filter(has_text="Done: Rename")


def hub_name(house, own) -> str:
    with house.server.hub() as engine, engine.connect() as connection:
        return connection.execute(select(account.c.name).where(account.c.number == own.number)).scalar_one()


def runs_of(house, own) -> int:
    with house.server.hub() as engine, engine.connect() as connection:
        return connection.execute(select(func.count()).where(action_run.c.account == own.number)).scalar_one()


def test_a_person_finds_an_account_by_a_phone_number_renames_it_and_reads_the_receipt(house, own):
    page = house.open("lead")
    national = "0" + own.has.numbers[0].e164.removeprefix("+61")
    picker(page).press_sequentially(f"{national[:2]} {national[2:-1]}", delay=20)
    hit = page.get_by_test_id("stSidebar").get_by_text(own.number)
    hit.or_(heading(page, f"{own.number} - {own.name}")).first.wait_for()
    if hit.is_visible():
        hit.click()
    expect(heading(page, f"{own.number} - {own.name}")).to_be_visible()
    assert f"account={own.number}" in page.url

    open_edit(page)
    type_name(page, "Banksia & Sons Pty Ltd")
    start(page).click()
    expect(receipt(page)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_text("Copy for a ticket").click()
    expect(page.get_by_text("Request |")).to_be_visible()

    page.reload()
    expect(heading(page, f"{own.number} - Banksia & Sons Pty Ltd")).to_be_visible()
    expect(receipt(page)).to_be_visible()
    assert house.zuora_name(own.zuora_id) == "Banksia & Sons Pty Ltd"
    assert hub_name(house, own) == "Banksia & Sons Pty Ltd"


def test_a_double_click_on_the_start_is_one_run(house, own):
    page = house.open("lead", f"/account-details?account={own.number}")
    open_edit(page)
    type_name(page, "Clicked Twice")
    start(page).dblclick()
    expect(receipt(page)).to_be_visible()
    expect(heading(page, f"{own.number} - Clicked Twice")).to_be_visible()
    assert runs_of(house, own) == 1


def test_a_second_tab_with_an_outdated_name_is_told_what_changed(house, own):
    first = house.open("lead", f"/account-details?account={own.number}")
    second = house.visit(f"/account-details?account={own.number}", first.context)
    open_edit(second)
    open_edit(first)
    type_name(first, "From The First Tab")
    start(first).click()
    expect(receipt(first)).to_be_visible()
    type_name(second, "From The Second Tab")
    told = f"Demo lead renamed the account from “{own.name}” to “From The First Tab”"
    expect(second.get_by_text(told)).to_be_visible()
    expect(start(second)).to_have_count(0)
    assert hub_name(house, own) == house.zuora_name(own.zuora_id) == "From The First Tab"


def test_a_plan_that_is_outdated_at_the_click_is_replaced_by_a_new_one(house, own):
    first = house.open("lead", f"/account-details?account={own.number}")
    second = house.visit(f"/account-details?account={own.number}", first.context)
    for page, name in ((second, "Planned Second"), (first, "Planned First")):
        open_edit(page)
        type_name(page, name)
        expect(start(page)).to_be_visible()
    start(first).click()
    expect(receipt(first)).to_be_visible()
    start(second).click()
    expect(second.get_by_role("dialog").get_by_text("“Planned First”").first).to_be_visible()
    assert hub_name(house, own) == "Planned First"
    assert runs_of(house, own) == 1


@pytest.mark.parametrize("name", ["<b>Bold</b> <img src=x onerror=alert(1)> & :red[x] $a$ **y**"])
def test_markup_in_a_new_name_stays_text_everywhere(house, own, name):
    page = house.open("lead", f"/account-details?account={own.number}")
    open_edit(page)
    type_name(page, name)
    start(page).click()
    expect(receipt(page)).to_be_visible()
    expect(heading(page, f"{own.number} - {name}")).to_be_visible()
    picker(page).fill("Bold")
    expect(page.get_by_test_id("stSidebar").get_by_text(name)).to_be_visible()
    assert page.locator("img[src=x], h3 b, h3 strong, .katex").count() == 0


def test_the_demos_name_with_markup_is_text(house):
    own = demo("markup")
    page = house.open("viewer", f"/account-details?account={own.number}")
    expect(heading(page, f"{own.number} - {own.name}")).to_be_visible()
    settled(page)
    assert page.locator("h3 b").count() == 0
