"""Every way the SBC says no, and every answer that is not what a success looks like."""

import json
import pickle
from dataclasses import replace

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from lib.clients.errors import AuthFailed, Busy, Rejected, RemoteError, UnexpectedReply, Unreachable
from lib.clients.sbc import RULES_A_REQUEST
from tests.contract.conftest import FICTION, SBC_TOKEN, auth_rule

WHO = {"actor": "ada.lane@example.com", "track": "run-1"}
NUMBERS = ["+61491570006", "+61491570156", "+61491570157"]
RULES = [auth_rule(number) for number in NUMBERS]

CALLS = {
    "get": lambda sbc: sbc.get_rules(NUMBERS),
    "account": lambda sbc: sbc.rules_of_account("104233"),
    "put": lambda sbc: sbc.put_rules(RULES, **WHO),
    "delete": lambda sbc: sbc.delete_rules(NUMBERS, **WHO),
    "health": lambda sbc: sbc.health(),
}
OPERATIONS = {
    "get": "read 3 auth rules",
    "account": "read the auth rules of account 104233",
    "put": "write 3 auth rules",
    "delete": "delete 3 auth rules",
    "health": "report its health",
}
WRITES = {"put", "delete"}
every_call = pytest.mark.parametrize("name", CALLS)


def failure(sbc, name):
    with pytest.raises(RemoteError) as caught:
        CALLS[name](sbc)
    return caught.value


class TestRefusals:
    @every_call
    @pytest.mark.parametrize(
        ("status", "body", "kind", "maybe_done", "detail"),
        [
            (401, {"error": "unauthorized"}, AuthFailed, False, "HTTP 401"),
            (403, {"error": "address"}, AuthFailed, False, "this machine's address is not one it listens to"),
            (403, {"error": "port"}, AuthFailed, False, "this is not the port of its API"),
            (403, {"error": "client certificate"}, AuthFailed, False, "the client certificate is not the Hub's"),
            (503, {"error": "database"}, Busy, False, "its database did not answer"),
            (503, {"db": False}, Busy, False, "its database did not answer"),
            (500, {"error": "script"}, Busy, True, "HTTP 500"),
            (429, {}, Busy, False, "HTTP 429"),
            (504, {}, Unreachable, True, "HTTP 504"),
            (400, {"error": "json"}, Rejected, False, "it could not read the request"),
            (413, {"error": "x"}, Rejected, False, "the request has more items than it takes at once"),
            (422, {"error": "empty"}, Rejected, False, "the request was empty"),
            (422, {"error": "account"}, Rejected, False, "this is not an account number"),
            (422, {"error": "after"}, Rejected, False, "this is not a number to go on from"),
            (422, {"error": "something new, said by 0491 570 006"}, Rejected, False, "HTTP 422"),
            (404, {"error": "no such resource"}, UnexpectedReply, True, "HTTP 404"),
            (405, {}, UnexpectedReply, True, "HTTP 405"),
            (302, {}, UnexpectedReply, True, "HTTP 302"),
            (201, {}, UnexpectedReply, True, "HTTP 201"),
        ],
    )
    def test_each_has_a_class_and_our_own_words(self, scripted, make_sbc, name, status, body, kind, maybe_done, detail):
        scripted.replies.append(JSONResponse(body, status, {"Location": "http://127.0.0.1:9/"}))
        error = failure(make_sbc(scripted.url, attempts=1), name)
        assert type(error) is kind
        assert error.maybe_done is (maybe_done and name in WRITES)
        assert (error.system, error.operation, error.detail) == ("SBC", OPERATIONS[name], detail)
        assert error.status == status
        assert len(scripted.seen) == 1

    @every_call
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 500, 502, 503, 504, 200])
    def test_a_page_of_a_proxy_is_known_by_its_status_alone(self, scripted, make_sbc, name, status):
        page = HTMLResponse(f"<html>{SBC_TOKEN} secret internals</html>", status)
        scripted.replies.append(page)
        error = failure(make_sbc(scripted.url, attempts=1), name)
        assert f"HTTP {status}" in error.detail or status == 413
        assert "internals" not in str(error)

    @pytest.mark.parametrize(
        ("name", "body", "detail"),
        [
            ("put", {"error": "rule", "index": 1}, "it does not accept the rule of +61491570156"),
            ("put", {"error": "number twice", "index": 0}, "+61491570006 was sent twice in one request"),
            ("get", {"error": "number", "index": 2}, "it does not accept +61491570157"),
            ("delete", {"error": "number", "index": 0}, "it does not accept +61491570006"),
            ("put", {"error": "rule", "index": 3}, "it does not accept the rule of one of them"),
            ("put", {"error": "rule", "index": -1}, "it does not accept the rule of one of them"),
            ("put", {"error": "rule", "index": True}, "it does not accept the rule of one of them"),
            ("put", {"error": "rule", "index": "1"}, "it does not accept the rule of one of them"),
            ("put", {"error": "rule"}, "it does not accept the rule of one of them"),
            ("account", {"error": "number", "index": 0}, "it does not accept one of them"),
            ("put", {"error": ["rule"], "index": 1}, "HTTP 422"),
            ("put", ["rule"], "HTTP 422"),
        ],
    )
    def test_the_item_it_does_not_take_is_named(self, scripted, scripted_sbc, name, body, detail):
        scripted.replies.append(JSONResponse(body, 422))
        error = failure(scripted_sbc, name)
        assert (type(error), error.detail, error.maybe_done) == (Rejected, detail, False)

    def test_of_a_later_request_the_right_item_is_named(self, scripted, scripted_sbc):
        taken = JSONResponse({"received": RULES_A_REQUEST, "applied": RULES_A_REQUEST})
        scripted.replies += [taken, JSONResponse({"error": "rule", "index": 3}, 422)]
        with pytest.raises(Rejected) as caught:
            scripted_sbc.put_rules([auth_rule(number) for number in FICTION[:250]], **WHO)
        assert FICTION[RULES_A_REQUEST + 3] in caught.value.detail

    def test_the_sentence_is_whole(self, scripted, scripted_sbc):
        scripted.replies.append(JSONResponse({"error": "rule", "index": 1}, 422))
        assert str(failure(scripted_sbc, "put")) == (
            "SBC refused to write 3 auth rules: it does not accept the rule of +61491570156. Nothing was changed. "
            "Correct it, then try again. For SBC support: track run-1."
        )

    def test_an_error_survives_a_pickle(self, scripted, scripted_sbc):
        scripted.replies.append(JSONResponse({"error": "rule", "index": 1}, 422))
        error = failure(scripted_sbc, "put")
        again = pickle.loads(pickle.dumps(error))  # noqa: S301
        assert (type(again), vars(again), str(again)) == (type(error), vars(error), str(error))


