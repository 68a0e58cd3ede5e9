from lib.demo.world import world
from lib.ui.navigation import ACCOUNTS
from tests.pages.conftest import facts, metrics, press, said, sound

ALL = {one.number for one in world().accounts}


def table(app):
    return app.dataframe[0].value


def listed(app) -> list[str]:
    return list(table(app)["Number"])


def labels(app) -> list[str]:
    return [button.label for button in app.button]


def choose(app, status: str | None):
    app.segmented_control(key="status").set_value(status).run()
    return sound(app)


def test_the_page_counts_the_accounts_by_state(house):
    assert metrics(house.accounts()) == {"Active": "197", "Suspended": "2", "Deactivated": "1"}


def test_paging_shows_every_account_once(house):
    app = house.accounts()
    first = listed(app)
    press(app, "Next page")
    second = listed(app)
    assert len(first) == len(second) == 100
    assert {*first, *second} == ALL
    assert "Next page" not in labels(app)
    press(app, "First page")
    assert listed(app) == first


def test_a_filter_shows_only_its_accounts_and_can_be_linked_to(house):
    app = choose(house.accounts(), "suspended")
    assert set(listed(app)) == {one.number for one in world().accounts if one.status == "suspended"}
    assert "Next page" not in labels(app)
    assert listed(house.accounts(status="Suspended")) == listed(app)


def test_a_filter_begins_at_its_first_page(house):
    app = press(house.accounts(), "Next page")
    choose(app, "active")
    assert listed(app) == listed(choose(house.accounts(), "active"))


def test_a_filter_without_accounts_says_so(house):
    gone = next(one.number for one in world().accounts if one.status == "deactivated")
    house.change(gone, status="active")
    app = choose(house.accounts(), "deactivated")
    house.change(gone, status="deactivated")
    assert "No account has this status." in said(app)
    assert not app.dataframe


def test_an_unknown_filter_in_the_address_shows_all(house):
    assert len(listed(house.accounts(status="nonsense"))) == 100


def test_a_chosen_row_opens_its_account(house):
    app = house.accounts()
    number = listed(app)[3]
    app.session_state[app.dataframe[0].key] = {"selection": {"rows": [3], "columns": [], "cells": []}}
    sound(app.run())
    assert facts(app)["Account number"][0] == number
    app.switch_page(ACCOUNTS.path).run()
    assert len(listed(sound(app))) == 100, "the row is no longer chosen"
