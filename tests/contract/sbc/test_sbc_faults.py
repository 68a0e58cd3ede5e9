"""The SBC client against a stand-in with faults: lost answers, trying again, a part of many, no secret shown."""

import io
import logging
import socket
import traceback
from dataclasses import replace

import pytest

from lib.clients.errors import AuthFailed, Busy, RemoteError, UnexpectedReply, Unreachable
from lib.clients.sbc import PutResult, SbcConfig
from lib.standins.sbc import Fault
from tests.contract.conftest import FICTION, SBC_TOKEN, auth_rule
from tests.contract.sbc.test_sbc_errors import CALLS, NUMBERS, RULES, WHO, failure

MANY = [auth_rule(number) for number in FICTION[:500]]
PUT, QUERY = "PUT /v1/rules", "POST /v1/rules/query"
LOSSES = ["drop_before", "drop_after", "truncate"]


class TestFaults:
    """Against the stand-in, with faults."""

    @pytest.fixture
    def standin(self, sbc_standin):
        sbc_standin.state.load(RULES)
        return sbc_standin

    @pytest.fixture
    def newer(self):
        return [replace(rule, state="suspended", revision=2) for rule in RULES]

    @pytest.mark.parametrize("kind", [*LOSSES, "html502", "database"])
    def test_a_passing_fault_is_not_noticed(self, standin, make_sbc, newer, kind):
        sbc = make_sbc(standin.url)
        for match in (PUT, QUERY, "POST /v1/rules/by-account", "POST /v1/rules/delete"):
            standin.state.faults.add(Fault(match, kind, times=2))
        assert sbc.put_rules(newer, **WHO) == PutResult(3, 3)
        assert list(sbc.get_rules(NUMBERS).values()) == newer
        assert [row.rule for row in sbc.rules_of_account("104233")] == newer
        sbc.delete_rules(NUMBERS, **WHO)
        assert standin.state.is_empty()
        assert len(standin.state.requests()) == 12

    @pytest.mark.parametrize("kind", LOSSES)
    def test_a_lost_answer_leaves_the_outcome_open_and_reading_back_shows_it(self, standin, make_sbc, newer, kind):
        standin.state.faults.add(Fault(PUT, kind, times=1))
        sbc = make_sbc(standin.url, attempts=1)
        with pytest.raises(Unreachable, match="not known whether the change was made") as caught:
            sbc.put_rules(newer, **WHO)
        assert caught.value.maybe_done
        assert list(sbc.get_rules(NUMBERS).values()) == (RULES if kind == "drop_before" else newer)

    def test_an_answer_that_is_half_of_one_leaves_it_open_too(self, standin, make_sbc, newer):
        standin.state.faults.add(Fault(PUT, "broken_json"))
        standin.state.faults.add(Fault(QUERY, "broken_json", times=1))
        sbc = make_sbc(standin.url)
        with pytest.raises(UnexpectedReply) as caught:
            sbc.put_rules(newer, **WHO)
        assert caught.value.maybe_done
        assert type(failure(sbc, "get")) is UnexpectedReply
        assert list(sbc.get_rules(NUMBERS).values()) == newer

    def test_a_database_that_is_away_changes_nothing(self, standin, make_sbc, newer):
        standin.state.faults.add(Fault("", "database"))
        sbc = make_sbc(standin.url)
        for name in ("put", "delete"):
            error = failure(sbc, name)
            assert (type(error), error.maybe_done) == (Busy, False)
            assert "Nothing was changed." in str(error)
        assert type(failure(sbc, "health")) is Busy
        standin.state.faults.clear()
        assert list(sbc.get_rules(NUMBERS).values()) == RULES

    @pytest.mark.parametrize(
        ("kind", "sent"), [("database", 3), ("html502", 3), ("drop_after", 3), ("unauthorized", 1)]
    )
    def test_how_often_it_is_tried(self, standin, make_sbc, kind, sent):
        standin.state.faults.add(Fault("", kind))
        sbc = make_sbc(standin.url)
        for name in ("get", "account", "put", "delete"):
            standin.state.faults.forget_requests()
            failure(sbc, name)
            assert len(standin.state.requests()) == sent
        standin.state.faults.forget_requests()
        failure(sbc, "health")
        assert len(standin.state.requests()) == 1

    def test_a_doubt_outlives_later_attempts(self, standin, make_sbc):
        standin.state.faults.add(Fault(PUT, "drop_after", times=1))
        standin.state.faults.add(Fault(PUT, "database"))
        error = failure(make_sbc(standin.url), "put")
        assert (type(error), error.maybe_done) == (Unreachable, True)

    def test_who_waits_gets_one_attempt(self, standin, make_sbc):
        sbc = make_sbc(standin.url)
        standin.state.faults.add(Fault("", "database"))
        for ask in (
            lambda: sbc.get_rules(NUMBERS, quick_seconds=5),
            lambda: sbc.rules_of_account("1", quick_seconds=5),
        ):
            standin.state.faults.forget_requests()
            with pytest.raises(Busy):
                ask()
            assert len(standin.state.requests()) == 1

    def test_who_waits_does_not_wait_longer_than_said(self, standin, make_sbc):
        standin.state.faults.add(Fault("", "latency", seconds=60))
        # It would wait long by itself: without the limit each question gets its answer after a minute.
        sbc = make_sbc(standin.url, read_seconds=600)
        with pytest.raises(Unreachable):
            sbc.get_rules(NUMBERS, quick_seconds=0.2)
        with pytest.raises(Unreachable):
            sbc.rules_of_account("1", quick_seconds=0.2)

    def test_a_slow_answer_is_a_lost_one(self, standin, make_sbc, newer):
        standin.state.faults.add(Fault(PUT, "latency", seconds=60, times=1))
        sbc = make_sbc(standin.url, attempts=1, read_seconds=0.2)
        with pytest.raises(Unreachable) as caught:
            sbc.put_rules(newer, **WHO)
        assert caught.value.maybe_done
        standin.state.faults.clear()
        # Delayed requests are done now, not later to the rules of another test.
        assert {rule.state for rule in standin.state.rules().values()} == {"suspended"}

    def test_a_wrong_token(self, standin, make_sbc):
        sbc = make_sbc(standin.url, token="not-the-token-of-these-tests")
        for name in CALLS:
            error = failure(sbc, name)
            assert type(error) is AuthFailed
            assert error.signed_out
        assert list(standin.state.rules()) == sorted(NUMBERS)

    def test_nobody_there(self, make_sbc):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            nowhere = f"http://127.0.0.1:{probe.getsockname()[1]}"
            for name in CALLS:
                error = failure(make_sbc(nowhere), name)
                assert type(error) is Unreachable
                assert error.maybe_done is False


