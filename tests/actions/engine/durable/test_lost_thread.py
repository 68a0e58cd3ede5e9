"""A run whose thread ended in a living process: it is seen, taken on again, and nothing of it is done twice."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from lib.actions.engine.durable import records, step_engine, workflow
from lib.actions.engine.durable.run_threads import RunThreads
from lib.actions.engine.durable.stepping import Stepper
from lib.store import audit
from lib.store.schema import action_run
from tests.actions.conftest import LEAD, wait_for

RECORDS = ("operation_outputs", "workflow_status")
"""Where the step engine keeps what it knows."""
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def break_engine(toys):
    """Make the step engine's own writes fail, with an error that it does not try again, and mend that."""
    path = toys.services.settings.engine_database.removeprefix("sqlite:///")

    def rename(*pairs):
        connection = sqlite3.connect(path, timeout=30)
        for before, after in pairs:
            connection.execute(f"alter table {before} rename to {after}")
        connection.close()

    @contextmanager
    def broken(tables=RECORDS):
        rename(*((table, f"{table}_away") for table in tables))
        try:
            yield
        finally:
            rename(*((f"{table}_away", table) for table in tables))

    return broken


def begun(toys, run_id):
    with toys.services.engine.connect() as connection:
        return [event.step for event in audit.events_of_run(connection, run_id) if event.phase == "begin"]


def state(toys, run_id):
    with toys.services.engine.connect() as connection:
        return connection.execute(select(action_run.c.state).where(action_run.c.id == run_id)).scalar_one()


def check_done_once(toys, run_id):
    done = toys.finish(run_id)
    assert (done.run.state, done.run.error) == ("done", None)
    assert begun(toys, run_id) == toys.toy.did == ["first", "second"]
    wait_for(lambda: records.look_up([run_id])[run_id].status, lambda status: status == "SUCCESS")


@ON_SQLITE
def test_the_end_of_a_step_cannot_be_recorded(toys, break_engine):
    run_id = toys.start_slowly()
    with break_engine():
        wait_for(lambda: workflow.has_thread(run_id), lambda there: not there)
        assert state(toys, run_id) == "running"
    assert records.look_up([run_id])[run_id].status == "PENDING"
    check_done_once(toys, run_id)


@ON_SQLITE
def test_the_trouble_of_the_engine_is_not_the_outcome_of_the_run(toys, break_engine):
    """The one table is away and the other is not: the engine could write that the run has failed."""
    run_id = toys.start_slowly()
    with break_engine(RECORDS[:1]):
        wait_for(lambda: workflow.has_thread(run_id), lambda there: not there)
    check_done_once(toys, run_id)


@ON_SQLITE
def test_nor_is_it_when_a_step_waits_and_asks_whose_the_run_is(toys, break_engine, monkeypatch):
    broke = break_engine()

    def meet_both(*_given):
        broke.__enter__()
        monkeypatch.undo()
        raise OperationalError("update", {}, Exception("gone"))

    monkeypatch.setattr(Stepper, "run_step", meet_both)
    run_id = toys.start()
    wait_for(lambda: Stepper.run_step is not meet_both, bool)
    wait_for(lambda: workflow.has_thread(run_id), lambda there: not there)
    broke.__exit__(None, None, None)
    check_done_once(toys, run_id)


@ON_SQLITE
@pytest.mark.parametrize("last", ["finish", "fail"])
def test_the_engines_last_record_is_lost(toys, break_engine, monkeypatch, last):
    """The run is closed, or waits, and the engine believes it to be under way."""
    real, broke = getattr(Stepper, last), break_engine()

    def then_break(self, *given):
        real(self, *given)
        broke.__enter__()

    if last == "fail":
        toys.toy.fail()
    monkeypatch.setattr(Stepper, last, then_break)
    run_id = toys.start()
    assert toys.finish(run_id).run.state == {"finish": "done", "fail": "failed"}[last]
    wait_for(lambda: workflow.has_thread(run_id), lambda there: not there)
    monkeypatch.undo()
    broke.__exit__(None, None, None)
    assert records.look_up([run_id])[run_id].status == "PENDING"
    if last == "fail":
        toys.runner.resume(run_id, LEAD)
        assert toys.finish(run_id).run.state == "done"
        assert begun(toys, run_id) == ["first", "first", "second"]


