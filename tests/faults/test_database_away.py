# ruff: noqa: F811 - the world of the action tests is a fixture here too
"""The database is read-only, has no free connection or is gone for a while: runs wait, and then go on as before."""

import itertools
import threading
import time
from contextlib import closing, contextmanager

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from lib.actions.engine.durable import step_engine
from lib.actions.engine.durable.patience import DatabaseGone, Ending, Patience
from lib.store import audit
from lib.store.away import is_away
from lib.store.engine import make_engine, writing
from lib.store.ready import WriteCheck
from tests.actions.conftest import LEAD, _engine_file, wait_for, world  # noqa: F401
from tests.conftest import administer

NEW = "Wattle New"


class Postgres:
    """What an administrator does to one database of a real server."""

    def __init__(self, server: str, url: str) -> None:
        self._server = server
        self._name = url.rpartition("/")[2]

    def _do(self, statement: str) -> None:
        administer(self._server, statement)

    def end_connections(self) -> None:
        self._do(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{self._name}'")

    @contextmanager
    def gone(self):
        """Connections are ended and new ones refused, as during a restart."""
        self._do(f"alter database {self._name} allow_connections false")
        self.end_connections()
        try:
            yield
        finally:
            self._do(f"alter database {self._name} allow_connections true")

    @contextmanager
    def read_only(self):
        """As after a failover to a standby."""
        self._do(f"alter database {self._name} set default_transaction_read_only = on")
        self.end_connections()
        try:
            yield
        finally:
            # Connections made in this time stay read-only until they are closed.
            self._do(f"alter database {self._name} reset default_transaction_read_only")


class Sqlite:
    """SQLite files that can only be read: a connection made then stays read-only until it is closed."""

    @contextmanager
    def read_only(self):
        def connected(connection, _record):
            connection.execute("PRAGMA query_only = ON")

        # Every engine of the process, including the step engine's, as with files that are not writable.
        from sqlalchemy.pool import Pool

        event.listen(Pool, "connect", connected)
        event.listen(Pool, "checkout", self._turn)
        try:
            yield
        finally:
            event.remove(Pool, "connect", connected)
            event.remove(Pool, "checkout", self._turn)

    @staticmethod
    def _turn(connection, _record, _proxy):
        connection.execute("PRAGMA query_only = ON")


@pytest.fixture
def database(request, database_url):
    """What can be done to the database of this test."""
    if database_url.startswith("sqlite"):
        return Sqlite()
    return Postgres(request.getfixturevalue("postgres_url"), database_url)


def rename(world):
    return world.runner.plan("rename", "1001", {"name": NEW, "base": "Wattle Plumbing"}, LEAD)


def attempts(world, run_id, step):
    with world.services.engine.connect() as connection:
        return [one.phase for one in audit.events_of_run(connection, run_id) if one.step == step]


def test_what_was_read_only_can_be_written_at_the_first_try(engine, database):
    check = WriteCheck({"the Hub database": engine}, cache_seconds=0)
    assert check.problem() is None
    with database.read_only():
        for _ in range(2):
            with pytest.raises(DBAPIError) as refused, writing(engine) as connection:
                connection.execute(text("delete from form_draft"))
            assert is_away(refused.value)
            assert "cannot be written to" in check.problem()
        # A read comes last, so that a read-only connection stays in the pool.
        with engine.connect() as connection:
            connection.execute(text("select 1"))
    with writing(engine) as connection:
        connection.execute(text("delete from form_draft"))
    assert check.problem() is None
    check.close()


def test_a_run_that_meets_a_read_only_database_waits_and_goes_on(world, database):
    """Neither the run nor the step engine keeps a read-only connection."""
    world.fail("PUT /v1/accounts", "latency", seconds=0.5)
    run_id = world.runner.start(rename(world), LEAD)
    wait_for(lambda: attempts(world, run_id, "zuora"), lambda seen: seen == ["begin"])
    with database.read_only():
        time.sleep(1.2)
        assert attempts(world, run_id, "zuora") == ["begin"]
    done = world.finish(run_id)
    assert (done.run.state, done.run.error) == ("done", None)
    assert (world.hub_name(), world.zuora_name()) == (NEW, NEW)


def test_a_failed_run_is_resumed_after_it_was_read_only(world, database):
    world.fail("PUT /v1/accounts", "success_false", times=1)
    failed = world.finish(world.runner.start(rename(world), LEAD))
    assert failed.run.state == "failed"
    with database.read_only():
        for _ in range(2):
            with pytest.raises(DBAPIError) as refused:
                world.runner.resume(failed.run.id, LEAD)
            assert is_away(refused.value)
        assert world.runner.progress(failed.run.id).run.state == "failed"
    world.runner.resume(failed.run.id, LEAD)
    assert world.finish(failed.run.id).run.state == "done"


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
class TestGone:
    def test_a_run_is_delayed_and_nothing_is_done_twice(self, world, database):
        world.fail("PUT /v1/accounts", "latency", seconds=0.5)
        run_id = world.runner.start(rename(world), LEAD)
        wait_for(lambda: attempts(world, run_id, "zuora"), lambda seen: seen == ["begin"])
        with database.gone():
            # Longer than each wait between two tries that does not grow with the outage.
            time.sleep(4)
        done = world.finish(run_id)
        assert (done.run.state, done.run.error) == ("done", None)
        assert attempts(world, run_id, "hub") == ["begin", "ok"]
        assert (world.hub_name(), world.zuora_name()) == (NEW, NEW)

    def test_after_the_patience_it_has_failed_and_can_be_resumed(self, world, database):
        world.runner.close()
        object.__setattr__(world.services.settings, "database_patience_minutes", 0.01)
        world.runner.open()
        world.fail("PUT /v1/accounts", "latency", seconds=0.5)
        run_id = world.runner.start(rename(world), LEAD)
        wait_for(lambda: attempts(world, run_id, "zuora"), lambda seen: seen == ["begin"])
        with database.gone():
            time.sleep(2)
        failed = world.finish(run_id)
        assert failed.run.state == "failed"
        world.runner.resume(run_id, LEAD)
        assert world.finish(run_id).run.state == "done"

    def test_closed_while_it_is_gone_a_runner_ends_soon(self, world, database):
        world.fail("PUT /v1/accounts", "latency", seconds=0.5)
        run_id = world.runner.start(rename(world), LEAD)
        wait_for(lambda: attempts(world, run_id, "zuora"), lambda seen: seen == ["begin"])
        with database.gone():
            time.sleep(1)
            world.runner.close()
            wait_for(step_engine.is_at_work, lambda running: not running, 10)
        world.runner.open()
        assert world.finish(run_id).run.state == "done"

    def test_connections_that_were_cut_are_not_used_again(self, engine, database):
        with engine.connect() as connection:
            connection.execute(text("select 1"))
        database.end_connections()
        with writing(engine) as connection:
            connection.execute(text("delete from form_draft"))


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_without_a_free_connection_it_is_away_and_not_broken(database_url, postgres_url):
    """The server has no connection left for anybody but an administrator."""
    name = database_url.rpartition("/")[2]
    administer(postgres_url, "create role crowd login")
    try:
        administer(postgres_url, f"alter database {name} connection limit 1")
        url = database_url.replace("postgres@", "crowd@")
        engine = make_engine(url)
        check = WriteCheck({"the Hub database": engine}, cache_seconds=0)
        with closing(psycopg.connect(url.replace("+psycopg", ""))):
            with pytest.raises(DBAPIError) as refused, engine.connect():
                pass
            assert is_away(refused.value)
            assert "cannot be written to" in check.problem()
        wait_for(check.problem, lambda problem: problem is None)
        engine.dispose()
        check.close()
    finally:
        administer(postgres_url, f"drop database {name} with (force)")
        administer(postgres_url, "drop role crowd")
        administer(postgres_url, f"create database {name}")


class TestPatience:
    def test_it_is_one_waiting_with_one_end(self):
        """All tries together take as long as one patience."""
        asked = itertools.count()

        def away():
            next(asked)
            raise self.locked()

        began = time.monotonic()
        with pytest.raises(DatabaseGone, match="Resume when it is back"):
            Patience(0.3, attempts=2, first_wait=0.01).carry(away)
        assert 0.3 <= time.monotonic() - began < 5
        assert next(asked) > 3

    def test_a_bug_is_not_waited_for(self):
        asked = itertools.count()

        def broken():
            next(asked)
            raise ValueError

        with pytest.raises(ValueError):
            Patience(60, attempts=9, first_wait=0.01).carry(broken)
        assert next(asked) == 1

    def test_who_waits_ends_with_the_process(self):
        patience = Patience(600, attempts=9, first_wait=60)
        ended = []

        def wait():
            try:
                patience.carry(self.always_away)
            except Ending:
                ended.append(True)

        thread = threading.Thread(target=wait)
        thread.start()
        patience.end()
        thread.join(10)
        assert ended == [True]

    def always_away(self):
        raise self.locked()

    def locked(self):
        import sqlite3

        from sqlalchemy.exc import OperationalError

        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        return OperationalError("update", {}, error)


def test_a_bug_in_a_query_is_not_taken_for_a_database_that_is_away(engine):
    for wrong in ("select * from nowhere", "select nothing from account", "selec 1"):
        with pytest.raises(DBAPIError) as error, engine.connect() as connection:
            connection.execute(text(wrong))
        assert not is_away(error.value)
    assert not is_away(ValueError())


def test_however_often_it_is_asked_there_is_one_write_at_a_time(engine):
    written = []
    event.listen(engine, "begin", lambda _connection: written.append(1))
    check = WriteCheck({"the Hub database": engine})
    threads = [threading.Thread(target=check.problem) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert check.problem() is None
    assert len(written) == 1
    check.close()
