"""A run that another process took over while its thread here waited for a database: the thread here ends."""

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from lib.actions.engine.durable import records, workflow
from lib.actions.engine.durable.stepping import Stepper
from lib.store import runs
from tests.actions.conftest import wait_for


@pytest.fixture
def tries(toys, monkeypatch):
    """The tries at a step in this process; the first meets a database that is away, and `change` in the record."""
    toys.runner._sweeper.stop()
    seen, change, real = [], {}, Stepper.run_step

    def run_step(self, run_id, step):
        seen.append(step)
        if len(seen) == 1:
            change_record(run_id, **change)
            raise OperationalError("update", {}, Exception("gone"))
        return real(self, run_id, step)

    monkeypatch.setattr(Stepper, "run_step", run_step)
    return seen, change


def change_record(run_id, **values):
    record = records.instance()._sys_db
    table = record.tables.workflow_status
    with record.engine.begin() as connection:
        connection.execute(update(table).where(table.c.workflow_uuid == run_id).values(workflow_uuid=run_id, **values))


@pytest.mark.parametrize(
    "values", [{"executor_id": "another"}, {"started_at_epoch_ms": 1}, {"status": "ENQUEUED", "queue_name": "nobody's"}]
)
def test_it_is_not_tried_again_here(toys, tries, values):
    seen, change = tries
    change |= values
    run_id = toys.start()
    wait_for(lambda: seen and not workflow.has_thread(run_id), bool)
    assert seen == ["first"]
    with toys.services.engine.connect() as connection:
        assert runs.get_run(connection, run_id).state == "running"
    assert records.look_up([run_id])[run_id].status == values.get("status", "PENDING")
    assert "second" not in toys.toy.did


def test_its_own_run_is_tried_again(toys, tries):
    seen, _ = tries
    assert toys.finish(toys.start()).run.state == "done"
    assert seen == ["first", "first", "second"]


def test_what_waits_within_a_step_asks_as_well(toys, monkeypatch):
    """The end of a step waits for the database alone; after that wait its run may be somebody else's."""
    toys.runner._sweeper.stop()
    tried, real = [], Stepper._end_well

    def end_well(self, run, step, report):
        tried.append(step)
        if len(tried) == 1:
            change_record(run.id, executor_id="another")
            raise OperationalError("update", {}, Exception("gone"))
        return real(self, run, step, report)

    monkeypatch.setattr(Stepper, "_end_well", end_well)
    run_id = toys.start()
    wait_for(lambda: tried and not workflow.has_thread(run_id), bool)
    assert tried == ["first"]
    assert "second" not in toys.toy.did
