"""The SBC's provisioning API without the token, and with values that contain SQL."""

import contextlib
import http.client
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.kamailio import HOST, Kamailio, require_kamailio, sbc_database

NUMBER, OTHER = "+61491570006", "+61491570156"
RULE = {"number": NUMBER, "account": "1001", "state": "suspended", "trunk": "syd-1", "rev": 7}
ROUTES = [
    ("GET", "/v1/health", None),
    ("PUT", "/v1/rules", [{**RULE, "state": "allowed", "rev": 8}]),
    ("POST", "/v1/rules/query", [{"number": NUMBER}]),
    ("POST", "/v1/rules/by-account", {"account": "1001"}),
    ("POST", "/v1/rules/delete", [{"number": NUMBER}]),
    ("POST", "/v1/rules/forget", [{"number": NUMBER}]),
    ("POST", "/v1/rules/revisions", [{"number": NUMBER}]),
    ("POST", "/v1/reload", None),
    ("POST", "/RPC", {"jsonrpc": "2.0", "id": 1, "method": "htable.dump", "params": ["rules"]}),
    ("GET", "/", None),
]


@dataclass
class Guarded:
    """An SBC with one rule, and direct access to its table."""

    sbc: Kamailio
    database: str

    def rows(self) -> list[tuple]:
        query = "select number, account, state, trunk, rev from sbc_rule order by number"
        if self.database == "sqlite":
            with contextlib.closing(sqlite3.connect(self.sbc.folder / "data" / "rules.db")) as connection:
                return connection.execute(query).fetchall()
        with psycopg.connect(self.database) as connection:
            return connection.execute(query).fetchall()

    def live(self) -> Any:
        return self.sbc.call("POST", "/v1/rules/query", [{"number": NUMBER}, {"number": OTHER}])

    def reset(self) -> None:
        """Restore the one rule, whatever the test before did."""
        numbers = [{"number": NUMBER}, {"number": OTHER}]
        assert self.sbc.call("POST", "/v1/rules/forget", numbers) == (200, {"forgotten": 2})
        assert self.sbc.call("PUT", "/v1/rules", [RULE]) == (200, {"received": 1, "applied": 1})

    @contextlib.contextmanager
    def unchanged(self) -> Iterator[None]:
        self.reset()
        before = self.rows(), self.live()
        assert before[0] == [tuple(RULE.values())]
        yield
        assert (self.rows(), self.live()) == before


@pytest.fixture(scope="module")
def _running(tmp_path_factory) -> Iterator[Guarded]:
    require_kamailio()
    with Kamailio(tmp_path_factory.mktemp("guarded")) as sbc:
        yield Guarded(sbc, "sqlite")


@pytest.fixture(scope="module")
def _running_on_postgres(tmp_path_factory, postgres_url) -> Iterator[Guarded]:
    require_kamailio()
    with sbc_database(postgres_url) as url, Kamailio(tmp_path_factory.mktemp("guarded-pg"), url) as sbc:
        yield Guarded(sbc, url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def guarded(request) -> Iterator[Guarded]:
    """The SBC on each database; the test must leave it as it was."""
    made = request.getfixturevalue("_running" if request.param == "sqlite" else "_running_on_postgres")
    with made.unchanged():
        yield made


@pytest.fixture
def on_sqlite(_running) -> Iterator[Guarded]:
    with _running.unchanged():
        yield _running


# ---- who may ask


def wrong_spellings(token: str) -> list[dict[str, str]]:
    texts = ["", "Bearer", "Bearer ", "Bearer null", token, f"bearer {token}", f"BEARER {token}", f"Bearer  {token}"]
    texts += [f"Bearer {token} ", f"Bearer {token}x", f"Bearer {token[:-1]}", f"Bearer {token.swapcase()}"]
    texts += [f"Basic {token}", f'Bearer "{token}"', f"Bearer {token}, Bearer {token}", "Bearer " + "0" * 64]
    return [{}, *({"Authorization": text} for text in texts), {"X-Authorization": f"Bearer {token}"}]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=[path for _, path, _ in ROUTES])
def test_nobody_gets_in_without_the_token(on_sqlite, method, path, body):
    sbc = on_sqlite.sbc
    sent = None if body is None else json.dumps(body).encode()
    for headers in wrong_spellings(sbc.token):
        assert sbc.request(method, path, sent, headers) == (401, '{"error":"unauthorized"}'), headers
    assert sbc.request(method, f"{path}?token={sbc.token}", sent, {})[0] == 401


