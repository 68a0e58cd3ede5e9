"""The same SBC on PostgreSQL: what calls do, what survives a kill, and what happens while the database is away."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from tests.calls.conftest import Lab, fresh_number, make_lab, rule
from tests.calls.wire import ask, request
from tests.kamailio import sbc_database

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def _database(postgres_url) -> Iterator[str]:
    with sbc_database(postgres_url) as url:
        yield url


@pytest.fixture(scope="module")
def _lab(around, tmp_path_factory, _database) -> Iterator[Lab]:
    made = make_lab(tmp_path_factory.mktemp("sbc-postgres"), around, _database)
    with made.sbc:
        yield made


@pytest.fixture
def away(postgres_url, _database) -> Callable[[], AbstractContextManager[None]]:
    """A block in which the database refuses connections."""
    return lambda: _away(postgres_url, _database)


@contextmanager
def _away(postgres_url: str, database: str) -> Iterator[None]:
    name = database.rpartition("/")[2]
    with closing(psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True)) as connection:
        connection.execute(f"alter database {name} allow_connections false")
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        try:
            yield
        finally:
            connection.execute(f"alter database {name} allow_connections true")


def servers(lab: Lab, number: str) -> list[str]:
    return lab.answered_in(number).last.headers("Server")


def test_calls_follow_the_rules(lab):
    allowed, suspended = lab.number("allowed"), lab.number("suspended")
    assert servers(lab, allowed) == ["pbx"]
    assert lab.answered_out(allowed).last.headers("Server") == ["carrier"]
    assert servers(lab, suspended) == ["voicemail"]
    assert lab.refused_out(suspended, 403).statuses == [183, 403]
    lab.refused_in(fresh_number(), 404)


def test_after_a_kill_the_rules_are_the_same(lab):
    suspended = lab.number("suspended")
    lab.sbc.kill()
    lab.sbc.start()
    assert servers(lab, suspended) == ["voicemail"]
    assert lab.refused_out(suspended, 403).last.headers("Reason") == ['Q.850;cause=21;text="Account suspended"']


def test_while_the_database_is_away_calls_go_on_and_nothing_is_written(lab, away):
    allowed, suspended = lab.number("allowed"), lab.number("suspended")
    requests = [
        ("PUT", "/v1/rules", [rule(allowed, "suspended", rev=2)]),
        ("POST", "/v1/rules/delete", [{"number": allowed}]),
        ("POST", "/v1/rules/by-account", {"account": "1001"}),
        ("POST", "/v1/reload", None),
    ]
    with away():
        assert lab.sbc.call("GET", "/v1/health") == (503, {"db": False})
        for method, path, body in requests:
            assert lab.sbc.call(method, path, body) == (503, {"error": "database"}), path
        assert servers(lab, allowed) == ["pbx"]
        assert servers(lab, suspended) == ["voicemail"]
    # The failed statements are in the log, without the numbers.
    assert "'+...'" in lab.sbc.logged("delete from sbc_rule")[0]
    assert allowed.lstrip("+") not in lab.sbc.log.read_text()
    # It is back, without a restart of anything.
    assert lab.sbc.call("GET", "/v1/health")[0] == 200
    assert lab.sbc.call("POST", "/v1/reload") == (200, {"reloaded": True})
    assert servers(lab, allowed) == ["pbx"]
    lab.put(rule(allowed, "suspended", rev=2))
    assert servers(lab, allowed) == ["voicemail"]


def test_a_number_twice_in_one_request_is_refused_as_on_sqlite(lab):
    number = fresh_number()
    status, answer = lab.sbc.call("PUT", "/v1/rules", [rule(number, "allowed"), rule(number, "suspended", rev=2)])
    assert (status, answer["error"]) == (422, "number twice")
    lab.refused_in(number, 404)


def test_a_worker_that_gets_no_connection_as_it_starts_gets_one_later(around, tmp_path, postgres_url):
    admin = postgres_url.replace("+psycopg", "")
    user = f"few_{uuid4().hex}"
    with sbc_database(postgres_url) as url, closing(psycopg.connect(admin, autocommit=True)) as connection:
        connection.execute(f"create role {user} login connection limit 2")
        own = make_url(url).set(username=user).render_as_string(hide_password=False)
        with closing(psycopg.connect(url, autocommit=True)) as inside:
            inside.execute(f"grant all on all tables in schema public to {user}")
        lab = make_lab(tmp_path / "sbc", around, own)
        lab.sbc.folder.mkdir()
        lab.sbc.log.touch()
        with ThreadPoolExecutor(1) as beside, ExitStack() as running:
            started = beside.submit(running.enter_context, lab.sbc)
            lab.sbc.logged("too many connections for role")
            connection.execute(f"alter role {user} connection limit -1")
            started.result()
            for _ in range(40):
                assert lab.sbc.call("GET", "/v1/health")[0] == 200
            assert servers(lab, lab.number("allowed")) == ["pbx"]
        with closing(psycopg.connect(url, autocommit=True)) as inside:
            inside.execute(f"drop owned by {user}")
        connection.execute(f"drop role {user}")


def test_writers_that_a_locked_table_stops_leave_the_readers_alone(lab, _database):
    allowed = lab.number("allowed", account="3001")
    numbers = [fresh_number() for _ in range(12)]
    with closing(psycopg.connect(_database)) as locking, ThreadPoolExecutor(12) as beside:
        locking.execute("lock table sbc_rule in exclusive mode")
        writers = [
            beside.submit(lab.sbc.call, "PUT", "/v1/rules", [rule(number, "allowed", account="3001")])
            for number in numbers
        ]
        for _ in range(10):
            assert lab.sbc.call("GET", "/v1/health")[0] == 200
            assert lab.sbc.call("POST", "/v1/rules/query", [{"number": allowed}])[0] == 200
            assert [one["number"] for one in lab.sbc.call("POST", "/v1/rules/by-account", {"account": "3001"})[1]] == [
                allowed
            ]
        # The writers get an error while the table is still locked, after the readers got their answers.
        answers = [writer.result() for writer in writers]
        assert {status for status, _ in answers} == {503}
        assert {answer["error"] for _, answer in answers} == {"database", "busy"}
        locking.rollback()
    lab.put(rule(numbers[0], "allowed", account="3001"))


@pytest.mark.parametrize(
    "request_",
    [("GET", "/v1/health", None), ("POST", "/v1/rules/by-account", {"account": "3002"})],
    ids=["health", "account"],
)
def test_readers_that_a_locked_table_stops_leave_workers_for_calls_over_tcp(lab, _database, request_):
    with closing(psycopg.connect(_database)) as locking, ThreadPoolExecutor(24) as beside:
        locking.execute("lock table sbc_rule in access exclusive mode")
        readers = [beside.submit(lab.sbc.call, *request_) for _ in range(24)]
        text = request("INVITE", "sip:000@example.com", via="TCP")
        assert ask(lab.sbc.customer_port, text, protocol="TCP").startswith("SIP/2.0 200 ")
        answers = [reader.result() for reader in readers]
        assert {status for status, _ in answers} == {503}
        busy = [answer for _, answer in answers if answer == {"error": "busy"}]
        assert 0 < len(busy) < 24
        locking.rollback()
    assert lab.sbc.call(*request_)[0] == 200
