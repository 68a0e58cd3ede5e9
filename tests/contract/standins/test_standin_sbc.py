"""What the SBC stand-in has besides the SBC's API: faults, administration, two copies of every rule."""

import contextlib
import json
import signal
import smtplib
import sqlite3
import stat
import subprocess
import sys

import pytest
import requests

from lib.standins.sbc import Change, Fault, RuleRecord, SbcStandin, SbcState
from lib.standins.server.faults import InvalidFault
from tests.contract.conftest import FICTION, SBC_TOKEN

NUMBER = "+61491570006"
RECORD = RuleRecord(NUMBER, "104233", "suspended", "mel-1", 3)
BODY = [{"number": NUMBER, "account": "104233", "state": "suspended", "trunk": "mel-1", "rev": 3}]


class Raw:
    """Plain requests with the token."""

    def __init__(self, standin) -> None:
        self.url = standin.url

    def __call__(self, method, path, body=None, token=SBC_TOKEN, **headers):
        headers = {"Authorization": f"Bearer {token}", **headers}
        return requests.request(method, self.url + path, headers=headers, json=body, timeout=5)


@pytest.fixture
def raw(sbc_standin):
    return Raw(sbc_standin)


class TestFaults:
    @pytest.mark.parametrize(
        ("kind", "status", "body"),
        [
            ("database", 503, {"error": "database"}),
            ("unauthorized", 401, {"error": "unauthorized"}),
            ("address", 403, {"error": "address"}),
        ],
    )
    def test_an_answer_instead(self, raw, sbc_standin, kind, status, body):
        sbc_standin.state.faults.add(Fault("PUT", kind, times=1))
        reply = raw("PUT", "/v1/rules", BODY)
        assert (reply.status_code, reply.json()) == (status, body)
        assert sbc_standin.state.is_empty()
        assert raw("PUT", "/v1/rules", BODY).status_code == 200

    def test_the_database_of_the_health(self, raw, sbc_standin):
        sbc_standin.state.faults.add(Fault("GET", "database"))
        reply = raw("GET", "/v1/health")
        assert (reply.status_code, reply.json()) == (503, {"db": False})

    def test_the_page_of_a_proxy(self, raw, sbc_standin):
        sbc_standin.state.faults.add(Fault("PUT", "html502"))
        reply = raw("PUT", "/v1/rules", BODY)
        assert (reply.status_code, reply.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
        assert sbc_standin.state.is_empty()

    @pytest.mark.parametrize(("kind", "done"), [("drop_before", False), ("drop_after", True), ("truncate", True)])
    def test_a_connection_that_ends(self, raw, sbc_standin, kind, done):
        sbc_standin.state.faults.add(Fault("PUT", kind))
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            raw("PUT", "/v1/rules", BODY)
        assert sbc_standin.state.is_empty() is not done

    def test_half_of_an_answer_that_passes_for_all_of_it(self, raw, sbc_standin):
        sbc_standin.state.faults.add(Fault("PUT", "broken_json"))
        assert raw("PUT", "/v1/rules", BODY).content == b'{"received":1'
        assert sbc_standin.state.rules() == {NUMBER: RECORD}

    @pytest.mark.parametrize("kind", ["drop_after", "truncate", "broken_json"])
    def test_done_is_only_what_the_token_allows(self, raw, sbc_standin, kind):
        sbc_standin.state.faults.add(Fault("PUT", kind))
        with contextlib.suppress(requests.RequestException):
            raw("PUT", "/v1/rules", BODY, token="other")
        assert sbc_standin.state.is_empty()

    def test_latency_comes_before_another_fault_and_the_first_ones_may_be_spared(self, raw, sbc_standin):
        sbc_standin.state.faults.add(Fault("PUT", "latency", seconds=0.01, after=1))
        sbc_standin.state.faults.add(Fault("PUT", "database", after=1, times=1))
        assert [raw("PUT", "/v1/rules", BODY).status_code for _ in range(3)] == [200, 503, 200]

    @pytest.mark.parametrize(
        "given", [{"kind": "lock"}, {"kind": "database", "times": 0}, {"kind": "database", "after": -1}, {}, {"x": 1}]
    )
    def test_a_wrong_one_is_refused(self, raw, given):
        with pytest.raises(InvalidFault):
            Fault.from_json({"match": "PUT", **given})
        assert raw("POST", "/_standin/faults", {"match": "PUT", **given}).status_code == 400


class TestAdministration:
    def test_faults_come_and_go_by_request(self, raw):
        assert raw("POST", "/_standin/faults", {"match": "PUT", "kind": "database"}).status_code == 204
        assert raw("PUT", "/v1/rules", BODY).status_code == 503
        assert raw("DELETE", "/_standin/faults").status_code == 204
        assert raw("PUT", "/v1/rules", BODY).status_code == 200

    def test_requests_are_counted_without_administration(self, raw, sbc_standin):
        raw("GET", "/v1/health")
        raw("PUT", "/v1/rules", BODY)
        asked = ["GET /v1/health", "PUT /v1/rules"]
        assert raw("GET", "/_standin/requests").json() == {"count": 2, "requests": asked}
        assert sbc_standin.state.requests() == asked

    @pytest.mark.parametrize(("method", "path"), [("POST", "faults"), ("DELETE", "faults"), ("GET", "requests")])
    def test_it_needs_the_token(self, raw, method, path):
        assert raw(method, f"/_standin/{path}", {"match": "", "kind": "database"}, token="other").status_code == 401
        assert raw("GET", "/v1/health").status_code == 200

    @pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"7"])
    def test_a_fault_that_is_not_one(self, raw, body):
        headers = {"Authorization": f"Bearer {SBC_TOKEN}"}
        assert requests.post(f"{raw.url}/_standin/faults", body, headers=headers, timeout=5).status_code == 400

    def test_its_health_is_open_to_all(self, raw):
        assert requests.get(f"{raw.url}/_standin/health", timeout=5).json() == {"ok": True}


