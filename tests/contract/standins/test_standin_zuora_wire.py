"""The stand-in without our client: it does what Zuora documents."""

import sqlite3
import time

import pytest
import requests

from lib.standins.zuora import ZuoraState
from tests.contract.conftest import CLIENT_ID, CLIENT_SECRET, contact, record

NEW = "2025-08-12"


class Raw:
    """Plain requests with a token."""

    def __init__(self, standin) -> None:
        self.url = standin.url
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        self.token = requests.post(f"{self.url}/oauth/token", data=form, timeout=5).json()

    def __call__(self, method, path, version=NEW, headers=(), **given):
        sent = {"Authorization": f"Bearer {self.token['access_token']}", **dict(headers)}
        if version:
            sent["zuora-version"] = version
        return requests.request(method, self.url + path, headers=sent, timeout=5, **given)

    def admin(self, method, path, **given):
        headers = {"Authorization": f"Bearer {CLIENT_SECRET}"}
        return requests.request(method, f"{self.url}/_standin/{path}", headers=headers, timeout=5, **given)


@pytest.fixture
def raw(zuora_standin):
    return Raw(zuora_standin)


def codes(reply):
    return [reason["code"] for reason in reply.json()["reasons"]]


def test_token(raw):
    assert raw.token["expires_in"] == 3599
    assert raw.token["token_type"] == "bearer"


@pytest.mark.parametrize(
    ("client_id", "secret", "grant", "status"),
    [
        (CLIENT_ID[:-1], CLIENT_SECRET, "client_credentials", 401),
        (CLIENT_ID, "wrong", "client_credentials", 401),
        (CLIENT_ID, CLIENT_SECRET, "password", 400),
    ],
)
def test_a_token_is_given_to_its_client_only(zuora_standin, client_id, secret, grant, status):
    form = {"grant_type": grant, "client_id": client_id, "client_secret": secret}
    assert requests.post(f"{zuora_standin.url}/oauth/token", data=form, timeout=5).status_code == status


@pytest.mark.parametrize("token", ["", "x", "zz-aa-bb", "ffffffff-00-" + "0" * 40])
def test_401_shapes(raw, token):
    headers = {"Authorization": f"Bearer {token}"}
    new = raw("GET", "/v1/accounts/1", headers=headers)
    assert new.status_code == 401
    assert new.json() == {
        "success": False,
        "reasons": [{"code": "90000011", "message": "Authentication error"}],
    }
    old = raw("GET", "/v1/accounts/1", version=None, headers=headers)
    assert (old.status_code, old.json()) == (401, {"message": "Authentication error"})
    assert "WWW-Authenticate" in old.headers


def test_the_account_has_its_published_shape(raw, zuora_standin):
    shared = contact(work_email="ada@example.com", zip_code="3000")
    emails = ("a@example.com", "b@example.com")
    zuora_standin.state.load([record("7001", bill_to=shared, sold_to=shared, additional_email_addresses=emails)])
    body = raw("GET", "/v1/accounts/7001").json()
    assert set(body) >= {"basicInfo", "billToContact", "soldToContact", "billingAndPayment", "metrics"}
    assert body["success"] is True
    assert body["basicInfo"]["accountNumber"] == "7001"
    assert body["basicInfo"]["parentId"] is None
    assert body["billToContact"] == body["soldToContact"]
    assert body["billToContact"]["zipCode"] == "3000"
    assert body["billingAndPayment"]["additionalEmailAddresses"] == list(emails)
    assert body["metrics"]["balance"] == 1234.56


@pytest.mark.parametrize(("version", "status"), [(None, 200), ("211.0", 200), ("2024-05-19", 200), (NEW, 404)])
def test_the_minor_version_decides_the_status(raw, version, status):
    reply = raw("GET", "/v1/accounts/404", version=version)
    assert reply.status_code == status
    body = reply.json()
    assert body["success"] is False
    assert codes(reply) == [50000040]
    assert body["requestId"] == reply.headers["Zuora-Request-Id"]
    assert len(reply.headers["Zuora-Request-Id"]) == 36
    assert body["processId"]


