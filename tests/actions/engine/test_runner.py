import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lib.actions.catalogue import ACTIONS
from lib.actions.engine.durable import step_engine
from lib.actions.engine.errors import AccountBusy, NotAllowed, NotResumable, PlanExpired, WrongConfirmation
from lib.actions.engine.plan import Weight
from lib.actions.engine.sweeper import Sweeper
from lib.domain.permissions import Role
from lib.store import audit
from lib.store.schema import action_run
from tests.actions.conftest import LEAD, OTHER, VIEWER, wait_for
from tests.people import let_in, somebody


def rename(world, name="Wattle New", actor=LEAD):
    return world.runner.plan("rename", "1001", {"name": name, "base": "Wattle Plumbing"}, actor)


def count_runs(world):
    with world.services.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(action_run)).scalar_one()


def refusals(world):
    with world.services.engine.connect() as connection:
        return [
            (event.actor, event.details["why"])
            for event in audit.events_of_account(connection, "1001")
            if event.phase == "refused"
        ]


def test_a_double_click_is_one_run(world):
    plan = rename(world)
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: world.runner.start(plan, LEAD), range(8)))
    assert ids == {plan.id}
    assert world.finish(plan.id).run.state == "done"
    assert world.runner.start(plan, LEAD) == plan.id
    assert count_runs(world) == 1


def test_while_a_run_is_open_the_next_person_reads_who_and_since_when(world):
    first, second = rename(world), rename(world, "Other", OTHER)
    world.fail("PUT /v1/accounts", "latency", seconds=1)
    run_id = world.runner.start(first, LEAD)
    with pytest.raises(AccountBusy) as busy:
        world.runner.start(second, OTHER)
    assert "Lee Lead is at work on this account since" in str(busy.value)
    assert run_id in str(busy.value)
    assert world.runner.open_run("1001").id == run_id
    assert world.finish(run_id).run.state == "done"
    assert refusals(world) == [(OTHER.email, "AccountBusy")]


def test_a_failed_run_holds_the_account_until_somebody_decides(world):
    world.fail("PUT /v1/accounts", "success_false")
    first, second = rename(world), rename(world, "Other", OTHER)
    failed = world.finish(world.runner.start(first, LEAD))
    assert failed.run.state == "failed"
    with pytest.raises(AccountBusy, match="unfinished"):
        world.runner.start(second, OTHER)


def test_resume_right_after_the_failure_works_and_twice_is_refused(world):
    world.fail("PUT /v1/accounts", "success_false", times=1)
    run_id = world.runner.start(rename(world), LEAD)
    world.finish(run_id)
    world.runner.resume(run_id, OTHER)
    with pytest.raises(NotResumable):
        world.runner.resume(run_id, LEAD)
    assert world.finish(run_id).run.state == "done"


def test_without_the_permission_nothing_is_planned_or_started_and_the_try_is_recorded(world):
    with pytest.raises(NotAllowed, match="account:rename"):
        rename(world, actor=VIEWER)
    plan = rename(world).model_copy(update={"made_by": VIEWER.email})
    with pytest.raises(NotAllowed):
        world.runner.start(plan, VIEWER)
    assert count_runs(world) == 0
    assert refusals(world) == [(VIEWER.email, "NotAllowed")] * 2


def test_an_account_admin_changes_nothing_not_even_on_the_own_account(world):
    customer = somebody("c@example.com", "C", Role.ACCOUNT_ADMIN, account="1001")
    let_in(world.services.engine, customer)
    with pytest.raises(NotAllowed):
        rename(world, actor=customer)


def test_somebody_elses_plan_cannot_be_started(world):
    with pytest.raises(NotAllowed, match="somebody else"):
        world.runner.start(rename(world), OTHER)


def test_an_old_plan_is_refused(world):
    plan = rename(world)
    old = plan.model_copy(update={"expires_at": plan.made_at - timedelta(seconds=1)})
    with pytest.raises(PlanExpired, match="too old"):
        world.runner.start(old, LEAD)
    assert count_runs(world) == 0


def test_a_heavy_action_needs_the_account_number_typed(world, monkeypatch):
    monkeypatch.setattr(type(ACTIONS["rename"]), "weight", Weight.HARD)
    plan = rename(world)
    for typed in (None, "", "1002", "10 01", "l001"):
        with pytest.raises(WrongConfirmation, match="Type 1001"):
            world.runner.start(plan, LEAD, confirmation(typed))
    assert world.finish(world.runner.start(plan, LEAD, confirmation(" 1001\u200b"))).run.state == "done"


def confirmation(typed):
    from lib.actions.engine.plan import Confirmation

    return Confirmation(typed=typed)


def test_an_error_of_our_own_in_a_step_is_a_sentence_without_the_exceptions_text(world, monkeypatch):
    def broken(*_given, **_more):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("lib.store.accounts.rename_account", broken)
    failed = world.finish(world.runner.start(rename(world), LEAD))
    assert failed.run.state == "failed"
    assert "RuntimeError" in failed.run.error
    assert "secret detail" not in failed.run.error
    assert [step.state for step in failed.steps] == ["done", "failed"]
    monkeypatch.undo()
    world.runner.resume(failed.run.id, LEAD)
    done = world.finish(failed.run.id)
    assert [step.state for step in done.steps] == ["done", "done"]
    assert world.hub_name() == world.zuora_name() == "Wattle New"


def test_a_receipt_of_a_run_that_never_was(world):
    with pytest.raises(KeyError):
        world.runner.receipt("rename-1001-nothing")


def test_a_runner_opens_where_an_event_loop_runs(world):
    async def reopen():
        world.runner.close()
        world.runner.open()

    asyncio.run(reopen())
    assert world.finish(world.runner.start(rename(world), LEAD)).run.state == "done"


def test_a_run_that_somebody_else_took_over_meanwhile_is_not_taken_over_again(world, monkeypatch):
    """Two processes see that a third one is dead; the second one comes to it when the first one is at work already."""
    world.fail("PUT /v1/accounts", "latency", seconds=1, times=1)
    run_id = world.runner.start(rename(world), LEAD)
    wait_for(lambda: world.runner.progress(run_id).steps[0].state, lambda state: state == "running")
    real = step_engine.look_up
    seen = [{run_id: step_engine.Work("PENDING", "a dead process")}]
    monkeypatch.setattr(step_engine, "look_up", lambda ids: seen.pop() if seen else real(ids))
    Sweeper(world.services, "another process").sweep()
    assert seen == []
    assert world.finish(run_id).run.state == "done"
    with world.services.engine.connect() as connection:
        begun = [event.step for event in audit.events_of_run(connection, run_id) if event.phase == "begin"]
    assert begun == ["zuora", "hub"]
    wait_for(lambda: real([run_id])[run_id].status, lambda status: status == "SUCCESS")
