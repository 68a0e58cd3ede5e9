"""The clock is set back by an hour, then a server is killed: its run goes on as soon as ever."""

import pytest
from sqlalchemy import update

from lib.store.engine import writing
from lib.store.schema import action_run, executor
from tests.actions.conftest import fill, wait_for
from tests.faults.process import carry_on, hang
from tests.faults.test_kill import forked, only_run, settings  # noqa: F401 - the settings of a server

HOUR = 3600.0
CASES = [
    ("sqlite", "written"),
    ("sqlite", "sent"),
    pytest.param("postgresql", "sent", marks=pytest.mark.postgres),
]


@pytest.mark.parametrize(("database_url", "point"), CASES, indirect=["database_url"])
def test_set_back_and_then_a_kill(engine, settings, standin, point):  # noqa: F811
    """Nobody waits for the hour to pass, whether the engine has the run or never got it."""
    fill(engine, standin)
    with forked(hang, settings, point) as told:
        assert told.poll(40), f"it did not come to {point}"
        told.recv()
    # What is in the database was written an hour from now.
    with writing(engine) as connection:
        connection.execute(update(executor).values(beat=executor.c.beat + HOUR))
        connection.execute(update(action_run).values(touched=action_run.c.touched + HOUR))
    with forked(carry_on, settings):
        wait_for(lambda: only_run(engine).state, lambda state: state != "running")
    assert (only_run(engine).state, only_run(engine).error) == ("done", None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_sqlite_a_killed_one_is_seen_at_once(engine, settings, standin):  # noqa: F811
    """The lock decides, not how long anybody has been silent."""
    fill(engine, standin)
    with forked(hang, settings, "sent") as told:
        assert told.poll(40)
    with forked(carry_on, settings | {"executor_dead_seconds": 3600}):
        wait_for(lambda: only_run(engine).state, lambda state: state == "done")
