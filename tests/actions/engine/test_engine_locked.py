"""While the step engine is told to go on with a run, which takes long when its file is locked, others may write."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from lib.actions.engine.durable import step_engine
from lib.actions.engine.sweeper import Sweeper
from tests.actions.conftest import LEAD, wait_for

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def told(world, monkeypatch):
    """What the engine was told; while it is told, somebody writes to the Hub, who waits for short writes alone."""
    # From here on the rounds are the test's own, and take nothing for something that may still come.
    world.runner._sweeper.rest()
    object.__setattr__(world.services.settings, "executor_dead_seconds", 0.001)
    seen = []

    def watch(verb):
        real = getattr(step_engine, verb)

        def tell(run_id):
            seen.append(verb)
            with closing(sqlite3.connect(world.services.engine.url.database, timeout=3)) as connection:
                connection.execute("BEGIN IMMEDIATE")
            # Nor does another process, that looks after the runs at this moment, tell it as well.
            Sweeper(world.services, "a third process").sweep()
            real(run_id)

        monkeypatch.setattr(step_engine, verb, tell)

    watch("take_over")
    watch("rewind")
    return seen


def start(world, **fault):
    world.fail("PUT /v1/accounts", times=1, **fault)
    plan = world.runner.plan("rename", "1001", {"name": "Wattle New", "base": "Wattle Plumbing"}, LEAD)
    run_id = world.runner.start(plan, LEAD)
    wait_for(lambda: world.runner.progress(run_id).steps[0].state, lambda state: state in ("running", "failed"))
    return run_id


def belong_to(executor):
    record = step_engine._engine()._sys_db
    with record.engine.begin() as connection:
        connection.execute(update(record.tables.workflow_status).values(executor_id=executor))


def test_of_a_dead_process(world, told):
    run_id = start(world, kind="latency", seconds=1)
    belong_to("a dead process")
    Sweeper(world.services, "another process").sweep()
    assert told == ["take_over"]
    assert world.finish(run_id).run.state == "done"


def test_that_lost_its_thread(world, told, monkeypatch):
    run_id = start(world, kind="latency", seconds=1)
    with monkeypatch.context() as patch:
        patch.setattr(step_engine, "has_thread", lambda _run_id: False)
        while not told:
            world.runner._sweeper.sweep()
    assert told == ["take_over"]
    assert world.finish(run_id).run.state == "done"


def test_whose_resume_it_did_not_hear_of(world, told, monkeypatch):
    run_id = start(world, kind="success_false")
    assert world.finish(run_id).run.state == "failed"
    wait_for(lambda: step_engine.look_up([run_id])[run_id].status, lambda status: status == "ERROR")

    def away(_run_id):
        raise OperationalError("update", {}, Exception("locked"))

    with monkeypatch.context() as patch:
        patch.setattr(step_engine, "rewind", away)
        world.runner.resume(run_id, LEAD)
    while not told:
        world.runner._sweeper.sweep()
    assert told == ["rewind"]
    assert world.finish(run_id).run.state == "done"
