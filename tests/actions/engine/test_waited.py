"""A run that waited for its database in vain: whoever resumes it when the database is back sees it go on."""

import pytest
from sqlalchemy import event

from lib.actions.engine.durable import step_engine
from tests.actions.conftest import LEAD, wait_for


def plan(world):
    return world.runner.plan("rename", "1001", {"name": "Wattle New", "base": "Wattle Plumbing"}, LEAD)


def only_read(connection, *_record):
    connection.execute("PRAGMA query_only = ON")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_first_resume_is_enough_when_only_the_hub_was_away(world):
    world.runner.close()
    object.__setattr__(world.services.settings, "database_patience_minutes", 0.01)
    world.runner.open()
    world.fail("PUT /v1/accounts", "latency", seconds=0.5, times=1)
    run_id = world.runner.start(plan(world), LEAD)
    wait_for(lambda: world.runner.progress(run_id).steps[0].state, lambda state: state == "running")
    pool = world.services.engine.pool
    for moment in ("connect", "checkout"):
        event.listen(pool, moment, only_read)
    try:
        wait_for(lambda: step_engine.look_up([run_id])[run_id].status, lambda status: status == "ERROR")
    finally:
        for moment in ("connect", "checkout"):
            event.remove(pool, moment, only_read)
        world.services.engine.dispose()
    assert not step_engine._spent
    assert world.finish(run_id).run.state == "failed"
    world.runner.resume(run_id, LEAD)
    done = world.finish(run_id)
    assert (done.run.state, done.run.error) == ("done", None)


@pytest.mark.sqlite_only
def test_what_a_thread_left_behind_is_nothing_to_a_resume(world):
    """The thread here ended with its database away, and somebody else carried the run to its failure."""
    world.fail("PUT /v1/accounts", "success_false", times=1)
    run_id = world.runner.start(plan(world), LEAD)
    assert world.finish(run_id).run.state == "failed"
    step_engine._spent.add(run_id)
    world.runner.resume(run_id, LEAD)
    assert world.finish(run_id).run.state == "done"


@pytest.mark.sqlite_only
def test_a_round_forgets_the_waits_of_runs_that_moved_elsewhere_or_ended(world):
    world.runner._sweeper.stop()
    world.fail("PUT /v1/accounts", "latency", seconds=1, times=1)
    run_id = world.runner.start(plan(world), LEAD)
    wait_for(lambda: world.runner.progress(run_id).steps[0].state, lambda state: state == "running")
    step_engine._spent.update((run_id, "ended"))
    world.runner._sweeper.sweep()
    assert step_engine._spent == {run_id}
    step_engine.forget_waits(set())
    assert world.finish(run_id).run.state == "done"
