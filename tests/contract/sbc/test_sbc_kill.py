"""The SBC client and a real SBC that dies, or loses answers or its database: what it confirmed stays."""

import contextlib
import http.client
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import psycopg
import pytest

from lib.clients.errors import Busy, RemoteError, Unreachable
from lib.clients.sbc import HeldRule, PutResult
from tests.contract.conftest import FICTION, SBC_TOKEN, auth_rule
from tests.kamailio import Kamailio, sbc_database

WHO = {"actor": "ada.lane@example.com", "track": "run-1"}
WRITERS = 3


@dataclass
class Own:
    """A real SBC of one test, and access to its database."""

    sbc: Kamailio
    database: str

    def execute(self, statement: str) -> None:
        if self.database == "sqlite":
            path = self.sbc.folder / "data" / "rules.db"
            with contextlib.closing(sqlite3.connect(path, timeout=10)) as connection, connection:
                connection.execute(statement)
        else:
            with psycopg.connect(self.database, autocommit=True) as connection:
                connection.execute(statement)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def own(request, tmp_path) -> Iterator[Own]:
    with contextlib.ExitStack() as stack:
        database = "sqlite"
        if request.param == "postgresql":
            database = stack.enter_context(sbc_database(request.getfixturevalue("postgres_url")))
        sbc = Kamailio(tmp_path / "sbc", database, token=SBC_TOKEN)
        # Not `with`: it may be dead already.
        stack.callback(sbc.stop)
        sbc.start()
        yield Own(sbc, database)


def held(rules):
    return [HeldRule(rule, rule) for rule in rules]


class TestKilled:
    def test_between_requests_nothing_is_lost(self, own, make_sbc):
        sbc = make_sbc(own.sbc.url)
        rules = [auth_rule(number, revision=5) for number in FICTION[:300]]
        gone = rules.pop()
        sbc.put_rules([*rules, gone], **WHO)
        sbc.put_rules([replace(rule, state="suspended", revision=6) for rule in rules[:10]], **WHO)
        sbc.delete_rules([gone.number], **WHO)
        expected = [*sbc.get_rules(rule.number for rule in rules[:10]).values(), *rules[10:]]
        own.sbc.kill()
        with pytest.raises(Unreachable) as caught:
            make_sbc(own.sbc.url).put_rules(rules, **WHO)
        assert caught.value.maybe_done is False
        own.sbc.start()
        # The same client goes on, whatever happened to its connections.
        assert list(sbc.get_rules(rule.number for rule in [*rules, gone]).values()) == [*expected, None]
        assert sbc.rules_of_account("104233") == held(expected)
        assert [rule.state for rule in expected[:11]] == ["suspended"] * 10 + ["allowed"]
        assert sbc.put_rules(rules[:1], **WHO) == PutResult(1, 0)

    @pytest.mark.parametrize("after", [1, 7, 30])
    def test_in_the_middle_of_requests_no_acknowledged_one_is_lost(self, own, make_sbc, after):
        sbc = make_sbc(own.sbc.url, attempts=1)
        families = [
            [auth_rule(number, f"T{writer}") for number in FICTION[writer * 20 : writer * 20 + 20]]
            for writer in range(WRITERS)
        ]
        acknowledged, ended = [0] * WRITERS, []
        enough = threading.Event()

        def write(writer):
            """Write one revision after the other until the SBC is gone."""
            try:
                while True:
                    revision = acknowledged[writer] + 1
                    rules = [replace(rule, revision=revision) for rule in families[writer]]
                    assert sbc.put_rules(rules, **WHO) == PutResult(20, 20)
                    acknowledged[writer] = revision
                    if min(acknowledged) >= after:
                        enough.set()
            except BaseException as error:
                ended.append(error)

        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
        for thread in threads:
            thread.start()
        assert enough.wait(60), ended
        own.sbc.kill()
        for thread in threads:
            thread.join(60)
        assert [type(error) for error in ended] == [Unreachable] * WRITERS
        own.sbc.start()
        for writer, family in enumerate(families):
            live = list(make_sbc(own.sbc.url).get_rules(rule.number for rule in family).values())
            revision = live[0].revision
            # All of a request or nothing of it. The outcome of the last one is not known.
            assert live == [replace(rule, revision=revision) for rule in family]
            assert acknowledged[writer] <= revision <= acknowledged[writer] + 1
            assert make_sbc(own.sbc.url).rules_of_account(f"T{writer}") == held(live)

    def test_a_restart_makes_live_what_the_database_holds(self, own, make_sbc):
        sbc = make_sbc(own.sbc.url)
        rules = [auth_rule(number) for number in FICTION[:2]]
        sbc.put_rules(rules, **WHO)
        own.execute(f"update sbc_rule set state = 'suspended', rev = 9 where number = '{rules[0].number}'")
        own.execute(f"delete from sbc_rule where number = '{rules[1].number}'")
        changed = replace(rules[0], state="suspended", revision=9)
        assert sbc.rules_of_account("104233") == [HeldRule(changed, rules[0])]
        own.sbc.stop()
        own.sbc.start()
        assert sbc.rules_of_account("104233") == held([changed])
        assert sbc.get_rules(rule.number for rule in rules) == {rules[0].number: changed, rules[1].number: None}


