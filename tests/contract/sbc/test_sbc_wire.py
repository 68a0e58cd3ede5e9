"""The SBC's provisioning API without our client: the stand-in answers as the real SBC does."""

import json

import pytest
import requests

from tests.contract.conftest import SBC_TOKEN, auth_rule, new_account

GOOD = {"account": "104233", "state": "allowed", "trunk": "syd-1", "rev": 1}
NUMBER = "+61491570006"


@pytest.fixture
def ask(sbc_server):
    """One request with the token, and the status and JSON of its answer."""

    def ask(method, path, body=None, *, raw=None, token=SBC_TOKEN, headers=None):
        data = raw if raw is not None else json.dumps(body)
        given = {"Authorization": f"Bearer {token}"} if headers is None else headers
        reply = requests.request(method, sbc_server.url + path, data=data, headers=given, timeout=10)
        return reply.status_code, reply.json()

    return ask


def rule(number, **changed):
    return {"number": number, **GOOD, **changed}


PATHS = [
    ("GET", "/v1/health"),
    ("PUT", "/v1/rules"),
    ("POST", "/v1/rules/query"),
    ("POST", "/v1/rules/by-account"),
    ("POST", "/v1/rules/delete"),
    ("POST", "/v1/reload"),
]


class TestTheToken:
    @pytest.mark.parametrize(("method", "path"), [*PATHS, ("GET", "/v1/nothing")])
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": "Bearer "},
            {"Authorization": "Bearer not-the-token-of-these-tests"},
            {"Authorization": f"Bearer {SBC_TOKEN}x"},
            {"Authorization": f"Bearer {SBC_TOKEN[:-1]}"},
            {"Authorization": f"Basic {SBC_TOKEN}"},
            {"Authorization": SBC_TOKEN},
        ],
        ids=["none", "empty", "other", "longer", "shorter", "basic", "bare"],
    )
    def test_without_it_nothing_is_answered(self, ask, method, path, headers):
        assert ask(method, path, [rule(NUMBER)], headers=headers) == (401, {"error": "unauthorized"})

    def test_without_it_nothing_is_done(self, ask, sbc_server):
        (number,) = sbc_server.numbers(1)
        ask("PUT", "/v1/rules", [rule(number)])
        ask("POST", "/v1/rules/delete", [{"number": number}], token="other")
        ask("PUT", "/v1/rules", [rule(number, rev=2)], token="other")
        assert ask("POST", "/v1/rules/query", [{"number": number}])[1] == [{"number": number, "rule": GOOD}]

    def test_the_refusal_says_what_is_wanted(self, sbc_server):
        reply = requests.get(f"{sbc_server.url}/v1/health", timeout=10)
        assert reply.headers["WWW-Authenticate"] == "Bearer"