def test_codes_can_be_strings(raw, zuora_standin):
    zuora_standin.switches.string_codes = True
    assert codes(raw("GET", "/v1/accounts/404")) == ["50000040"]


def test_the_track_id_comes_back(raw):
    reply = raw("GET", "/v1/accounts/404", headers={"Zuora-Track-Id": "run-7"})
    assert reply.headers["Zuora-Track-Id"] == "run-7"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 415),
        ({"data": "{"}, 400),
        ({"json": []}, 400),
        ({"json": {"name": "X"}, "headers": {"Idempotency-Key": "k"}}, 400),
        ({"json": {"name": ""}}, 400),
        ({"json": {"name": None}}, 400),
        ({"json": {"name": "x" * 256}}, 400),
        ({"json": {"name": "smile 😀"}}, 400),
        ({"json": {"parentId": None}}, 400),
        ({"json": {"parentId": "nobody"}}, 400),
        ({"json": {"colour": "red"}}, 400),
        ({"json": {}}, 200),
        ({"json": {"name": "x" * 255}}, 200),
        ({"json": {"parentId": ""}}, 200),
        ({"json": {"notes": ""}}, 200),
    ],
)
def test_put(raw, zuora_standin, given, status):
    zuora_standin.state.load([record("7001", notes="old")])
    reply = raw("PUT", "/v1/accounts/7001", **given)
    assert (reply.status_code, reply.json()["success"]) == (status, status == 200)
    after = raw("GET", "/v1/accounts/7001").json()["basicInfo"]
    if status != 200:
        assert after["name"] == "Acme Pty Ltd"
    assert after["notes"] == ("" if "notes" in given.get("json", {}) else "old")


def test_a_null_parent_can_be_ignored_but_never_clears(raw, zuora_standin):
    parent = record("7000")
    zuora_standin.state.load([parent, record("7001", parent_id=parent.id)])
    zuora_standin.switches.null_parent = "ignore"
    assert raw("PUT", "/v1/accounts/7001", json={"parentId": None}).json() == {"success": True}
    assert raw("GET", "/v1/accounts/7001").json()["basicInfo"]["parentId"] == parent.id


class TestObjectQuery:
    def ask(self, raw, *filters, **given):
        params = [("filter[]", text) for text in filters] + list(given.items())
        return raw("GET", "/object-query/accounts", params=params)

    def test_pages_nulls_and_missing_success(self, raw, zuora_standin):
        zuora_standin.state.load([record(str(7000 + n)) for n in range(25)])
        seen, cursor, sizes = set(), None, []
        while True:
            body = self.ask(raw, **({"cursor": cursor} if cursor else {})).json()
            assert "success" not in body
            sizes.append(len(body["data"]))
            seen |= {row["accountNumber"] for row in body["data"]}
            cursor = body.get("nextPage")
            if cursor is None:
                break
        assert (len(seen), sizes) == (25, [10, 10, 5])
        assert "nextPage" not in body
        assert "parentId" not in body["data"][0]
        full = self.ask(raw, pageSize="50", includeNullFields="true").json()
        assert full["nextPage"] is None
        assert full["data"][0]["parentId"] is None

    @pytest.mark.parametrize("size", ["0", "51", "99", "-1", "ten", "²"])
    def test_page_sizes(self, raw, size):
        assert self.ask(raw, pageSize=size).status_code == 400

    @pytest.mark.parametrize(
        ("text", "numbers"),
        [
            ("accountnumber.EQ:7002", {"7002"}),
            ("accountnumber.IN:[7001,7003,1]", {"7001", "7003"}),
            ("name.SW:aCm", {"7001"}),
            ("name.SW:50%", {"7003"}),
            ("name.EQ:BETA", {"7002"}),
            ("status.NE:Active", {"7003"}),
            ("parentid.EQ:null", {"7001"}),
            ("parentid.NE:null", {"7002", "7003"}),
        ],
    )
    def test_filters(self, raw, zuora_standin, text, numbers):
        top = record("7001", "Acme")
        below = [
            record("7002", "Beta", parent_id=top.id),
            record("7003", "50% Off", parent_id=top.id, status="Canceled"),
        ]
        zuora_standin.state.load([top, *below])
        assert {row["accountNumber"] for row in self.ask(raw, text).json()["data"]} == numbers
        both = self.ask(raw, text, "accountnumber.EQ:7009").json()
        assert both["data"] == []

    @pytest.mark.parametrize("text", ["colour.EQ:red", "name.LIKE:x", "name", "name.IN:x"])
    def test_errors_by_version(self, raw, text):
        new = self.ask(raw, text)
        assert new.status_code == 400
        assert set(new.json()) == {"reasons", "requestId"}
        assert codes(new) == [50000027]
        old = raw("GET", "/object-query/accounts", version="2024-05-20", params={"filter[]": text})
        assert old.json()["success"] is False

    def test_a_made_up_cursor_is_refused(self, raw):
        assert self.ask(raw, cursor="e30=").status_code == 400
        assert self.ask(raw, cursor="???").status_code == 400


