"""A process that ends, or does not get as far as to begin: others see it live for exactly as long as it is at work."""

import pytest
from sqlalchemy.exc import OperationalError

from lib.actions.engine.durable import step_engine
from lib.actions.engine.runner import Runner
from lib.store import runs
from lib.store.presence import is_known, is_present
from tests.actions.conftest import LEAD, wait_for


def beat_of(world, runner):
    with world.services.engine.connect() as connection:
        return runs.beats(connection).get(runner.executor_id)


def lives(world, runner):
    """What others see."""
    engine = world.services.engine
    return is_present(engine, runner.executor_id) if is_known(engine) else beat_of(world, runner) is not None


def start_slowly(world):
    """A run that is in its first step for a second."""
    world.fail("PUT /v1/accounts", "latency", seconds=1, times=1)
    plan = world.runner.plan("rename", "1001", {"name": "Wattle New", "base": "Wattle Plumbing"}, LEAD)
    run_id = world.runner.start(plan, LEAD)
    wait_for(lambda: world.runner.progress(run_id).steps[0].state, lambda state: state == "running")
    return run_id


def test_a_process_that_ends_lives_until_its_step_has_ended(world, monkeypatch):
    run_id = start_slowly(world)
    seen, real = [], step_engine.stop

    def stop():
        seen.append((step_engine.has_thread(run_id), lives(world, world.runner)))
        real()
        seen.append((step_engine.has_thread(run_id), lives(world, world.runner)))

    monkeypatch.setattr(step_engine, "stop", stop)
    world.runner.close()
    assert seen == [(True, True), (False, True)]
    assert not lives(world, world.runner)


def test_a_step_that_outlives_the_wait_keeps_its_process_alive(world, monkeypatch):
    monkeypatch.setattr(step_engine, "STOP_SECONDS", 0)
    run_id = start_slowly(world)
    world.runner.close()
    assert step_engine.has_thread(run_id)
    assert lives(world, world.runner)
    before = beat_of(world, world.runner)
    wait_for(lambda: beat_of(world, world.runner), lambda beat: beat not in (before, None))
    wait_for(step_engine.is_at_work, lambda busy: not busy)
    world.runner.close()
    assert not lives(world, world.runner)
    assert beat_of(world, world.runner) is None


def test_a_launch_that_failed_leaves_nothing_to_the_next_one(world, monkeypatch):
    world.runner.close()

    def refused(*_given, **_more):
        monkeypatch.undo()
        raise OperationalError("insert", {}, Exception("full"))

    monkeypatch.setattr(step_engine.DBOS, "register_queue", refused)
    first, second = Runner(world.services), Runner(world.services)
    with pytest.raises(OperationalError):
        first.open()
    assert not lives(world, first)
    assert beat_of(world, first) is None
    world.runner = second
    second.open()
    try:
        run_id = start_slowly(world)
        assert world.finish(run_id).run.state == "done"
        assert step_engine.look_up([run_id])[run_id].executor == second.executor_id
    finally:
        second.close()
