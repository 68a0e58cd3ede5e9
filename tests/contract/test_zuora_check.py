"""The check of a tenant: every finding a sentence, no secret in one, nothing changed."""

import re
import time

import pytest
from starlette.responses import JSONResponse

from lib.clients.zuora.__main__ import main
from lib.standins.zuora.faults import Fault
from tests.contract.conftest import CLIENT_ID, CLIENT_SECRET, record


@pytest.fixture
def say(zuora_standin, monkeypatch, capsys, tmp_path):
    """Runs the check with these settings and returns its exit code and what it says."""
    monkeypatch.chdir(tmp_path)
    given = {"url": zuora_standin.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "read_seconds": "5"}

    def run(*arguments, **changes):
        for name, value in {**given, **changes}.items():
            monkeypatch.setenv(f"AM_ZUORA_{name.upper()}", value)
        code = main(["--check", *arguments])
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
        "gives the Hub a token",
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


def test_an_empty_tenant_is_said_to_be_so(say):
    code, said = say()
    assert (code, "no account to read" in said) == (0, True)


def test_an_older_minor_version_is_worth_a_note(say, zuora_standin):
    zuora_standin.state.load([record("1")])
    code, said = say(version="211.0")
    assert (code, "note  With minor version 211.0 Zuora refuses with HTTP 200" in said) == (0, True)


def test_refused_credentials_come_with_the_data_centres(say):
    code, said = say(client_secret="wrong-secret-of-nobody")
    assert code == 1
    assert "did not accept the Hub's sign-in" in said
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
    assert f"FAIL  {what} cannot be read. Zuora does not allow the Hub" in said


@pytest.mark.parametrize(("seconds", "way"), [(-500, "behind"), (500, "ahead")])
def test_a_wrong_clock_is_told(say, monkeypatch, seconds, way):
    monkeypatch.setattr("lib.clients.zuora.check.now", lambda: time.time() + seconds)
    code, said = say()
    assert code == 1
    assert re.search(rf"FAIL  This machine's clock is (49\d|50\d) s {way}\.", said)


def test_a_tenant_without_orders(say, scripted):
    scripted.replies.append(JSONResponse({"success": False, "reasons": [{"code": 58490010, "message": "No Orders."}]}))
    assert "note  Orders are not enabled" in say(url=scripted.url)[1]


@pytest.mark.parametrize("changes", [{"url": ""}, {"client_secret": ""}, {"attempts": "many"}])
def test_settings_that_do_not_do(say, changes):
    code, said = say(**changes)
    assert code == 1
    assert "AM_ZUORA_" in said