class TestWithoutItsDatabase:
    def test_nothing_is_written_and_calls_go_on(self, own, make_sbc):
        sbc = make_sbc(own.sbc.url, attempts=2)
        rule = auth_rule(FICTION[0])
        sbc.put_rules([rule], **WHO)
        own.execute("alter table sbc_rule rename to moved_away")
        for act in (
            lambda: sbc.put_rules([replace(rule, state="suspended", revision=2)], **WHO),
            lambda: sbc.delete_rules([rule.number], **WHO),
            lambda: sbc.rules_of_account("104233"),
            sbc.health,
        ):
            with pytest.raises(Busy, match="its database did not answer") as caught:
                act()
            assert caught.value.maybe_done is False
        assert sbc.get_rules([rule.number]) == {rule.number: rule}
        own.execute("alter table moved_away rename to sbc_rule")
        assert sbc.rules_of_account("104233") == held([rule])
        assert sbc.put_rules([replace(rule, revision=2)], **WHO) == PutResult(1, 1)


class Between:
    """A proxy in front of an SBC that loses requests or answers: "before", "after" or None, one for each request."""

    def __init__(self, url: str) -> None:
        target = urlsplit(url).netloc
        self.losses: list[str] = []
        between = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                loss = between.losses.pop(0) if between.losses else None
                if loss != "before":
                    with contextlib.closing(http.client.HTTPConnection(target, timeout=10)) as connection:
                        connection.request(self.command, self.path, body, dict(self.headers))
                        answer = connection.getresponse()
                        content = answer.read()
                if loss:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_PUT(self):
                self.pass_on()

            def do_POST(self):
                self.pass_on()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def between(sbc_server) -> Iterator[Between]:
    with Between(sbc_server.url) as proxy:
        yield proxy


class TestLostOnTheWay:
    @pytest.mark.parametrize(("loss", "done"), [("before", False), ("after", True)])
    def test_reading_back_tells_what_became_of_a_write(self, sbc, sbc_server, between, make_sbc, loss, done):
        rules = sbc_server.rules(3)
        sbc.put_rules(rules, **WHO)
        newer = [replace(rule, state="suspended", revision=2) for rule in rules]
        impatient = make_sbc(between.url, attempts=1)
        between.losses = [loss]
        with pytest.raises(Unreachable, match="not known whether") as caught:
            impatient.put_rules(newer, **WHO)
        assert caught.value.maybe_done
        assert list(impatient.get_rules(rule.number for rule in rules).values()) == (newer if done else rules)
        between.losses = [loss]
        with pytest.raises(Unreachable) as caught:
            impatient.delete_rules([rules[0].number], **WHO)
        assert caught.value.maybe_done
        assert (impatient.get_rules([rules[0].number])[rules[0].number] is None) is done

    @pytest.mark.parametrize("losses", [["before"], ["after"], ["before", "after"]])
    def test_sent_again_it_has_the_effect_of_once(self, sbc_server, between, make_sbc, losses):
        sbc = make_sbc(between.url)
        rules = sbc_server.rules(250)
        between.losses = losses.copy()
        assert sbc.put_rules(rules, **WHO) == PutResult(250, 250)
        between.losses = losses.copy()
        assert list(sbc.get_rules(rule.number for rule in rules).values()) == rules
        between.losses = losses.copy()
        assert sbc.rules_of_account(rules[0].account) == held(rules)
        between.losses = losses.copy()
        sbc.delete_rules([rule.number for rule in rules], **WHO)
        assert sbc.rules_of_account(rules[0].account) == []

    def test_a_write_sent_again_late_does_not_undo_a_newer_one(self, sbc, sbc_server, between, make_sbc):
        (rule,) = sbc_server.rules(1)
        between.losses = ["after"]
        with pytest.raises(RemoteError):
            make_sbc(between.url, attempts=1).put_rules([rule], **WHO)
        newer = replace(rule, state="suspended", revision=2)
        sbc.put_rules([newer], **WHO)
        assert sbc.put_rules([rule], **WHO) == PutResult(1, 0)
        assert sbc.get_rules([rule.number]) == {rule.number: newer}
