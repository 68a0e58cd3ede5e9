"""The check of a tenant: every finding is a sentence without secrets, and nothing is changed."""

import contextlib
import re
import time
from dataclasses import replace

import pytest
from starlette.responses import JSONResponse

from lib.clients.zuora.check.reading import DATA_CENTRES
from lib.clients.zuora.check.writing import WriteCheck, is_sandbox
from lib.commands.line import main
from lib.standins.server.web import WebServer
from lib.standins.zuora.manners.faults import Fault
from tests.contract.conftest import CLIENT_ID, CLIENT_SECRET, record

INTERRUPTED = 130
_SANDBOX_PARTS = ("sandbox", "apisandbox", "test")


@pytest.fixture
def say(zuora_standin, monkeypatch, capsys, tmp_path):
    """Runs the check with these settings and returns its exit code and what it says."""
    monkeypatch.chdir(tmp_path)
    given = {"url": zuora_standin.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "read_seconds": "5"}

    def run(*arguments, **changes):
        for name, value in {**given, **changes}.items():
            monkeypatch.setenv(f"AM_ZUORA_{name.upper()}", value)
        code = main(["check", "zuora", *arguments])
        said = capsys.readouterr().out
        assert CLIENT_SECRET not in said
        assert list(tmp_path.iterdir()) == []
        return code, said

    return run


def test_all_is_well(say, zuora_standin):
    zuora_standin.state.load([record("1"), record("2", "Quiet Name")])
    code, said = say("--account", "2")
    assert code == 0, said
    for sentence in (
        "gives the Account Manager a token",
        "clock agrees",
        "2025-08-12 is in force",
        "Accounts can be read",
        "Customer Hierarchy",
        "Subscriptions can be read",
        "Invoices can be read",
        "Contacts can be read",
    ):
        assert sentence in said
    assert "FAIL" not in said
    assert "Quiet Name" not in said
    methods = {line.split()[0] for line in zuora_standin.state.faults.requests()[1] if "oauth" not in line}
    assert methods == {"GET"}
    assert say()[0] == 0


def test_an_empty_tenant_is_reported(say):
    code, said = say()
    assert (code, "no account to read" in said) == (0, True)


def test_an_older_minor_version_is_worth_a_note(say, zuora_standin):
    zuora_standin.state.load([record("1")])
    code, said = say(version="211.0")
    assert (code, "note  With minor version 211.0 Zuora refuses with HTTP 200" in said) == (0, True)
    assert "object queries" not in said


class TestVersion:
    """How Zuora refuses shows whether it ignores the version that we send."""

    @pytest.fixture
    def old_tenant(self, zuora_standin):
        """A server that ignores the version, as if something on the way removed the header."""
        app = zuora_standin._server._app

        async def without_version(scope, receive, send):
            kept = [header for header in scope["headers"] if header[0] != b"zuora-version"]
            await app({**scope, "headers": kept}, receive, send)

        server = WebServer(without_version)
        zuora_standin.state.load([record("1")])
        server.start()
        yield server.url
        server.stop()

    def test_it_is_warned_of(self, say, old_tenant):
        code, said = say(url=old_tenant)
        assert code == 0
        assert "warn  AM_ZUORA_VERSION 2025-08-12 is not in force: Zuora answered a question for an account" in said
        assert "with HTTP 200 instead of 404" in said
        assert "warn  AM_ZUORA_VERSION 2025-08-12 is not in force for object queries" in said

    def test_one_in_between_promises_less(self, say, old_tenant):
        said = say(url=old_tenant, version="2024-05-20")[1]
        assert "warn  AM_ZUORA_VERSION 2024-05-20 is not in force: " in said
        assert "object queries" not in said

    def test_one_in_force_is_reported_for_both(self, say, zuora_standin):
        zuora_standin.state.load([record("1")])
        said = say()[1]
        assert "warn" not in said
        assert "ok    Minor version 2025-08-12 is in force for object queries." in said