def test_without_tls_it_talks_to_this_machine_alone(on_sqlite):
    """The launcher then gives it a loopback address; requests from another address are refused, with or without the
    token."""
    sbc = on_sqlite.sbc
    connection = http.client.HTTPConnection(HOST, sbc.http_port, timeout=10, source_address=("127.0.0.2", 0))
    with contextlib.closing(connection):
        connection.request("GET", "/v1/health", headers={"Authorization": f"Bearer {sbc.token}"})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (403, b'{"error":"address"}')


def test_what_is_no_route_is_not_found(on_sqlite):
    sbc = on_sqlite.sbc
    for method, path, body in ROUTES[1:8]:
        wrong = "GET" if method == "PUT" else "PUT"
        for asked in [(method, path + "/"), (method, path.upper()), (method, path + "?a=1"), (wrong + "X", path)]:
            assert sbc.call(*asked, body) == (404, {"error": "no such resource"}), asked


def test_json_rpc_is_closed(on_sqlite):
    for path in ("/RPC", "/rpc", "/jsonrpc", "/v1/rpc"):
        for method in ("core.kill", "htable.flush", "htable.dump", "core.version"):
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": ["rules"]}
            assert on_sqlite.sbc.call("POST", path, body)[0] == 404


# ---- values that want to be more

SQL = [
    "'",
    "''",
    "x' or '1'='1",
    "x'); delete from sbc_rule; --",
    "x' /*",
    "\\'; drop table sbc_rule; --",
    "$$; drop table sbc_rule; $$",
    "0 union select number from sbc_rule",
    "７",
    "ʼ or 1=1",
    "%27",
    "\u2028",
    "\u0000",
    "\ud83d\ude00",
    "$var(sql)",
    "$sht(rules=>+61491570006)",
    "",
    " ",
    "A" * 100_000,
    None,
    [],
    ["x"],
    {},
    {"number": NUMBER},
]
GOOD = {"number": NUMBER, "account": "1001", "state": "allowed", "trunk": "syd-1", "rev": 9}
# Two ways to hide text after a line's end, where the `$` of a pattern might already match.
AROUND_A_LINE = ["{}\n", "{}\r\n", "\n{}", "{}\n'; drop table sbc_rule; --", "{}\u0085", "{}\u0000", "{},", "{};--"]


def spoiled(field: str) -> list[Any]:
    return [*SQL, *(form.format(GOOD[field]) for form in AROUND_A_LINE)]


WRONG_KINDS = {
    "number": [
        61491570006,
        True,
        1.5,
        "61491570006",
        "+0491570006",
        "+" + "6" * 16,
        "+61491570006;x=1",
        "＋61491570006",
    ],
    "account": [1.5, "a b", "a" * 33, "ä", "a,b", "a.b"],
    "state": [1, True, "ALLOWED", "Allowed", "allowed ", "suspended,allowed", "unknown"],
    "trunk": [1.5, "a b", "a" * 33, "ä", "a,b", "syd.1"],
    "rev": [-1, 1.5, 1e20, 10**9, 2**31, 2**63, 2**64, "-1", "1.0", "0x1", "1e3", "+1", " 1", "1'", "٣", "NaN"],
}


@pytest.mark.parametrize("field", GOOD)
def test_a_rule_with_a_spoiled_value_is_refused_whole(guarded, field):
    for value in spoiled(field) + WRONG_KINDS[field]:
        body = [{**GOOD, "number": OTHER}, {**GOOD, field: value}]
        status, answer = guarded.sbc.call("PUT", "/v1/rules", body)
        assert (status, answer) in [(422, {"error": "rule", "index": 1}), (400, {"error": "json"})], repr(value)[:80]
    missing = {name: value for name, value in GOOD.items() if name != field}
    assert guarded.sbc.call("PUT", "/v1/rules", [missing]) == (422, {"error": "rule", "index": 0})


@pytest.mark.parametrize("path", ["/v1/rules/query", "/v1/rules/delete", "/v1/rules/forget", "/v1/rules/revisions"])
def test_a_spoiled_number_is_refused(guarded, path):
    for value in spoiled("number") + WRONG_KINDS["number"]:
        status, answer = guarded.sbc.call("POST", path, [{"number": OTHER}, {"number": value}])
        assert (status, answer) in [(422, {"error": "number", "index": 1}), (400, {"error": "json"})], repr(value)[:80]


