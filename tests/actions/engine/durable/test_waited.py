"""A run that waited for its database in vain: whoever resumes it when the database is back sees it go on."""

import pytest
from sqlalchemy import event

from lib.actions.engine.durable import records, step_engine, workflow
from tests.actions.conftest import LEAD, wait_for


def only_read(connection, *_record):
    connection.execute("PRAGMA query_only = ON")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_first_resume_is_enough_when_only_the_hub_was_away(toys):
    object.__setattr__(toys.services.settings, "database_patience_minutes", 0.01)
    toys.reopen()
    run_id = toys.start_slowly(0.5)
    pool = toys.services.engine.pool
    for moment in ("connect", "checkout"):
        event.listen(pool, moment, only_read)
    try:
        wait_for(lambda: records.look_up([run_id])[run_id].status, lambda status: status == "ERROR")
    finally:
        for moment in ("connect", "checkout"):
            event.remove(pool, moment, only_read)
        toys.services.engine.dispose()
    assert not workflow.spent
    assert toys.finish(run_id).run.state == "failed"
    toys.runner.resume(run_id, LEAD)
    done = toys.finish(run_id)
    assert (done.run.state, done.run.error) == ("done", None)


@pytest.mark.sqlite_only
def test_what_a_thread_left_behind_is_nothing_to_a_resume(toys):
    """The thread here ended with its database away, and somebody else carried the run to its failure."""
    toys.toy.fail()
    run_id = toys.start()
    assert toys.finish(run_id).run.state == "failed"
    workflow.spent.add(run_id)
    toys.runner.resume(run_id, LEAD)
    assert toys.finish(run_id).run.state == "done"


@pytest.mark.sqlite_only
def test_a_round_forgets_the_waits_of_runs_that_moved_elsewhere_or_ended(toys):
    toys.runner._sweeper.stop()
    run_id = toys.start_slowly()
    workflow.spent.update((run_id, "ended"))
    toys.runner._sweeper.sweep()
    assert workflow.spent == {run_id}
    step_engine.forget_waits(set())
    assert toys.finish(run_id).run.state == "done"
