"""A run that another process took over while its thread here waited for a database: the thread here ends."""

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from lib.actions.engine.durable import step_engine
from lib.actions.engine.stepping import Stepper
from lib.store import runs
from tests.actions.conftest import LEAD, wait_for


@pytest.fixture
def tries(world, monkeypatch):
    """The tries at a step in this process; the first meets a database that is away, and `change` in the record."""
    world.runner._sweeper.stop()
    seen, change, real = [], {}, Stepper.run_step

    def run_step(self, run_id, step, job):
        seen.append(step)
        if len(seen) == 1:
            change_record(run_id, **change)
            raise OperationalError("update", {}, Exception("gone"))
        return real(self, run_id, step, job)

    monkeypatch.setattr(Stepper, "run_step", run_step)
    return seen, change


def start(world):
    plan = world.runner.plan("rename", "1001", {"name": "Wattle New", "base": "Wattle Plumbing"}, LEAD)
    return world.runner.start(plan, LEAD)


def change_record(run_id, **values):
    record = step_engine._engine()._sys_db
    table = record.tables.workflow_status
    with record.engine.begin() as connection:
        connection.execute(update(table).where(table.c.workflow_uuid == run_id).values(workflow_uuid=run_id, **values))


@pytest.mark.parametrize(
    "values", [{"executor_id": "another"}, {"started_at_epoch_ms": 1}, {"status": "ENQUEUED", "queue_name": "nobody's"}]
)
def test_it_is_not_tried_again_here(world, tries, values):
    seen, change = tries
    change |= values
    run_id = start(world)
    wait_for(lambda: seen and not step_engine.has_thread(run_id), bool)
    assert seen == ["zuora"]
    with world.services.engine.connect() as connection:
        assert runs.get_run(connection, run_id).state == "running"
    assert step_engine.look_up([run_id])[run_id].status == values.get("status", "PENDING")
    assert world.hub_name() == "Wattle Plumbing"


def test_its_own_run_is_tried_again(world, tries):
    seen, _ = tries
    assert world.finish(start(world)).run.state == "done"
    assert seen == ["zuora", "zuora", "hub"]


def test_what_waits_within_a_step_asks_as_well(world, monkeypatch):
    """The end of a step waits for the database alone; after that wait its run may be somebody else's."""
    world.runner._sweeper.stop()
    tried, real = [], Stepper._end_well

    def end_well(self, run_id, step, job, report):
        tried.append(step)
        if len(tried) == 1:
            change_record(run_id, executor_id="another")
            raise OperationalError("update", {}, Exception("gone"))
        return real(self, run_id, step, job, report)

    monkeypatch.setattr(Stepper, "_end_well", end_well)
    run_id = start(world)
    wait_for(lambda: tried and not step_engine.has_thread(run_id), bool)
    assert tried == ["zuora"]
    assert world.hub_name() == "Wattle Plumbing"
