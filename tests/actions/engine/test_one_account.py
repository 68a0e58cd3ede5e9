"""What was planned on one account's page does not start on another's, and what is approved is what was shown."""

import pytest

from lib.actions.engine.errors import NeedsSecondPerson, NotAllowed, OtherAccount, PlanChanged, WrongConfirmation
from lib.store import audit
from tests.actions.conftest import LEAD, OTHER
from tests.actions.engine.test_runner import count_runs, refusals

pytestmark = pytest.mark.sqlite_only
LEAVE = {"zuora": "leave", "cancel_on": None, "nuisance": False, "keep_children": True}


def rename(world, opened="1001", actor=LEAD):
    params = {"name": "Wattle New", "base": "Wattle Plumbing"}
    return world.runner.plan("rename", "1001", params, actor, opened=opened)


@pytest.mark.parametrize("opened", ["1002", None, "", "01001"])
def test_a_plan_of_one_page_does_not_start_on_another(world, opened):
    with pytest.raises(OtherAccount) as refused:
        world.runner.start(rename(world), LEAD, opened=opened)
    assert "Nothing was done: this was opened on the page of account 1001" in str(refused.value)
    assert count_runs(world) == 0
    assert refusals(world) == [(LEAD.email, "OtherAccount")]


def test_it_starts_on_its_own(world):
    assert world.finish(world.runner.start(rename(world), LEAD, opened="1001")).run.state == "done"


def test_a_child_is_moved_from_its_parents_page_alone(world):
    plan = world.runner.plan("parent", "2001", {"parent": "1003", "base": None}, LEAD, opened="1003")
    with pytest.raises(OtherAccount):
        world.runner.start(plan, LEAD, opened="2001")
    run = world.finish(world.runner.start(plan, LEAD, opened="1003")).run
    assert run.state == "done"
    assert run.concerns("1003")
    assert not run.concerns("9999")


def test_a_stopped_run_is_resumed_and_abandoned_on_its_own_page(world):
    world.fail("PUT /v1/accounts", "success_false", times=1)
    run_id = world.runner.start(rename(world), LEAD, opened="1001")
    assert world.finish(run_id).run.state == "failed"
    with pytest.raises(OtherAccount):
        world.runner.resume(run_id, LEAD, opened="1002")
    with pytest.raises(OtherAccount):
        world.runner.abandon(run_id, LEAD, "a mistake", opened="1002")
    assert world.runner.progress(run_id).run.state == "failed"
    world.runner.resume(run_id, LEAD, opened="1001")
    assert world.finish(run_id).run.state == "done"


class TestApproval:
    @pytest.fixture
    def four_eyes(self, world):
        settings = world.services.settings.model_copy(update={"four_eyes": True})
        object.__setattr__(world.services, "settings", settings)
        return world

    def plan(self, world, actor, opened="1001", **params):
        return world.runner.plan("deactivate", "1001", {**LEAVE, **params}, actor, opened=opened)

    def asked(self, world):
        world.runner.ask(self.plan(world, LEAD), LEAD, opened="1001")

    def approved(self, world):
        return world.runner.second_person.request("deactivate", "1001").approved_by

    def test_the_plan_on_the_screen_is_approved_when_it_is_the_one_asked_about(self, four_eyes):
        self.asked(four_eyes)
        four_eyes.runner.approve(self.plan(four_eyes, OTHER), OTHER, "1001", opened="1001")
        assert self.approved(four_eyes) == OTHER.email

    def test_another_choice_of_the_second_person_is_refused(self, four_eyes):
        self.asked(four_eyes)
        with pytest.raises(PlanChanged, match="no longer the one that was asked about"):
            four_eyes.runner.approve(self.plan(four_eyes, OTHER, nuisance=True), OTHER, "1001", opened="1001")
        assert self.approved(four_eyes) is None
        assert (OTHER.email, "PlanChanged") in refusals(four_eyes)

    def test_a_plan_that_went_stale_on_the_screen_is_refused(self, four_eyes):
        shown = self.plan(four_eyes, OTHER)
        stale = shown.model_copy(update={"facts": {**shown.facts, "name": "Old"}})
        self.asked(four_eyes)
        with pytest.raises(PlanChanged):
            four_eyes.runner.approve(stale, OTHER, "1001", opened="1001")
        assert self.approved(four_eyes) is None

    def test_on_another_page_with_another_number_or_for_oneself_it_is_refused(self, four_eyes):
        self.asked(four_eyes)
        with pytest.raises(OtherAccount):
            four_eyes.runner.approve(self.plan(four_eyes, OTHER), OTHER, "1001", opened="1002")
        with pytest.raises(WrongConfirmation):
            four_eyes.runner.approve(self.plan(four_eyes, OTHER), OTHER, "1002", opened="1001")
        with pytest.raises(NotAllowed):
            four_eyes.runner.approve(self.plan(four_eyes, LEAD), LEAD, "1001", opened="1001")
        with pytest.raises(NotAllowed):
            four_eyes.runner.approve(self.plan(four_eyes, LEAD), OTHER, "1001", opened="1001")
        assert self.approved(four_eyes) is None

    def test_nobody_approves_what_nobody_asks(self, four_eyes):
        with pytest.raises(NeedsSecondPerson):
            four_eyes.runner.approve(self.plan(four_eyes, OTHER), OTHER, "1001", opened="1001")
        self.asked(four_eyes)
        plan = self.plan(four_eyes, OTHER)
        four_eyes.runner.approve(plan, OTHER, "1001", opened="1001")
        with pytest.raises(NeedsSecondPerson):
            four_eyes.runner.approve(plan, OTHER, "1001", opened="1001")

    def test_nobody_is_asked_about_an_outdated_plan(self, four_eyes):
        plan = self.plan(four_eyes, LEAD)
        stale = plan.model_copy(update={"facts": {**plan.facts, "name": "Old"}})
        with pytest.raises(PlanChanged):
            four_eyes.runner.ask(stale, LEAD, opened="1001")
        assert four_eyes.runner.second_person.request("deactivate", "1001") is None
        with four_eyes.services.engine.connect() as connection:
            assert "asked" not in {one.phase for one in audit.events_of_account(connection, "1001")}
