import pytest
from sqlalchemy import update

from lib.actions.engine.errors import Blocked, NotResumable, PlanChanged
from lib.store import audit
from lib.store.engine import writing
from lib.store.schema import account
from lib.store.search import search
from tests.actions.conftest import LEAD, OTHER, zuora_id

NEW = "Wattle Plumbing & Gas"


def rename(world, name=NEW, actor=LEAD, **params):
    return world.runner.plan("rename", "1001", {"name": name, "base": "Wattle Plumbing", **params}, actor)


def test_a_rename_reaches_zuora_and_the_hub_and_ends_in_a_receipt(world):
    plan = rename(world, f"  {NEW}  ")
    assert [(effect.system, effect.before, effect.after) for effect in plan.effects] == [
        ("Zuora", "Wattle Plumbing", NEW),
        ("Hub", "Wattle Plumbing", NEW),
    ]
    done = world.finish(world.runner.start(plan, LEAD))
    assert done.run.state == "done"
    assert [(step.name, step.state, step.before, step.after) for step in done.steps] == [
        ("zuora", "done", "Wattle Plumbing", NEW),
        ("hub", "done", "Wattle Plumbing", NEW),
    ]
    assert done.steps[0].request_ids
    assert (world.hub_name(), world.zuora_name()) == (NEW, NEW)
    receipt = world.runner.receipt(done.run.id).markdown("Australia/Melbourne")
    assert "Done" in receipt
    assert "Lee Lead" in receipt
    assert "Wattle Plumbing &" in receipt
    assert done.steps[0].request_ids[0] in receipt
    assert world.runner.open_run("1001") is None


def test_the_new_name_is_found_and_the_old_one_is_not(world):
    world.finish(world.runner.start(rename(world, "Kurrajong Kitchens"), LEAD))
    with world.services.engine.connect() as connection:
        assert [hit.number for hit in search(connection, "kurrajong").hits] == ["1001"]
        assert search(connection, "wattle").hits == []


@pytest.mark.sqlite_only
def test_a_bad_name_is_a_blocker_and_changes_nothing(world):
    with pytest.raises(Blocked, match="Nothing was done: The name is empty"):
        world.runner.start(rename(world, " "), LEAD)
    assert (world.hub_name(), world.zuora_name()) == ("Wattle Plumbing", "Wattle Plumbing")


def test_markup_in_a_name_is_kept_as_text(world):
    name = "<b>Bold</b> & **Sons** [x](y)"
    done = world.finish(world.runner.start(rename(world, name), LEAD))
    assert world.hub_name() == world.zuora_name() == name
    assert r"\<b\>Bold\</b\>" in world.runner.receipt(done.run.id).markdown("UTC")


def test_a_name_that_differs_only_in_zuora_is_brought_in_line(world):
    world.services.zuora.rename_account(zuora_id("1001"), "Wattle Pty", track="test")
    world.catch_up()
    plan = rename(world, "Wattle Plumbing")
    assert "Wattle Pty" in plan.warnings[0]
    assert plan.steps == ("zuora",)
    assert world.finish(world.runner.start(plan, LEAD)).run.state == "done"
    assert world.zuora_name() == "Wattle Plumbing"


def test_an_account_without_zuora_is_renamed_in_the_hub_alone(world):
    with writing(world.services.engine) as connection:
        connection.execute(update(account).where(account.c.number == "1001").values(zuora_id=None, zuora_number=None))
    plan = rename(world)
    assert "no Zuora account" in plan.warnings[0]
    world.finish(world.runner.start(plan, LEAD))
    assert (world.hub_name(), world.zuora_name()) == (NEW, "Wattle Plumbing")


def test_two_people_at_once_the_second_is_told_what_changed(world):
    world.finish(world.runner.start(rename(world, "Wattle by Lee"), LEAD))
    second = rename(world, "Wattle by Olga", OTHER)
    assert "Lee Lead renamed the account from “Wattle Plumbing” to “Wattle by Lee”" in second.blockers[0]
    assert world.hub_name() == "Wattle by Lee"


