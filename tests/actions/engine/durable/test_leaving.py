"""A process that ends, or does not get as far as to begin: others see it live for exactly as long as it is at work."""

import pytest
from sqlalchemy.exc import OperationalError

from lib.actions.engine.durable import records, step_engine, workflow
from lib.actions.engine.runner import Runner
from lib.store import runs
from lib.store.presence import is_known, is_present
from tests.actions.conftest import wait_for


def beat_of(toys, runner):
    with toys.services.engine.connect() as connection:
        return runs.beats(connection).get(runner.executor_id)


def lives(toys, runner):
    """What others see."""
    engine = toys.services.engine
    return is_present(engine, runner.executor_id) if is_known(engine) else beat_of(toys, runner) is not None


def test_a_process_that_ends_lives_until_its_step_has_ended(toys, monkeypatch):
    run_id = toys.start_slowly()
    seen, real = [], step_engine.stop

    def stop():
        seen.append((workflow.has_thread(run_id), lives(toys, toys.runner)))
        real()
        seen.append((workflow.has_thread(run_id), lives(toys, toys.runner)))

    monkeypatch.setattr(step_engine, "stop", stop)
    toys.runner.close()
    assert seen == [(True, True), (False, True)]
    assert not lives(toys, toys.runner)


def test_a_step_that_outlives_the_wait_keeps_its_process_alive(toys, monkeypatch):
    monkeypatch.setattr(step_engine, "STOP_SECONDS", 0)
    run_id = toys.start_slowly()
    toys.runner.close()
    assert workflow.has_thread(run_id)
    assert lives(toys, toys.runner)
    before = beat_of(toys, toys.runner)
    wait_for(lambda: beat_of(toys, toys.runner), lambda beat: beat not in (before, None))
    wait_for(step_engine.is_at_work, lambda busy: not busy)
    toys.runner.close()
    assert not lives(toys, toys.runner)
    assert beat_of(toys, toys.runner) is None


def test_a_launch_that_failed_leaves_nothing_to_the_next_one(toys, monkeypatch):
    toys.runner.close()

    def refused(*_given, **_more):
        monkeypatch.undo()
        raise OperationalError("insert", {}, Exception("full"))

    monkeypatch.setattr(step_engine.DBOS, "register_queue", refused)
    first, second = Runner(toys.services, toys.runner.actions), Runner(toys.services, toys.runner.actions)
    with pytest.raises(OperationalError):
        first.open()
    assert not lives(toys, first)
    assert beat_of(toys, first) is None
    toys.runner = second
    second.open()
    try:
        run_id = toys.start_slowly()
        assert toys.finish(run_id).run.state == "done"
        assert records.look_up([run_id])[run_id].executor == second.executor_id
    finally:
        second.close()