class TestAnswers:
    def test_health(self, ask):
        status, body = ask("GET", "/v1/health", raw="")
        assert (status, body["db"], set(body)) == (200, True, {"db", "version", "emergency"})
        assert body["emergency"] == ["000", "106", "112"]

    def test_a_rule_written_asked_for_and_deleted(self, ask, sbc_server):
        known, unknown = sbc_server.numbers(2)
        account = new_account()
        assert ask("PUT", "/v1/rules", [rule(known, account=account)]) == (200, {"received": 1, "applied": 1})
        status, found = ask("POST", "/v1/rules/query", [{"number": known}, {"number": unknown}])
        assert status == 200
        # In whatever order.
        assert sorted(found, key=lambda item: item["number"]) == [
            {"number": known, "rule": GOOD | {"account": account}},
            {"number": unknown, "rule": None},
        ]
        assert ask("POST", "/v1/rules/by-account", {"account": account}) == (
            200,
            [{"number": known, "state": "allowed", "trunk": "syd-1", "rev": 1, "live": f"{account},allowed,syd-1,1"}],
        )
        both = [{"number": known}, {"number": unknown}]
        assert ask("POST", "/v1/rules/delete", both) == (200, {"deleted": 2})
        assert ask("POST", "/v1/rules/by-account", {"account": account}) == (200, [])

    @pytest.mark.parametrize(
        ("revisions", "stays"),
        [
            ([{"rev": 3}], True),
            ([{"rev": 3}, {"rev": 4}], True),
            ([{"rev": 3}, {}], False),
            ([{}, {"rev": 3}], False),
            ([{"rev": "7"}], False),
            ([{"rev": "4"}], True),
        ],
        ids=repr,
    )
    def test_of_several_deletions_of_a_number_the_furthest_counts(self, ask, sbc_server, revisions, stays):
        (number,) = sbc_server.numbers(1)
        kept = GOOD | {"rev": 5}
        assert ask("PUT", "/v1/rules", [rule(number, rev=5)])[0] == 200
        body = [{"number": number, **revision} for revision in revisions]
        assert ask("POST", "/v1/rules/delete", body) == (200, {"deleted": len(body)})
        [found] = ask("POST", "/v1/rules/query", [{"number": number}])[1]
        assert found["rule"] == (kept if stays else None)
        # After a reload calls use what is stored, so both copies were deleted or stayed.
        assert ask("POST", "/v1/reload") == (200, {"reloaded": True})
        assert ask("POST", "/v1/rules/query", [{"number": number}])[1] == [found]

    def test_a_row_that_is_not_live_has_an_empty_text(self, ask, sbc_server):
        (number,) = sbc_server.numbers(1)
        account = new_account()
        sbc_server.change_row(auth_rule(number, account))
        assert [row["live"] for row in ask("POST", "/v1/rules/by-account", {"account": account})[1]] == [""]

    def test_the_rows_of_an_account_come_in_pages_of_a_thousand(self, ask, sbc_server):
        account = new_account()
        numbers = sbc_server.numbers(1001)
        for part in (numbers[:500], numbers[500:1000], numbers[1000:]):
            assert ask("PUT", "/v1/rules", [rule(number, account=account) for number in part])[0] == 200
        page = ask("POST", "/v1/rules/by-account", {"account": account})[1]
        assert [row["number"] for row in page] == numbers[:1000]
        assert ask("POST", "/v1/rules/by-account", {"account": account, "after": ""})[1] == page
        rest = ask("POST", "/v1/rules/by-account", {"account": account, "after": numbers[999]})[1]
        assert [row["number"] for row in rest] == numbers[1000:]

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/"), ("GET", "/v1/nothing"), ("GET", "/v1/rules"), ("POST", "/v1/rules"), ("POST", "/RPC")],
    )
    def test_there_is_nothing_else(self, ask, method, path):
        assert ask(method, path) == (404, {"error": "no such resource"})


LISTS = [("PUT", "/v1/rules"), ("POST", "/v1/rules/query"), ("POST", "/v1/rules/delete")]