class TestActions:
    def act(self, raw, **part):
        return raw("POST", "/v1/action/update", json={"type": "Account", "objects": [part]}).json()[0]

    def test_fields_to_null_clears_the_parent(self, raw, zuora_standin):
        parent = record("7000")
        child = record("7001", parent_id=parent.id)
        zuora_standin.state.load([parent, child])
        assert self.act(raw, Id=child.id, fieldsToNull=["ParentId"]) == {"Success": True, "Id": child.id}
        assert raw("GET", "/v1/accounts/7001").json()["basicInfo"]["parentId"] is None

    def test_failures_have_the_older_shape(self, raw, zuora_standin):
        gone = record("7001", status="Canceled")
        zuora_standin.state.load([gone])
        for part, code in (
            ({}, "MISSING_REQUIRED_VALUE"),
            ({"Id": "x"}, "INVALID_ID"),
            ({"Id": gone.id, "Name": "X"}, "INVALID_VALUE"),
        ):
            answer = self.act(raw, **part)
            assert answer["Success"] is False
            assert answer["Errors"][0]["Code"] == code
        reply = raw("POST", "/v1/action/update", json={"type": "Boat", "objects": []})
        assert "FaultCode" in reply.json()


class TestFaults:
    def add(self, raw, **fault):
        reply = raw.admin("POST", "faults", json={"match": "GET /v1/accounts", **fault})
        assert reply.status_code == 204, reply.text

    @pytest.mark.parametrize(
        ("kind", "status"),
        [
            ("429", 429),
            ("lock", 409),
            ("temporary", 500),
            ("html502", 502),
            ("html504", 504),
            ("success_false", 200),
            ("unauthorized", 401),
            ("expired_token", 401),
        ],
    )
    def test_statuses(self, raw, zuora_standin, kind, status):
        zuora_standin.state.load([record("7001")])
        self.add(raw, kind=kind, times=1, retry_after=2, reset=3)
        first = raw("GET", "/v1/accounts/7001")
        assert first.status_code == status
        if kind == "429":
            assert (first.headers["Retry-After"], first.headers["ratelimit-reset"]) == ("2", "3")
        if kind == "success_false":
            assert first.json()["success"] is False
        if kind.startswith("html"):
            assert first.headers["Content-Type"].startswith("text/html")
        assert raw("GET", "/v1/accounts/7001").status_code == (401 if kind == "expired_token" else 200)

    @pytest.mark.parametrize(("kind", "done"), [("drop_before", False), ("drop_after", True), ("truncate", True)])
    def test_a_cut_connection(self, raw, zuora_standin, kind, done):
        zuora_standin.state.load([record("7001")])
        self.add(raw, match="PUT /v1/accounts/7001", kind=kind, times=1)
        broken = requests.exceptions.ChunkedEncodingError if kind == "truncate" else requests.ConnectionError
        with pytest.raises(broken) as caught:
            raw("PUT", "/v1/accounts/7001", json={"name": "Changed"})
        # Cut, not left open: the caller notices at once.
        assert not isinstance(caught.value, requests.Timeout)
        name = raw("GET", "/v1/accounts/7001").json()["basicInfo"]["name"]
        assert name == ("Changed" if done else "Acme Pty Ltd")

    def test_cut_connections_need_a_token_to_have_an_effect(self, raw, zuora_standin):
        zuora_standin.state.load([record("7001")])
        self.add(raw, match="PUT", kind="drop_after", times=1)
        with pytest.raises(requests.ConnectionError):
            raw("PUT", "/v1/accounts/7001", json={"name": "X"}, headers={"Authorization": "Bearer no"})
        assert raw("GET", "/v1/accounts/7001").json()["basicInfo"]["name"] == "Acme Pty Ltd"

    def test_latency_comes_with_another_fault(self, raw):
        self.add(raw, kind="429")
        self.add(raw, kind="latency", seconds=0.2)
        began = time.monotonic()
        assert raw("GET", "/v1/accounts/7001").status_code == 429
        assert time.monotonic() - began >= 0.2
        assert raw.admin("DELETE", "faults").status_code == 204
        assert raw("GET", "/v1/accounts/7001").status_code == 404

    def test_requests_are_counted_without_administration(self, raw):
        raw("GET", "/v1/accounts/7001")
        assert raw.admin("GET", "requests").json() == {
            "count": 2,
            "requests": ["POST /oauth/token", "GET /v1/accounts/7001"],
        }

    @pytest.mark.parametrize(
        "fault",
        [{"kind": "fire"}, {"kind": "lock", "times": 0}, {"kind": "lock", "when": 1}, {"kind": "lock", "times": "2"}],
    )
    def test_a_wrong_fault_is_refused(self, raw, fault):
        assert raw.admin("POST", "faults", json={"match": "GET", **fault}).status_code == 400

    @pytest.mark.parametrize(("method", "path"), [("POST", "faults"), ("DELETE", "faults"), ("GET", "requests")])
    def test_administration_needs_the_secret(self, raw, method, path):
        assert raw(method, f"/_standin/{path}", version=None).status_code == 401