class TestWriting:
    @pytest.fixture
    def notes(self, zuora_standin):
        zuora_standin.state.load([record("1"), record("2")])
        zuora_standin.state.update_account(zuora_standin.state.account("1")["id"], {"notes": "Quiet words"})
        return lambda: zuora_standin.state.account("1")["notes"]

    def writes(self, standin):
        return [line for line in standin.state.faults.requests()[1] if line.startswith("PUT")]

    @pytest.mark.parametrize("before", ["Quiet words", ""])
    def test_one_field_is_changed_and_restored(self, say, zuora_standin, notes, before):
        zuora_standin.state.update_account(zuora_standin.state.account("1")["id"], {"notes": before})
        code, said = say("--write", "1")
        assert code == 0, said
        assert "ok    Zuora accepted a change of the notes of account 1." in said
        assert "ok    The change can be seen at once." in said
        assert "ok    The notes of account 1 are as they were before." in said
        assert notes() == before
        assert self.writes(zuora_standin) == ["PUT /v1/accounts/1"] * 2
        assert "Quiet words" not in said

    def test_a_lag_is_reported(self, say, zuora_standin, notes):
        zuora_standin.switches.read_lag = 2
        code, said = say("--write", "1")
        assert (code, notes()) == (0, "Quiet words")
        assert "note  The change can be seen at look 3: reads of this tenant lag behind its writes." in said

    def test_nothing_is_written_without_it(self, say, zuora_standin, notes):
        assert say()[0] == 0
        assert self.writes(zuora_standin) == []

    def test_a_missing_permission_is_reported_and_nothing_is_changed(self, say, zuora_standin, notes):
        zuora_standin.state.faults.add(
            Fault("PUT /v1/accounts", "success_false", 1, code=51500010, message="No permission")
        )
        code, said = say("--write", "1")
        assert (code, notes()) == (1, "Quiet words")
        assert "FAIL  The notes of account 1 cannot be changed. Zuora does not allow the Account Manager" in said

    @pytest.mark.parametrize("kind", ["drop_after", "truncate", "html504"])
    def test_a_lost_answer_is_restored_as_well(self, say, zuora_standin, notes, kind):
        zuora_standin.state.faults.add(Fault("PUT /v1/accounts", kind, 1))
        code, said = say("--write", "1")
        assert (code, notes()) == (1, "Quiet words")
        assert "are as they were" in said

    def test_a_restoring_that_fails_says_what_to_do_by_hand(self, say, zuora_standin, notes):
        zuora_standin.state.faults.add(Fault("PUT /v1/accounts", "html502", None, after=1))
        code, said = say("--write", "1")
        assert code == 1
        assert "may not have been restored. Open its notes in Zuora" in said
        assert "delete the line “Account Manager write check" in said
        assert "Quiet words" not in said

    @pytest.mark.parametrize(
        ("error", "ended"),
        [(KeyboardInterrupt, contextlib.nullcontext()), (ZeroDivisionError, pytest.raises(ZeroDivisionError))],
        ids=["Ctrl+C", "a bug"],
    )
    def test_it_is_restored_also_when_it_is_interrupted(self, say, notes, monkeypatch, error, ended):
        changed = []

        def interrupted(self, read, enough):
            monkeypatch.setattr(WriteCheck, "_until", until)
            changed.append(notes())
            raise error

        until = WriteCheck._until
        monkeypatch.setattr(WriteCheck, "_until", interrupted)
        with ended:
            code, _ = say("--write", "1")
            assert code == INTERRUPTED
        assert "Account Manager write check" in changed[0]
        assert notes() == "Quiet words"

    def test_what_somebody_else_writes_in_between_stays(self, say, zuora_standin, notes, monkeypatch):
        until = WriteCheck._until

        def other(self, read, enough):
            monkeypatch.setattr(WriteCheck, "_until", until)
            zuora_standin.state.update_account(zuora_standin.state.account("1")["id"], {"notes": "Theirs"})
            return until(self, read, lambda now: True)

        monkeypatch.setattr(WriteCheck, "_until", other)
        code, said = say("--write", "1")
        assert (code, notes()) == (1, "Theirs")
        assert "Somebody else changed the notes of account 1" in said

    def test_a_cancelled_account_and_an_unknown_one_are_not_written_to(self, say, zuora_standin, notes):
        zuora_standin.state.update_account(zuora_standin.state.account("2")["id"], {"status": "Canceled"})
        assert "is cancelled, and Zuora refuses to change it" in say("--write", "2")[1]
        assert "cannot be read, so nothing was written" in say("--write", "404404")[1]
        assert self.writes(zuora_standin) == []

    def test_a_host_that_is_not_a_sandbox_is_not_written_to(self, zuora_standin, notes, make_zuora):
        config = make_zuora()._config
        for url in ("https://rest.ap.zuora.com", "https://zuora.example.com", "https://test.zuora.com.evil.example"):
            tenant = WriteCheck(replace(config, url=url))
            (finding,) = tenant.check_writing("1")
            assert not finding.good
            assert "so nothing was written" in finding.sentence
            assert "--on-production" in finding.sentence
            tenant.close()

    @pytest.mark.parametrize("host", DATA_CENTRES)
    def test_the_hosts_of_sandboxes_are_known(self, host):
        assert is_sandbox(f"https://{host}") is (len(host.split(".")) > 3 and host.split(".")[1] in _SANDBOX_PARTS)