class TestRefusals:
    @pytest.mark.parametrize(("method", "path"), LISTS)
    @pytest.mark.parametrize("body", ["", " ", "{", "[", '"x"', "7", "null", "[{}", '[{"number":}]', "{}", "[}"])
    def test_what_is_not_a_list_is_not_read(self, ask, method, path, body):
        assert ask(method, path, raw=body) == (400, {"error": "json"})

    @pytest.mark.parametrize(("method", "path"), [LISTS[0], LISTS[2]])
    def test_an_empty_list_changes_nothing_and_says_so(self, ask, method, path):
        assert ask(method, path, []) == (422, {"error": "empty"})

    def test_an_empty_question_has_an_empty_answer(self, ask):
        assert ask("POST", "/v1/rules/query", []) == (200, [])

    @pytest.mark.parametrize(("method", "path"), LISTS)
    def test_a_thousand_items_are_taken_and_no_more(self, ask, sbc_server, method, path):
        items = [rule(number) for number in sbc_server.numbers(1001)]
        assert ask(method, path, items) == (413, {"error": "at most 1000 items"})
        assert ask(method, path, items[:1000])[0] == 200

    @pytest.mark.parametrize(
        "number",
        [
            "",
            "+",
            "61491570006",
            "+0491570006",
            "+614915",
            "+6149157000612345",
            "+61 491 570 006",
            "+6149157000x",
            "+61491570006\n",
            " +61491570006",
            "+61491570006'",
            "+6149157000٦",
            None,
            61491570006,
            True,
            ["+61491570006"],
            {"number": "+61491570006"},
        ],
        ids=repr,
    )
    def test_a_wrong_number_is_named_by_its_place(self, ask, number):
        good = {"number": NUMBER}
        for path in ("/v1/rules/query", "/v1/rules/delete"):
            body = [good, good, {"number": number}, good]
            assert ask("POST", path, body) == (422, {"error": "number", "index": 2})
        others = [rule("+61491570156"), rule("+61491570157"), rule("+61491570158")]
        body = [others[0], others[1], rule(number), others[2]]
        assert ask("PUT", "/v1/rules", body) == (422, {"error": "rule", "index": 2})

    @pytest.mark.parametrize("field", ["account", "trunk"])
    @pytest.mark.parametrize(
        "value", ["", "a b", "a,b", "a'b", 'a"b', "a\nb", "a\n", "é", "x" * 33, None, [], {}], ids=repr
    )
    def test_a_wrong_name(self, ask, field, value):
        assert ask("PUT", "/v1/rules", [rule(NUMBER, **{field: value})]) == (422, {"error": "rule", "index": 0})

    @pytest.mark.parametrize(
        "state", ["", "ALLOWED", "Suspended", "blocked", "allowed ", "allowed\n", None, 1], ids=repr
    )
    def test_a_wrong_state(self, ask, state):
        assert ask("PUT", "/v1/rules", [rule(NUMBER, state=state)]) == (422, {"error": "rule", "index": 0})

    @pytest.mark.parametrize("revision", [-1, 1_000_000_000, 1.5, "", "x", "1;2", "-1", None, [], {}], ids=repr)
    def test_a_wrong_revision(self, ask, revision):
        assert ask("PUT", "/v1/rules", [rule(NUMBER, rev=revision)]) == (422, {"error": "rule", "index": 0})

    @pytest.mark.parametrize("revision", [None, -1, "", "x", True, 1.5, [], {}], ids=repr)
    def test_a_wrong_revision_deletes_nothing(self, ask, sbc_server, revision):
        (number,) = sbc_server.numbers(1)
        assert ask("PUT", "/v1/rules", [rule(number)])[0] == 200
        body = [{"number": number}, {"number": number, "rev": revision}]
        assert ask("POST", "/v1/rules/delete", body) == (422, {"error": "rule", "index": 1})
        assert ask("POST", "/v1/rules/query", [{"number": number}])[1] == [{"number": number, "rule": GOOD}]

    @pytest.mark.parametrize("field", ["number", "account", "state", "trunk", "rev"])
    def test_a_missing_field(self, ask, field):
        body = [{name: value for name, value in rule(NUMBER).items() if name != field}]
        assert ask("PUT", "/v1/rules", body) == (422, {"error": "rule", "index": 0})

    @pytest.mark.parametrize("item", [7, "x", None, [], {}], ids=repr)
    def test_an_item_that_is_not_one(self, ask, item):
        assert ask("PUT", "/v1/rules", [item])[0] in (400, 422)
        assert ask("POST", "/v1/rules/query", [item])[0] in (400, 422)

    def test_all_of_a_request_or_nothing(self, ask, sbc_server):
        numbers = sbc_server.numbers(3)
        body = [rule(numbers[0]), rule(numbers[1], state="blocked"), rule(numbers[2])]
        assert ask("PUT", "/v1/rules", body) == (422, {"error": "rule", "index": 1})
        asked = [{"number": number} for number in numbers]
        assert [item["rule"] for item in ask("POST", "/v1/rules/query", asked)[1]] == [None] * 3
        assert ask("PUT", "/v1/rules", [rule(number) for number in numbers])[0] == 200
        assert ask("POST", "/v1/rules/delete", [*asked, {"number": "x"}]) == (422, {"error": "number", "index": 3})
        assert [item["rule"] for item in ask("POST", "/v1/rules/query", asked)[1]] == [GOOD] * 3

    def test_one_number_has_one_rule_in_a_request(self, ask, sbc_server):
        first, other = sbc_server.numbers(2)
        body = [rule(first), rule(other), rule(first, rev=2)]
        assert ask("PUT", "/v1/rules", body) == (422, {"error": "number twice", "index": 0})
        asked = [{"number": first}, {"number": other}]
        assert [item["rule"] for item in ask("POST", "/v1/rules/query", asked)[1]] == [None] * 2
        # The request before must not count.
        assert ask("PUT", "/v1/rules", body[:2])[0] == 200
        assert ask("PUT", "/v1/rules", body[:2])[0] == 200

    @pytest.mark.parametrize("account", ["", "a b", "a,b", "a'b", "' or 1=1 --", "x" * 33, None, [], {}], ids=repr)
    def test_a_wrong_account_has_no_rules(self, ask, account):
        assert ask("POST", "/v1/rules/by-account", {"account": account}) == (422, {"error": "account"})

    @pytest.mark.parametrize("after", ["x", "61491570006", "+61491570006'", " ", "+"], ids=repr)
    def test_a_page_begins_after_a_number(self, ask, after):
        body = {"account": "104233", "after": after}
        assert ask("POST", "/v1/rules/by-account", body) == (422, {"error": "after"})

    @pytest.mark.parametrize(
        ("body", "answer"),
        [
            *((body, (400, {"error": "json"})) for body in ("", "{", "7", '"x"', "null")),
            *((body, (422, {"error": "account"})) for body in ("{}", "[]", '{"Account": "1"}')),
        ],
    )
    def test_a_question_that_names_no_account(self, ask, body, answer):
        assert ask("POST", "/v1/rules/by-account", raw=body) == answer
