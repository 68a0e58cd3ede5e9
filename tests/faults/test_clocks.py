"""The clock is set back by an hour, then a server is killed: its run goes on without delay."""

import pytest
from sqlalchemy import update

from lib.store.engine import writing
from lib.store.schema import action_run, executor
from tests.actions.conftest import fill, wait_for
from tests.faults.kill.process import carry_on, hang
from tests.faults.kill.test_kill import forked, only_run, settings  # noqa: F401 - the settings of a server

HOUR = 3600.0
CASES = [
    ("sqlite", "written"),
    ("sqlite", "sent"),
    pytest.param("postgresql", "sent", marks=pytest.mark.postgres),
]


@pytest.mark.parametrize(("database_url", "point"), CASES, indirect=["database_url"])
def test_set_back_and_then_a_kill(engine, settings, standin, point):  # noqa: F811
    """No hour of waiting, whether the step engine has the run or never got it."""
    fill(engine, standin)
    with forked(hang, settings, point) as pipe:
        assert pipe.poll(40), f"it did not come to {point}"
        pipe.recv()
    # The times in the database are now an hour in the future.
    with writing(engine) as connection:
        connection.execute(update(executor).values(beat=executor.c.beat + HOUR))
        connection.execute(update(action_run).values(touched=action_run.c.touched + HOUR))
    with forked(carry_on, settings):
        wait_for(lambda: only_run(engine).state, lambda state: state != "running")
    assert (only_run(engine).state, only_run(engine).error) == ("done", None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_sqlite_a_killed_one_is_seen_at_once(engine, settings, standin):  # noqa: F811
    """The lock decides, not the time since the last heartbeat."""
    fill(engine, standin)
    with forked(hang, settings, "sent") as pipe:
        assert pipe.poll(40)
    with forked(carry_on, settings | {"executor_dead_seconds": 3600}):
        wait_for(lambda: only_run(engine).state, lambda state: state == "done")