@ON_SQLITE
def test_a_run_that_the_engine_could_not_take_is_started_all_the_same(toys, break_engine):
    asked = toys.plan()
    with break_engine():
        run_id = toys.runner.start(asked, LEAD)
        assert run_id == asked.id
    check_done_once(toys, run_id)


@ON_SQLITE
def test_a_resume_that_the_engine_did_not_hear_of_is_told_again(toys, break_engine):
    toys.toy.fail()
    run_id = toys.start()
    assert toys.finish(run_id).run.state == "failed"
    wait_for(lambda: records.look_up([run_id])[run_id].status, lambda status: status == "ERROR")
    with break_engine():
        toys.runner.resume(run_id, LEAD)
        assert state(toys, run_id) == "running"
    assert toys.finish(run_id).run.state == "done"
    assert begun(toys, run_id) == ["first", "first", "second"]


def test_a_run_that_was_claimed_and_never_begun(toys, monkeypatch):
    """The process took it from the queue and had no thread for it: no memory, no more threads."""
    met = threading.Event()

    def no_thread(*_given):
        met.set()
        monkeypatch.undo()
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("dbos._queue.execute_dequeued_workflow", no_thread)
    run_id = toys.start()
    assert met.wait(20)
    check_done_once(toys, run_id)


def queue_threads():
    return [one for one in threading.enumerate() if one.name == f"queue-worker-{step_engine.QUEUE}"]


@ON_SQLITE
def test_the_engines_threads_for_its_queue_have_ended(toys):
    wait_for(queue_threads, bool)
    for stop in records.instance().background_thread_stop_events:
        stop.set()
    wait_for(queue_threads, lambda living: not living)
    run_id = toys.start()
    check_done_once(toys, run_id)


@ON_POSTGRESQL
def test_a_database_that_takes_no_writes_for_a_while(toys, postgres_url):
    """As the one that is left behind by a failover: both the Hub's rows and the engine's record are in it."""
    name = toys.services.engine.url.database
    run_id = toys.start_slowly()

    def administer(read_only):
        with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"alter database {name} set default_transaction_read_only = {read_only}")
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()",
                [name],
            )

    administer("on")
    wait_for(lambda: toys.toy.did, bool)
    # The step waits for the database: its end is on record nowhere.
    assert state(toys, run_id) == "running"
    administer("off")
    check_done_once(toys, run_id)


def test_no_two_threads_move_one_run():
    threads = RunThreads()
    moving, most = [], []

    def move(run_id):
        with threads.moving(run_id):
            moving.append(run_id)
            most.append(moving.count(run_id))
            moving.remove(run_id)
            assert threads.has(run_id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(move, ["one", "two"] * 200))
    assert max(most) == 1
    assert not threads.any()
    assert not threads.has("one")


def test_the_second_thread_of_a_run_begins_when_the_first_has_ended():
    threads, told, go = RunThreads(), [], threading.Event()

    def move(name):
        with threads.moving("run"):
            told.append(f"{name} begins")
            go.wait(20)
            told.append(f"{name} ends")

    with ThreadPoolExecutor(2) as pool:
        pool.submit(move, "first")
        wait_for(lambda: told, bool)
        pool.submit(move, "second")
        go.set()
    assert told == ["first begins", "first ends", "second begins", "second ends"]


@ON_POSTGRESQL
def test_the_engine_notices_a_server_that_is_gone_as_soon_as_the_hub_does(toys):
    def seconds(engine):
        with engine.connect() as connection:
            told = connection.connection.driver_connection.info.get_parameters()
        return {name: told.get(name) for name in ("keepalives_idle", "keepalives_interval", "tcp_user_timeout")}

    of_the_hub = seconds(toys.services.engine)
    assert of_the_hub == {"keepalives_idle": "10", "keepalives_interval": "5", "tcp_user_timeout": "20000"}
    assert seconds(records.instance()._sys_db.engine) == of_the_hub