class TestState:
    def test_a_rule_is_loaded_as_row_and_live(self, sbc_standin):
        assert sbc_standin.state.is_empty()
        sbc_standin.state.load([RuleRecord(NUMBER, "1", revision=9), RECORD])
        assert not sbc_standin.state.is_empty()
        assert sbc_standin.state.rules() == sbc_standin.state.live() == {NUMBER: RECORD}

    def test_a_rule_of_no_kind_is_not_loaded(self, sbc_standin):
        with pytest.raises(sqlite3.IntegrityError):
            sbc_standin.state.load([RECORD, RuleRecord(FICTION[0], "1", "blocked")])
        assert sbc_standin.state.is_empty()

    def test_the_live_copy_can_be_forgotten_and_the_row_be_changed(self, raw, sbc_standin):
        state = sbc_standin.state
        other = RuleRecord(FICTION[0], "104233")
        state.load([RECORD, other])
        state.forget_live(NUMBER)
        state.change_row(RuleRecord(FICTION[0], "7", revision=5))
        assert state.live() == {FICTION[0]: other}
        assert list(state.rules().values()) == [RuleRecord(FICTION[0], "7", revision=5), RECORD]
        raw("POST", "/v1/reload")
        assert state.live() == state.rules()

    def test_answers_come_in_an_order_nobody_may_rely_on(self, raw):
        asked = [{"number": number} for number in FICTION[:3]]
        answered = [item["number"] for item in raw("POST", "/v1/rules/query", asked).json()]
        assert answered == [*reversed(FICTION[:3])]

    def test_who_changed_what_is_logged(self, raw, sbc_standin):
        sbc_standin.state.load([RuleRecord(FICTION[0], "1", revision=9)])
        late = {**BODY[0], "number": FICTION[0]}
        raw("PUT", "/v1/rules", [*BODY, late], **{"X-Actor": "abc", "X-Request-Id": "run-1"})
        raw("POST", "/v1/rules/delete", [{"number": NUMBER}])
        assert sbc_standin.state.changes() == [
            Change("written", 2, 1, "abc", "run-1"),
            Change("deleted", 1, 1, "-", "-"),
        ]

    def test_it_survives_a_restart_at_the_same_address(self, tmp_path):
        with SbcStandin(tmp_path, SBC_TOKEN) as first:
            first.state.load([RECORD, RuleRecord(FICTION[0], "1")])
            first.state.forget_live(NUMBER)
            first.stop()
            first.start()
            url = first.url
            assert Raw(first)("GET", "/v1/health").status_code == 200
        with SbcStandin(tmp_path, SBC_TOKEN, port=int(url.rpartition(":")[2])) as second:
            assert second.url == url
            assert list(second.state.rules()) == [FICTION[0], NUMBER]
            assert list(second.state.live()) == [FICTION[0]]

    def test_another_process_sees_the_same(self, tmp_path):
        with SbcStandin(tmp_path, SBC_TOKEN) as standin:
            beside = SbcState(tmp_path / "sbc.db")
            beside.load([RECORD])
            asked = [{"number": NUMBER}]
            assert Raw(standin)("POST", "/v1/rules/query", asked).json()[0]["rule"]["account"] == "104233"
            beside.forget_live(NUMBER)
            assert Raw(standin)("POST", "/v1/rules/query", asked).json()[0]["rule"] is None
            beside.close()

    def test_a_load_in_many_batches_is_complete_and_an_account_is_found_by_an_index(self, tmp_path):
        state = SbcState(tmp_path / "sbc.db")
        state.load(RuleRecord(number, str(n % 100)) for n, number in enumerate(FICTION[:12_000]))
        assert len(state.rules()) == len(state.live()) == 12_000
        assert len(state.of_account("7", "", 1000)) == 120
        with sqlite3.connect(tmp_path / "sbc.db") as database:
            query = "EXPLAIN QUERY PLAN SELECT * FROM rule WHERE account = '7' AND number > '+6' ORDER BY number"
            (plan,) = database.execute(query).fetchall()
        database.close()
        assert "rule_account" in plan[3]
        state.clear()
        assert state.is_empty()
        state.close()


