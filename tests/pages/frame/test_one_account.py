"""Whatever happens between the page and the click, only the account on the page is changed."""

import pytest
from sqlalchemy import func, insert, select

from lib.standins.mail import MailStandin
from lib.store import search
from lib.store.engine import writing
from lib.store.schema import account, action_run
from tests.pages.conftest import demo, facts, press, rerun_until, said, sound, tables, the_one

CHILD, OTHER = demo("child"), demo("rules_wrong")


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    with MailStandin(tmp_path_factory.mktemp("mail")) as standin:
        yield standin


@pytest.fixture(scope="module")
def settings(mail):
    return {"four_eyes": True, "mail_host": mail.host, "mail_port": mail.port, "mail_security": "none"}


@pytest.fixture(scope="module")
def fits():
    return lambda one: one.has.numbers and one.has.pbxs


def labels(app) -> list[str]:
    return [button.label for button in app.button]


def runs(house) -> int:
    with house.app.services.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(action_run)).scalar_one()


def listed(app) -> list[str]:
    return list(app.dataframe[0].value["Number"])


def test_the_chosen_row_is_the_one_that_was_drawn(house):
    app = house.accounts()
    chosen = listed(app)[3]
    # After a new name the list has another order when the click arrives.
    house.change(listed(app)[90], name="AAA First Of All")
    app.session_state[app.dataframe[0].key] = {"selection": {"rows": [3], "columns": [], "cells": []}}
    assert facts(sound(app.run()))["Account number"][0] == chosen


def test_a_dialog_does_not_start_once_the_address_names_another_account(house):
    app = press(house.details(OTHER.number), "Suspend")
    app.selectbox(key="suspend_reason").set_value("non_payment")
    before = runs(house)
    app.query_params["account"] = CHILD.number
    app = press(app, f"Suspend account {OTHER.number}")
    assert facts(app)["Account number"][0] == CHILD.number
    assert f"Suspend account {OTHER.number}" not in labels(app)
    assert runs(house) == before


@pytest.mark.parametrize("label", ["Edit", "Suspend", "Deactivate", "Refresh auth rules"])
def test_a_late_click_of_another_accounts_page_opens_nothing(house, label):
    app = house.details(OTHER.number)
    app.query_params["account"] = CHILD.number
    app = press(app, label)
    assert facts(app)["Account number"][0] == CHILD.number
    assert "dialog" not in app.session_state
    assert not tables(app, "System")


def test_a_number_that_may_not_be_complete_does_not_open_the_shorter_account(house):
    with writing(house.app.services.engine) as connection:
        row = connection.execute(select(account).where(account.c.number == CHILD.number)).one()._asdict()
        row.pop("id")
        for number in ("7777", "777788"):
            made = insert(account).values(**{**row, "number": number, "zuora_id": None, "zuora_number": None})
            search.reindex(connection, connection.execute(made.returning(account.c.id)).scalar_one())
    app = house.details(OTHER.number)
    app = sound(app.text_input(key="find_account").set_value("7777").run())
    assert facts(app)["Account number"][0] == OTHER.number
    app = sound(app.text_input(key="find_account").set_value("777788").run())
    assert facts(app)["Account number"][0] == "777788"
    assert app.text_input(key="find_account").value == "", "the search is spent"


def test_the_receipt_of_another_account_is_a_link_to_it(house, own):
    app = press(house.details(own.number), "Edit")
    app.text_input(key="new_name").set_value("Renamed Once")
    app = press(press(app, "Preview"), "Rename account")
    rerun_until(app, lambda app: tables(app, "Step", "Result"))
    run = the_one(app.query_params["run"])
    elsewhere = house.details(OTHER.number, run=run)
    assert "This receipt belongs to another account." in said(elsewhere)
    assert not tables(elsewhere, "Step", "Result")
    assert "Undo" not in labels(elsewhere)


def test_a_child_removed_on_its_parents_page_can_be_added_again_there(house):
    parent = demo("parent")
    app = press(house.details(parent.number), "Edit")
    app = sound(app.segmented_control(key="edit_tab").set_value("Children").run())
    child = app.selectbox(key="old_child").options[0]
    app = sound(app.selectbox(key="old_child").set_value(child).run())
    app.button(key="remove_child").click()
    app = press(sound(app.run()), "Change parent")
    rerun_until(app, lambda app: tables(app, "Step", "Result"))
    assert facts(app)["Account number"][0] == parent.number
    app = press(press(app, "Undo"), "Undo it")
    rerun_until(app, lambda app: "Undo" in labels(app) and tables(app, "Step", "Result"))
    assert child.split(" ")[0] in set(tables(house.details(parent.number), "Number", "Name")[0]["Number"])


class TestSecondPerson:
    def opened(self, house, own, username):
        return press(house.details(own.number, username), "Deactivate")

    def test_what_the_second_person_changes_is_not_approved(self, house, own):
        press(self.opened(house, own, "lead"), "Ask a second person")
        second = self.opened(house, own, "admin")
        assert "You approve exactly the plan above" in said(second)
        second = sound(second.checkbox(key="deactivate_nuisance").check().run())
        assert "it cannot be approved" in said(second)
        assert not {"Approve this plan", f"Deactivate account {own.number}"} & set(labels(second))
        second = press(second, "Show what was asked about")
        assert "Approve this plan" in labels(second)
        assert not next(box for box in second.checkbox if box.key.startswith("deactivate_nuisance")).value
        second.text_input(key="deactivate_typed").set_value(own.number)
        press(second, "Approve this plan")
        with house.app.services.engine.connect():
            request = house.app.runner.second_person.request("deactivate", own.number)
        assert request.approved_by is not None
        assert request.params["nuisance"] is False

    def test_what_the_first_person_changes_has_to_be_asked_again(self, house, own):
        first = press(self.opened(house, own, "lead"), "Ask a second person")
        assert "Ask a second person" not in labels(first)
        first = sound(first.checkbox(key="deactivate_nuisance").check().run())
        first = press(first, "Ask a second person")
        assert house.app.runner.second_person.request("deactivate", own.number).params["nuisance"] is True


def test_letters_of_a_search_that_come_late_do_not_change_the_account(house):
    app = house.details(CHILD.number)
    app.query_params["account"] = OTHER.number
    assert facts(sound(app.run()))["Account number"][0] == OTHER.number
    # The browser sends what was typed before the click on the hit, with the old address.
    app.query_params["account"] = CHILD.number
    app = sound(app.text_input(key="find_account").set_value("Thompson Phys").run())
    assert facts(app)["Account number"][0] == OTHER.number
    assert the_one(app.query_params["account"]) == OTHER.number