class TestAPartOfMany:
    @pytest.mark.parametrize(
        ("kind", "raised"),
        [
            ("database", Unreachable),
            ("drop_before", Unreachable),
            ("html502", Unreachable),
            ("unauthorized", AuthFailed),
            ("broken_json", UnexpectedReply),
        ],
    )
    def test_a_later_request_that_fails_leaves_the_earlier_ones_in_force(self, sbc_standin, make_sbc, kind, raised):
        sbc = make_sbc(sbc_standin.url, attempts=1)
        sbc_standin.state.faults.add(Fault(PUT, kind, after=1))
        with pytest.raises(raised, match="not known whether the change was made") as caught:
            sbc.put_rules(MANY, **WHO)
        assert caught.value.maybe_done
        assert sbc_standin.state.requests() == [PUT] * 2
        in_force = 400 if kind == "broken_json" else 200
        assert list(sbc_standin.state.live()) == [rule.number for rule in MANY[:in_force]]

    @pytest.mark.parametrize("kind", ["database", "unauthorized", "drop_before"])
    def test_and_of_a_deletion_too(self, sbc_standin, make_sbc, kind):
        sbc_standin.state.load(MANY)
        sbc_standin.state.faults.add(Fault("POST /v1/rules/delete", kind, after=2))
        with pytest.raises(RemoteError) as caught:
            make_sbc(sbc_standin.url, attempts=1).delete_rules([rule.number for rule in MANY], **WHO)
        assert caught.value.maybe_done
        assert list(sbc_standin.state.rules()) == [rule.number for rule in MANY[400:]]

    @pytest.mark.parametrize("kind", ["database", "unauthorized"])
    def test_a_first_request_that_fails_leaves_nothing(self, sbc_standin, make_sbc, kind):
        sbc_standin.state.faults.add(Fault(PUT, kind))
        with pytest.raises(RemoteError, match="Nothing was changed") as caught:
            make_sbc(sbc_standin.url, attempts=1).put_rules(MANY, **WHO)
        assert caught.value.maybe_done is False
        assert sbc_standin.state.is_empty()


class TestTheTokenStaysHere:
    @pytest.fixture
    def everything_logged(self):
        """Every logger's every line, with tracebacks."""
        text = io.StringIO()
        handler = logging.StreamHandler(text)
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        yield text
        root.removeHandler(handler)
        root.setLevel(level)

    @pytest.mark.parametrize("kind", sorted(Fault.KINDS - {"latency"}))
    def test_no_error_and_no_log_holds_it(self, sbc_standin, make_sbc, everything_logged, kind):
        sbc_standin.state.faults.add(Fault("", kind))
        sbc = make_sbc(sbc_standin.url, attempts=2)
        for name in CALLS:
            error = failure(sbc, name)
            told = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
            logging.getLogger("test").error("failed", exc_info=error)
            assert SBC_TOKEN not in told
            assert "example.com" not in told
        lines = everything_logged.getvalue()
        # They are there, so what is not in them is really not logged.
        assert "SBC: PUT /v1/rules" in lines
        assert SBC_TOKEN not in lines
        assert "example.com" not in lines

    def test_a_configuration_does_not_show_it(self):
        assert SBC_TOKEN not in repr(SbcConfig("http://127.0.0.1", SBC_TOKEN))
