"""The step engine takes long to continue a run when its file is locked. Others may write meanwhile."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from lib.actions.engine.durable import records, step_engine, workflow
from lib.actions.engine.durable.sweeper import Sweeper
from tests.actions.conftest import LEAD, wait_for

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def told(toys, monkeypatch):
    """What the engine was asked to do. Each time, somebody writes to the Hub and waits for short writes only."""
    # From here on the rounds are the test's own, and take nothing for something that may still come.
    toys.runner._sweeper.rest()
    object.__setattr__(toys.services.settings, "executor_dead_seconds", 0.001)
    seen = []

    def watch(verb):
        real = getattr(step_engine, verb)

        def tell(run_id):
            seen.append(verb)
            with closing(sqlite3.connect(toys.services.engine.url.database, timeout=3)) as connection:
                connection.execute("BEGIN IMMEDIATE")
            # Nor does another process, that looks after the runs at this moment, tell it as well.
            Sweeper(toys.services, "a third process").sweep()
            real(run_id)

        monkeypatch.setattr(step_engine, verb, tell)

    watch("take_over")
    watch("rewind")
    return seen


def belong_to(executor):
    record = records.instance()._sys_db
    with record.engine.begin() as connection:
        connection.execute(update(record.tables.workflow_status).values(executor_id=executor))


def test_of_a_dead_process(toys, told):
    run_id = toys.start_slowly()
    belong_to("a dead process")
    Sweeper(toys.services, "another process").sweep()
    assert told == ["take_over"]
    assert toys.finish(run_id).run.state == "done"


def test_that_lost_its_thread(toys, told, monkeypatch):
    run_id = toys.start_slowly()
    with monkeypatch.context() as patch:
        patch.setattr(workflow, "has_thread", lambda _run_id: False)
        while not told:
            toys.runner._sweeper.sweep()
    assert told == ["take_over"]
    assert toys.finish(run_id).run.state == "done"


def test_whose_resume_it_did_not_hear_of(toys, told, monkeypatch):
    toys.toy.fail()
    run_id = toys.start()
    assert toys.finish(run_id).run.state == "failed"
    wait_for(lambda: records.look_up([run_id])[run_id].status, lambda status: status == "ERROR")

    def away(_run_id):
        raise OperationalError("update", {}, Exception("locked"))

    with monkeypatch.context() as patch:
        patch.setattr(step_engine, "rewind", away)
        toys.runner.resume(run_id, LEAD)
    while not told:
        toys.runner._sweeper.sweep()
    assert told == ["rewind"]
    assert toys.finish(run_id).run.state == "done"
