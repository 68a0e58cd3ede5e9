import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lib.actions.engine.durable import records
from lib.actions.engine.durable.sweeper import Sweeper
from lib.actions.engine.errors import AccountBusy, NotAllowed, NotResumable, PlanExpired, WrongConfirmation
from lib.domain.permissions import Role
from lib.store import audit
from lib.store.schema import action_run
from tests.actions.conftest import LEAD, OTHER, VIEWER, wait_for
from tests.actions.engine.toy import NEW
from tests.people import let_in, somebody


def count_runs(toys):
    with toys.services.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(action_run)).scalar_one()


def refusals(toys):
    with toys.services.engine.connect() as connection:
        return [
            (event.actor, event.details["why"])
            for event in audit.events_of_account(connection, "1001")
            if event.phase == "refused"
        ]


def test_a_double_click_is_one_run(toys):
    plan = toys.plan()
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: toys.runner.start(plan, LEAD), range(8)))
    assert ids == {plan.id}
    assert toys.finish(plan.id).run.state == "done"
    assert toys.runner.start(plan, LEAD) == plan.id
    assert count_runs(toys) == 1


def test_while_a_run_is_open_the_next_person_reads_who_and_since_when(toys):
    first, second = toys.plan(), toys.plan("other", OTHER)
    toys.toy.slow()
    run_id = toys.runner.start(first, LEAD)
    with pytest.raises(AccountBusy) as busy:
        toys.runner.start(second, OTHER)
    assert "Lee Lead has a running action on this account since" in str(busy.value)
    assert run_id in str(busy.value)
    assert toys.runner.open_run("1001").id == run_id
    assert toys.finish(run_id).run.state == "done"
    assert refusals(toys) == [(OTHER.email, "AccountBusy")]


def test_a_failed_run_holds_the_account_until_somebody_decides(toys):
    toys.toy.fail()
    first, second = toys.plan(), toys.plan("other", OTHER)
    failed = toys.finish(toys.runner.start(first, LEAD))
    assert failed.run.state == "failed"
    with pytest.raises(AccountBusy, match="unfinished"):
        toys.runner.start(second, OTHER)


def test_resume_right_after_the_failure_works_and_twice_is_refused(toys):
    toys.toy.fail()
    run_id = toys.runner.start(toys.plan(), LEAD)
    toys.finish(run_id)
    toys.runner.resume(run_id, OTHER)
    with pytest.raises(NotResumable):
        toys.runner.resume(run_id, LEAD)
    assert toys.finish(run_id).run.state == "done"


def test_without_the_permission_nothing_is_planned_or_started_and_the_try_is_recorded(toys):
    with pytest.raises(NotAllowed, match="account:rename"):
        toys.plan(actor=VIEWER)
    plan = toys.plan().model_copy(update={"made_by": VIEWER.email})
    with pytest.raises(NotAllowed):
        toys.runner.start(plan, VIEWER)
    assert count_runs(toys) == 0
    assert refusals(toys) == [(VIEWER.email, "NotAllowed")] * 2


def test_an_account_admin_changes_nothing_not_even_on_the_own_account(toys):
    customer = somebody("c@example.com", "C", Role.ACCOUNT_ADMIN, account="1001")
    let_in(toys.services.engine, customer)
    with pytest.raises(NotAllowed):
        toys.plan(actor=customer)


def test_somebody_elses_plan_cannot_be_started(toys):
    with pytest.raises(NotAllowed, match="somebody else"):
        toys.runner.start(toys.plan(), OTHER)


def test_an_old_plan_is_refused(toys):
    plan = toys.plan()
    old = plan.model_copy(update={"expires_at": plan.made_at - timedelta(seconds=1)})
    with pytest.raises(PlanExpired, match="too old"):
        toys.runner.start(old, LEAD)
    assert count_runs(toys) == 0


def test_a_hard_action_needs_the_account_number_typed(toys):
    plan = toys.plan(kind="hard_toy")
    for typed in (None, "", "1002", "10 01", "l001"):
        with pytest.raises(WrongConfirmation, match="Type 1001"):
            toys.runner.start(plan, LEAD, confirmation(typed))
    assert toys.finish(toys.runner.start(plan, LEAD, confirmation(" 1001\u200b"))).run.state == "done"


def confirmation(typed):
    from lib.actions.engine.plan import Confirmation

    return Confirmation(typed=typed)


def test_an_error_of_our_own_in_a_step_is_a_sentence_without_the_exceptions_text(toys):
    toys.toy.fail("second", RuntimeError("secret detail"))
    failed = toys.finish(toys.runner.start(toys.plan(), LEAD))
    assert failed.run.state == "failed"
    assert "RuntimeError" in failed.run.error
    assert "secret detail" not in failed.run.error
    assert [step.state for step in failed.steps] == ["done", "failed"]
    toys.runner.resume(failed.run.id, LEAD)
    done = toys.finish(failed.run.id)
    assert [step.state for step in done.steps] == ["done", "done"]
    assert set(toys.toy.values.values()) == {NEW}


def test_a_receipt_of_a_run_that_never_was(toys):
    with pytest.raises(KeyError):
        toys.runner.receipt("rename-1001-nothing")


def test_a_runner_opens_where_an_event_loop_runs(toys):
    async def reopen():
        toys.reopen()

    asyncio.run(reopen())
    assert toys.finish(toys.runner.start(toys.plan(), LEAD)).run.state == "done"


def test_a_run_that_somebody_else_took_over_meanwhile_is_not_taken_over_again(toys, monkeypatch):
    """Two processes see that a third one is dead; the second one comes to it when the first one is at work already."""
    run_id = toys.start_slowly()
    real = records.look_up
    seen = [{run_id: records.Work("PENDING", "a dead process")}]
    monkeypatch.setattr(records, "look_up", lambda ids: seen.pop() if seen else real(ids))
    Sweeper(toys.services, "another process").sweep()
    assert seen == []
    assert toys.finish(run_id).run.state == "done"
    with toys.services.engine.connect() as connection:
        begun = [event.step for event in audit.events_of_run(connection, run_id) if event.phase == "begin"]
    assert begun == ["first", "second"]
    wait_for(lambda: real([run_id])[run_id].status, lambda status: status == "SUCCESS")
