"""Clocks that are set by an hour, either way: the living keep their runs, and an old plan stays old."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from lib.actions.engine.durable.sweeper import Sweeper
from lib.actions.engine.errors import PlanExpired
from lib.store import audit, runs
from lib.store.engine import writing
from lib.store.schema import executor
from tests.actions.conftest import LEAD, wait_for

HOUR = 3600.0


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["set forward", "set back"])
def test_who_beats_keeps_its_run_and_who_stops_loses_it(toys, jump):
    """Seen by another process, whose clock is the same one; the one that has the run is in its step all the while."""
    engine, runner = toys.services.engine, toys.runner
    run_id = toys.start_slowly(1.9)
    # From here on its beats are written below.
    runner._sweeper.stop()
    observer = Sweeper(toys.services, "another process")

    def beat(count):
        with writing(engine) as connection:
            now = time.time() - jump + count * 0.1
            connection.execute(update(executor).where(executor.c.id == runner.executor_id).values(beat=now))

    # A tenth of a second is no time for a beat: what counts is that each is another one.
    beats = 0
    while runner.progress(run_id).steps[0].state == "running":
        beat(beats)
        beats += 1
        observer.sweep()
        time.sleep(0.05)
    assert beats > 10
    assert toys.finish(run_id).run.state == "done"
    with engine.connect() as connection:
        begun = [event.step for event in audit.events_of_run(connection, run_id) if event.phase == "begin"]
        assert runner.executor_id in runs.beats(connection)
    assert begun == ["first", "second"]

    def forgotten():
        observer.sweep()
        with engine.connect() as connection:
            return runner.executor_id not in runs.beats(connection)

    wait_for(forgotten, bool, 10)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_beat_is_another_one_also_on_a_clock_that_stands(engine, monkeypatch):
    monkeypatch.setattr("lib.store.runs.database_now", lambda _connection: 1_000.0)
    seen = []
    for _ in range(3):
        with writing(engine) as connection:
            runs.beat(connection, "one")
            seen.append(runs.beats(connection)["one"])
    assert seen[0] != seen[1] != seen[2]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_plan_from_before_the_clock_was_set_back_is_too_old(toys):
    plan = toys.plan()
    ahead = timedelta(seconds=HOUR)
    later = plan.model_copy(update={"made_at": plan.made_at + ahead, "expires_at": plan.expires_at + ahead})
    with pytest.raises(PlanExpired):
        toys.runner.start(later, LEAD)