def test_a_load_in_many_batches_is_complete_and_the_query_for_children_uses_an_index(tmp_path):
    state = ZuoraState(tmp_path / "zuora.db")
    assert state.is_empty()
    person = contact()
    state.load(
        record(str(n), id=f"{n:032x}", parent_id=f"{n // 100:032x}", bill_to=person, sold_to=person)
        for n in range(12_000)
    )
    assert not state.is_empty()
    assert len(state.find_accounts("1", [], "", 20_000)) == 12_000
    assert len(state.find_accounts("parent_id = ?", [f"{7:032x}"], "", 99)) == 99
    with sqlite3.connect(tmp_path / "zuora.db") as database:
        (plan,) = database.execute("EXPLAIN QUERY PLAN SELECT * FROM account WHERE parent_id = 'x'").fetchall()
    database.close()
    assert "account_parent" in plan[3]
    state.clear()
    assert state.is_empty()
    state.close()


def test_it_runs_by_itself_and_keeps_its_credentials_to_its_owner(tmp_path):
    import json
    import signal
    import stat
    import subprocess
    import sys

    command = [sys.executable, "-m", "lib", "standin", "zuora", "--data", str(tmp_path), "--empty"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(3)]
        url = lines[0].split()[-1]
        kept = json.loads((tmp_path / "zuora-credentials.json").read_text())
        form = {"grant_type": "client_credentials", **kept}
        try:
            assert requests.post(f"{url}/oauth/token", data=form, timeout=5).status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
        assert (process.wait(10), process.stderr.read()) == (0, "")
    assert kept["client_id"] in lines[1]
    assert stat.S_IMODE((tmp_path / "zuora-credentials.json").stat().st_mode) == 0o600


def test_a_kept_connection_is_answered_without_delay(raw, zuora_standin):
    zuora_standin.state.load([record("7001")])
    took = []
    with requests.Session() as session:
        for _ in range(10):
            began = time.monotonic()
            headers = {"Authorization": f"Bearer {raw.token['access_token']}"}
            session.get(f"{raw.url}/v1/accounts/7001", headers=headers, timeout=5)
            took.append(time.monotonic() - began)
    # Nagle's delay would cost every answer but the first 40 ms, however fast the machine.
    assert min(took[1:]) < 0.03