def test_a_spoiled_account_or_page_is_refused(guarded):
    ask = guarded.sbc.call
    for value in spoiled("account") + WRONG_KINDS["account"]:
        status, answer = ask("POST", "/v1/rules/by-account", {"account": value})
        assert (status, answer) in [(422, {"error": "account"}), (400, {"error": "json"})], repr(value)[:80]
    for value in spoiled("number") + WRONG_KINDS["number"]:
        if value not in ("", None):
            status, answer = ask("POST", "/v1/rules/by-account", {"account": "1001", "after": value})
            assert (status, answer) in [(422, {"error": "after"}), (400, {"error": "json"})], repr(value)[:80]
    for body in ([], [{"account": "1001"}], "1001", 1, None):
        assert ask("POST", "/v1/rules/by-account", body)[0] in (400, 422)


@pytest.mark.parametrize("path", ["/v1/rules", "/v1/rules/query", "/v1/rules/delete"])
def test_what_is_no_list_of_objects_is_refused(guarded, path):
    sbc = guarded.sbc
    method = "PUT" if path == "/v1/rules" else "POST"
    headers = {"Authorization": f"Bearer {sbc.token}"}
    rule = json.dumps(GOOD)
    broken = ["", "{", "[", "[{]", f"[{rule}", f"{rule}", "null", "true", "1", '"x"', "[{}]]", f"[{rule}]x", "\ufeff[]"]
    for text in broken:
        assert sbc.request(method, path, text.encode(), headers) == (400, '{"error":"json"}'), text
    for text in (b"\xff\xfe[]", b'[{"number":"\xe9"}]', b"[" * 100_000):
        assert sbc.request(method, path, text, headers)[0] == 400
    for text in ("[1]", "[null]", '["x"]', "[[]]", f"[[{rule}]]", "[{}]", f"[{rule},1]", f'{{"items":[{rule}]}}'):
        assert sbc.request(method, path, text.encode(), headers)[0] in (400, 422), text
    twice = rule[:-1] + ',"number":"+61491570157"}'
    assert sbc.request(method, path, f"[{twice}]".encode(), headers) == (400, '{"error":"json"}')


@pytest.mark.parametrize("path", ["/v1/rules", "/v1/rules/query", "/v1/rules/delete"])
def test_too_much_at_once_is_refused(guarded, path):
    method = "PUT" if path == "/v1/rules" else "POST"
    many = [{**GOOD, "number": f"+6125550{i:04}"} for i in range(1001)]
    assert guarded.sbc.call(method, path, many) == (413, {"error": "at most 1000 items"})
    padded = [{**GOOD, "padding": "x" * 600_000}]
    assert guarded.sbc.call(method, path, padded) == (413, {"error": "at most 1000 items"})
    # If it is larger than the buffer, the connection ends without an answer.
    with pytest.raises((http.client.HTTPException, OSError)):
        guarded.sbc.call(method, path, [{**GOOD, "padding": "x" * 1_500_000}])


def test_a_number_twice_in_one_request_is_refused(guarded):
    body = [{**GOOD, "number": OTHER}, GOOD, {**GOOD, "rev": 10}]
    assert guarded.sbc.call("PUT", "/v1/rules", body) == (422, {"error": "number twice", "index": 1})


@pytest.mark.parametrize("value", ["1000.0", "true", "false", "1e3", "22.0", "2.3E1", "-1", "0.5", "[1]"])
@pytest.mark.parametrize("key", ["rev", "r\\u0065v", "\\u0072ev"])
def test_a_revision_is_a_whole_number(guarded, value, key):
    sbc = guarded.sbc
    headers = {"Authorization": f"Bearer {sbc.token}"}
    for method, path in [("PUT", "/v1/rules"), ("POST", "/v1/rules/delete")]:
        body = json.dumps([{**GOOD, "number": OTHER}, {**GOOD, "rev": 12345}]).replace(
            '"rev": 12345', f'"{key}" : {value}'
        )
        status, text = sbc.request(method, path, body.encode(), headers)
        assert (status, text) == (422, '{"error":"rule","index":1}')


def test_a_value_that_looks_like_a_revision_does_no_harm(_running):
    rule = {**RULE, "number": OTHER, "rev": 21, "note": '"rev": 1.0', "more": [1.5, True], "\u00e4": {"x": 1.0}}
    assert _running.sbc.call("PUT", "/v1/rules", [rule]) == (200, {"received": 1, "applied": 1})
    assert _running.sbc.call("PUT", "/v1/rules", [{**RULE, "number": OTHER, "rev": "22"}])[0] == 200
    assert _running.rows()[-1] == (OTHER, "1001", "suspended", "syd-1", 22)
    assert _running.sbc.call("POST", "/v1/rules/forget", [{"number": OTHER}]) == (200, {"forgotten": 1})