def test_facts_that_change_between_plan_and_start_give_a_new_plan(world):
    plan = rename(world)
    world.services.zuora.rename_account(zuora_id("1001"), "Wattle Meanwhile", track="test")
    world.catch_up()
    with pytest.raises(PlanChanged) as changed:
        world.runner.start(plan, LEAD)
    assert "“Wattle Meanwhile”, not “Wattle Plumbing”" in str(changed.value)
    assert (world.hub_name(), world.zuora_name()) == ("Wattle Plumbing", "Wattle Meanwhile")
    assert world.finish(world.runner.start(changed.value.plan, LEAD)).run.state == "done"


@pytest.mark.sqlite_only
@pytest.mark.parametrize("kind", ["success_false", "429", "html504", "drop_before", "truncate"])
def test_zuora_failing_leaves_both_names_and_says_so(world, kind):
    plan = rename(world)
    world.fail("PUT /v1/accounts", kind)
    failed = world.finish(world.runner.start(plan, LEAD))
    assert failed.run.state == "failed"
    assert "Zuora" in (failed.run.error or "")
    assert [step.state for step in failed.steps] == ["failed", "waiting"]
    assert world.hub_name() == "Wattle Plumbing"
    world.standin.state.faults.clear()
    world.runner.resume(failed.run.id, LEAD)
    done = world.finish(failed.run.id)
    assert done.run.state == "done"
    assert (world.hub_name(), world.zuora_name()) == (NEW, NEW)


def test_a_write_that_arrived_although_the_answer_was_lost_is_found_by_resume(world):
    plan = rename(world)
    world.fail("PUT /v1/accounts", "drop_after")
    failed = world.finish(world.runner.start(plan, LEAD))
    assert failed.run.state == "failed"
    assert "not known" in failed.run.error
    world.standin.state.faults.clear()
    world.runner.resume(failed.run.id, LEAD)
    done = world.finish(failed.run.id)
    assert done.run.state == "done"
    # It was this run that changed it, so it does not say that there was nothing to do.
    assert [step.state for step in done.steps] == ["done", "done"]
    assert (world.hub_name(), world.zuora_name()) == (NEW, NEW)


def test_zuora_down_when_planning_is_a_blocker_that_says_so(world):
    world.fail("GET /v1/accounts", "drop_before")
    plan = rename(world)
    assert "Zuora could not be read, so nothing was changed" in plan.blockers[0]


def test_abandon_needs_a_reason_and_frees_the_account(world):
    plan = rename(world)
    world.fail("PUT /v1/accounts", "success_false")
    run_id = world.runner.start(plan, LEAD)
    world.finish(run_id)
    with pytest.raises(NotResumable, match="Not abandoned"):
        world.runner.abandon(run_id, LEAD, "  ")
    world.runner.abandon(run_id, LEAD, "customer changed their mind")
    ended = world.runner.progress(run_id)
    assert (ended.run.state, ended.abandoned_by) == ("abandoned", LEAD.email)
    assert [step.state for step in ended.steps] == ["failed", "not done"]
    assert world.runner.open_run("1001") is None
    with pytest.raises(NotResumable, match="abandoned"):
        world.runner.resume(run_id, LEAD)


def test_a_third_name_in_zuora_during_the_run_is_not_overwritten(world):
    plan = rename(world)
    world.fail("PUT /v1/accounts", "success_false")
    run_id = world.runner.start(plan, LEAD)
    world.finish(run_id)
    world.standin.state.faults.clear()
    world.services.zuora.rename_account(zuora_id("1001"), "Third", track="test")
    world.catch_up()
    world.runner.resume(run_id, LEAD)
    failed = world.finish(run_id)
    assert failed.run.state == "failed"
    assert "to “Third”" in failed.run.error
    assert (world.hub_name(), world.zuora_name()) == ("Wattle Plumbing", "Third")


def test_every_event_of_a_run_is_in_the_chain(world):
    run_id = world.finish(world.runner.start(rename(world), LEAD)).run.id
    with world.services.engine.connect() as connection:
        told = [(event.phase, event.step) for event in audit.events_of_run(connection, run_id)]
        assert audit.verify_chain(connection) is None
    assert told == [
        ("started", None),
        ("begin", "zuora"),
        ("ok", "zuora"),
        ("begin", "hub"),
        ("ok", "hub"),
        ("done", None),
    ]