def test_refused_credentials_come_with_the_data_centres(say):
    code, said = say(client_secret="wrong-secret-of-nobody")
    assert code == 1
    assert "did not accept the Account Manager's sign-in" in said
    assert "rest.eu.zuora.com" in said
    assert "wrong-secret" not in said
    assert len(said.splitlines()) == 1


def test_nobody_there(say):
    code, said = say(url="http://127.0.0.1:9")
    assert code == 1
    assert "FAIL  http://127.0.0.1:9 cannot be reached." in said


def test_no_zuora_there(say, scripted):
    scripted.token_replies.append(JSONResponse({"hello": "world"}))
    code, said = say(url=scripted.url)
    assert (code, "does not behave like Zuora" in said) == (1, True)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/object-query/accounts", "Accounts"),
        ("/v1/accounts/1", "Accounts"),
        ("/v1/subscriptions", "Subscriptions"),
        ("/object-query/invoices", "Invoices"),
        ("/v1/contacts", "Contacts"),
    ],
)
def test_a_missing_permission_is_named(say, zuora_standin, path, what):
    zuora_standin.state.load([record("1")])
    zuora_standin.state.faults.add(Fault(f"GET {path}", "success_false", None, code=50000010, message="No permission"))
    code, said = say()
    assert code == 1
    assert f"FAIL  {what} cannot be read. Zuora does not allow the Account Manager" in said


@pytest.mark.parametrize(("seconds", "way"), [(-500, "behind"), (500, "ahead")])
def test_a_wrong_clock_is_reported(say, monkeypatch, seconds, way):
    monkeypatch.setattr("lib.clients.zuora.check.reading.now", lambda: time.time() + seconds)
    code, said = say()
    assert code == 1
    assert re.search(rf"FAIL  This machine's clock is (49\d|50\d) s {way}\.", said)


def test_a_tenant_without_orders(say, scripted):
    scripted.replies.append(JSONResponse({"success": False, "reasons": [{"code": 58490010, "message": "No Orders."}]}))
    assert "note  Orders are not enabled" in say(url=scripted.url)[1]


@pytest.mark.parametrize("changes", [{"url": ""}, {"client_secret": ""}, {"attempts": "many"}])
def test_settings_that_cannot_be_used(say, changes):
    code, said = say(**changes)
    assert code == 1
    assert "AM_ZUORA_" in said