@pytest.mark.parametrize("token", ["", "two words", "line\n", "ключ"])
def test_a_token_that_fits_no_header_is_refused(tmp_path, token):
    with pytest.raises(ValueError, match="bearer token"):
        SbcStandin(tmp_path, token)


def lines_of(process, count):
    return [process.stdout.readline() for _ in range(count)]


def run(tmp_path, *arguments):
    command = [sys.executable, "-m", "lib", "standin", *arguments, "--data", str(tmp_path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_it_runs_by_itself_and_keeps_its_token_to_its_owner(tmp_path):
    told = []
    for _ in range(2):
        with run(tmp_path, "sbc", "--empty") as process:
            try:
                lines = lines_of(process, 2)
                url, token = (line.split()[-1] for line in lines)
                headers = {"Authorization": f"Bearer {token}"}
                assert requests.get(f"{url}/v1/health", headers=headers, timeout=5).status_code == 200
            finally:
                process.send_signal(signal.SIGTERM)
            assert (process.wait(10), process.stderr.read()) == (0, "")
        told.append(token)
    kept = tmp_path / "sbc-token"
    assert told == [kept.read_text()] * 2
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_all_of_them_run_side_by_side_with_the_data_of_the_demo(tmp_path):
    token = tmp_path / "token"
    token.write_text(f"{SBC_TOKEN}\n")
    with run(tmp_path, "all", "--demo", "--token-file", str(token)) as process:
        try:
            lines = lines_of(process, 6)
            zuora, sbc = lines[0].split()[-1], lines[3].split()[-1]
            assert lines[4].split()[-1] == SBC_TOKEN
            form = {"grant_type": "client_credentials", **json.loads((tmp_path / "zuora-credentials.json").read_text())}
            assert requests.post(f"{zuora}/oauth/token", data=form, timeout=5).status_code == 200
            headers = {"Authorization": f"Bearer {SBC_TOKEN}"}
            assert requests.get(f"{sbc}/v1/health", headers=headers, timeout=5).status_code == 200
            host, port = lines[5].split()[-1].split(":")
            with smtplib.SMTP(host, int(port), timeout=5) as mail:
                assert mail.noop()[0] == 250
        finally:
            process.send_signal(signal.SIGTERM)
        assert (process.wait(10), process.stderr.read()) == (0, "")
    state = SbcState(tmp_path / "sbc.db")
    assert not state.is_empty()
    state.close()
    assert not (tmp_path / "sbc-token").exists()