GOOD_ROW = {"number": NUMBERS[0], "state": "allowed", "trunk": "syd-1", "rev": 1, "live": "104233,allowed,syd-1,1"}
GOOD_LIVE = {"account": "104233", "state": "allowed", "trunk": "syd-1", "rev": 1}


def answers(*lives):
    return [{"number": number, "rule": live} for number, live in zip(NUMBERS, lives, strict=True)]


class TestSuccessesThatAreNone:
    @every_call
    @pytest.mark.parametrize(
        "body", ["", "{", "null", "7", '"x"', "[null]", "[7]", "[[]]", "[{}]", "[" * 100_000, "NaN"]
    )
    def test_a_body_of_another_kind(self, scripted, scripted_sbc, name, body):
        scripted.replies.append(Response(body))
        error = failure(scripted_sbc, name)
        assert type(error) is UnexpectedReply
        assert error.maybe_done is (name in WRITES)
        assert len(scripted.seen) == 1

    @pytest.mark.parametrize(
        "body",
        [
            [],
            answers(None, None, None)[:2],
            [*answers(None, None, None)[:2], {"number": "+61491570158", "rule": None}],
            [*answers(None, None, None), {"number": "+61491570158", "rule": None}],
            [*answers(None, None, None), answers(None, None, None)[0]],
            [*answers(None, None, None)[:2], {"number": NUMBERS[2]}],
            [*answers(None, None, None)[:2], {"number": [NUMBERS[2]], "rule": None}],
            *(
                answers(None, GOOD_LIVE | changed, None)
                for changed in (
                    {"state": "blocked"},
                    {"state": None},
                    {"state": []},
                    {"account": ""},
                    {"account": 7},
                    {"account": None},
                    {"trunk": "a,b"},
                    {"trunk": None},
                    {"rev": "1"},
                    {"rev": -1},
                    {"rev": 1.5},
                    {"rev": True},
                    {"rev": 1_000_000_000},
                    {"rev": None},
                )
            ),
            answers(None, {}, None),
            answers(None, "104233,allowed,syd-1,1", None),
            {"number": NUMBERS[0], "rule": None},
        ],
    )
    def test_live_rules(self, scripted, scripted_sbc, body):
        scripted.replies.append(JSONResponse(body))
        assert type(failure(scripted_sbc, "get")) is UnexpectedReply

    def test_live_rules_are_matched_by_number_in_whatever_order(self, scripted, scripted_sbc):
        other = GOOD_LIVE | {"state": "suspended"}
        scripted.replies.append(JSONResponse(list(reversed(answers(GOOD_LIVE, None, other)))))
        assert list(scripted_sbc.get_rules(NUMBERS).values()) == [
            RULES[0],
            None,
            replace(RULES[2], state="suspended"),
        ]

    @pytest.mark.parametrize(
        "changed",
        [
            {"number": "61491570006"},
            {"number": None},
            {"state": "blocked"},
            {"trunk": ""},
            {"rev": "1"},
            {"rev": 1.0},
            *(
                {"live": live}
                for live in (
                    7,
                    [],
                    "x",
                    "104233,allowed,syd-1",
                    "104233,allowed,syd-1,1,2",
                    "104233,blocked,syd-1,1",
                    ",allowed,syd-1,1",
                    "104233,allowed,,1",
                    "104233,allowed,syd-1,",
                    "104233,allowed,syd-1,x",
                    "104233,allowed,syd-1,-1",
                    "104233,allowed,syd-1,٣",
                    "104233,allowed,syd-1,1000000000",
                )
            ),
        ],
    )
    def test_rows_of_an_account(self, scripted, scripted_sbc, changed):
        scripted.replies.append(JSONResponse([GOOD_ROW | changed]))
        assert type(failure(scripted_sbc, "account")) is UnexpectedReply

    @pytest.mark.parametrize("field", GOOD_ROW)
    def test_a_row_without_a_field(self, scripted, scripted_sbc, field):
        scripted.replies.append(JSONResponse([{name: value for name, value in GOOD_ROW.items() if name != field}]))
        assert type(failure(scripted_sbc, "account")) is UnexpectedReply

    def test_a_row_twice(self, scripted, scripted_sbc):
        scripted.replies.append(JSONResponse([GOOD_ROW, GOOD_ROW]))
        assert type(failure(scripted_sbc, "account")) is UnexpectedReply

    def test_the_same_page_again(self, scripted, scripted_sbc):
        scripted.replies.append(JSONResponse([GOOD_ROW | {"number": number} for number in FICTION[:1000]]))
        assert type(failure(scripted_sbc, "account")) is UnexpectedReply
        assert [json.loads(body)["after"] for body in scripted.bodies] == ["", FICTION[999]]

    @pytest.mark.parametrize(
        "body",
        [
            {"received": 3},
            {"applied": 3},
            {"received": 2, "applied": 2},
            {"received": 4, "applied": 3},
            {"received": 3, "applied": 4},
            {"received": 3, "applied": -1},
            {"received": "3", "applied": "3"},
            {"received": 3, "applied": None},
            {"received": 3.0, "applied": 3},
            {"received": True, "applied": True},
        ],
    )
    def test_what_was_written(self, scripted, scripted_sbc, body):
        scripted.replies.append(JSONResponse(body))
        error = failure(scripted_sbc, "put")
        assert (type(error), error.maybe_done) == (UnexpectedReply, True)

    @pytest.mark.parametrize("body", [{}, {"deleted": 2}, {"deleted": 4}, {"deleted": "3"}, {"deleted": None}])
    def test_what_was_deleted(self, scripted, scripted_sbc, body):
        scripted.replies.append(JSONResponse(body))
        error = failure(scripted_sbc, "delete")
        assert (type(error), error.maybe_done) == (UnexpectedReply, True)

    @pytest.mark.parametrize(
        "body", [{"db": True}, {"db": False, "version": "x"}, {"db": 1, "version": "x"}, {"db": True, "version": 5}]
    )
    def test_health(self, scripted, scripted_sbc, body):
        scripted.replies.append(JSONResponse(body))
        assert type(failure(scripted_sbc, "health")) is UnexpectedReply

    @pytest.mark.parametrize("told", ["000", [0], ["000", None], {"000": True}, None, ["<b>"], ["+61370100001"]])
    def test_health_with_emergency_numbers_that_are_not_numbers(self, scripted, scripted_sbc, told):
        scripted.replies.append(JSONResponse({"db": True, "version": "x", "emergency": told}))
        assert type(failure(scripted_sbc, "health")) is UnexpectedReply

    @pytest.mark.parametrize(
        ("told", "emergency"), [({}, None), ({"emergency": []}, ()), ({"emergency": ["111"]}, ("111",))]
    )
    def test_health_of_an_sbc_that_says_nothing_of_emergency_calls(self, scripted, scripted_sbc, told, emergency):
        scripted.replies.append(JSONResponse({"db": True, "version": "x", **told}))
        assert scripted_sbc.health().emergency == emergency
