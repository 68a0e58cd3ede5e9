"""Undo, the number that comes back, and the receipt as a page."""

from datetime import date

import pytest

from lib.actions.engine.errors import Blocked, NotAllowed
from lib.actions.engine.receipt_page import receipt_page
from lib.store import numbers
from lib.store.engine import writing
from lib.store.search import search
from tests.actions.conftest import ADMIN, LEAD, NUMBERS, VIEWER, wait_for

GIVEN_UP = NUMBERS["2001"][0]


def rename(world, name, base):
    plan = world.runner.plan("rename", "1001", {"name": name, "base": base}, LEAD)
    done = world.finish(world.runner.start(plan, LEAD))
    assert done.run.state == "done"
    return done.run


class TestUndo:
    def test_a_rename_is_taken_back_as_a_new_action(self, world):
        run = rename(world, "Wattle & Sons", "Wattle Plumbing")
        params = world.runner.undo_params(run, LEAD)
        assert params == {"name": "Wattle Plumbing", "base": "Wattle & Sons"}
        plan = world.runner.plan("rename", "1001", params, LEAD)
        done = world.finish(world.runner.start(plan, LEAD))
        assert done.run.state == "done"
        assert (world.hub_name(), world.zuora_name()) == ("Wattle Plumbing", "Wattle Plumbing")

    def test_not_when_somebody_changed_the_value_since(self, world):
        run = rename(world, "Wattle & Sons", "Wattle Plumbing")
        rename(world, "Wattle Third", "Wattle & Sons")
        assert world.runner.undo_params(run, LEAD) is None

    def test_not_for_who_may_not(self, world):
        assert world.runner.undo_params(rename(world, "Wattle & Sons", "Wattle Plumbing"), VIEWER) is None

    def test_a_parent_is_taken_back(self, world):
        plan = world.runner.plan("parent", "2002", {"parent": "1001", "base": "2001"}, LEAD)
        run = world.finish(world.runner.start(plan, LEAD)).run
        params = world.runner.undo_params(run, LEAD)
        assert params == {"parent": "2001", "base": "1001"}
        plan = world.runner.plan("parent", "2002", params, LEAD)
        assert world.finish(world.runner.start(plan, LEAD)).run.state == "done"
        assert (world.hub_parent("2002"), world.zuora_parent("2002")) == ("2001", "2001")

    def test_a_failed_run_is_not_undone(self, world):
        plan = world.runner.plan("rename", "1001", {"name": "Wattle New", "base": "Wattle Plumbing"}, LEAD)
        world.fail("PUT /v1/accounts", "success_false")
        failed = world.finish(world.runner.start(plan, LEAD))
        assert world.runner.undo_params(failed.run, LEAD) is None


class TestRestore:
    @pytest.fixture
    def given_up(self, world):
        with writing(world.services.engine) as connection:
            numbers.quarantine_numbers(connection, [GIVEN_UP], until=date(2027, 5, 22), reason="deactivated")
        wait_for(lambda: world.rules().get(GIVEN_UP), lambda rule: rule is None)
        return world

    def plan(self, world, typed=GIVEN_UP, actor=ADMIN, account="1001"):
        return world.runner.plan("restore_number", account, {"number": typed}, actor)

    def test_it_is_in_use_again_with_its_rule(self, given_up):
        plan = self.plan(given_up, "(03) 7010 0101")
        assert (plan.effects[0].before, plan.effects[0].after) == (
            "in quarantine until 22 May 2027, account 2001",
            "in use, account 1001",
        )
        done = given_up.finish(given_up.runner.start(plan, ADMIN))
        assert done.run.state == "done", done.run.error
        assert given_up.rules()[GIVEN_UP] == ("1001", "allowed", "syd-1")
        with given_up.services.engine.connect() as connection:
            assert numbers.find_quarantined(connection, GIVEN_UP) is None
            assert [hit.number for hit in search(connection, "0370100101").hits] == ["1001"]

    def test_on_a_suspended_account_it_is_suspended(self, given_up):
        with writing(given_up.services.engine) as connection:
            connection.exec_driver_sql("update account set status = 'suspended' where number = '1001'")
        given_up.finish(given_up.runner.start(self.plan(given_up), ADMIN))
        assert given_up.rules()[GIVEN_UP][1] == "suspended"

    @pytest.mark.parametrize(
        ("typed", "says"),
        [("", "not one dialable"), ("O491570006", "letter"), ("0491 570 006", "is not in quarantine")],
    )
    def test_what_cannot_be_restored_is_a_sentence(self, given_up, typed, says):
        plan = self.plan(given_up, typed)
        assert says in plan.blockers[0]
        with pytest.raises(Blocked):
            given_up.runner.start(plan, ADMIN)

    def test_not_to_a_deactivated_account(self, given_up):
        with writing(given_up.services.engine) as connection:
            connection.exec_driver_sql("update account set status = 'deactivated' where number = '1001'")
        assert "is deactivated" in self.plan(given_up).blockers[0]

    def test_only_admins_may(self, given_up):
        with pytest.raises(NotAllowed):
            self.plan(given_up, actor=LEAD)


def test_the_receipt_page_shows_markup_as_text(world):
    run = rename(world, "<script>alert(1)</script> & Sons", "Wattle Plumbing")
    page = receipt_page(world.runner.receipt(run.id), "Australia/Melbourne")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Sons" in page
    assert run.id in page
    assert "http" not in page
