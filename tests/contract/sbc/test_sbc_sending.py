"""What the SBC client sends, and what it refuses to send."""

import json
from dataclasses import replace

import pytest
from starlette.responses import JSONResponse, Response

from lib.clients.errors import Rejected, UnexpectedReply
from lib.clients.sbc import AuthRule, PutResult
from tests.contract.conftest import FICTION, SBC_TOKEN, auth_rule

WHO = {"actor": "ada.lane@example.com", "track": "run-1"}
NUMBERS = ["+61491570006", "+61491570156", "+61491570157"]
RULES = [auth_rule(number) for number in NUMBERS]


class TestNeverSent:
    @pytest.mark.parametrize(
        "number",
        [
            "",
            "61491570006",
            "+0491570006",
            "+61",
            "+6149157000612345",
            "+61 491 570 006",
            "+61491570006\n",
            "+6149157000٦",
        ],
    )
    def test_a_number_the_sbc_would_not_take(self, scripted, scripted_sbc, number):
        for ask in (
            lambda: scripted_sbc.get_rules([NUMBERS[0], number]),
            lambda: scripted_sbc.delete_rules([NUMBERS[0], number], **WHO),
            lambda: scripted_sbc.put_rules([RULES[0], auth_rule(number)], **WHO),
        ):
            with pytest.raises(Rejected, match="is not a number in the form") as caught:
                ask()
            assert caught.value.maybe_done is False
        assert scripted.seen == []

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"account": ""}, "which is not an account number"),
            ({"account": "a b"}, "which is not an account number"),
            ({"account": "x" * 33}, "which is not an account number"),
            ({"account": 104233}, "which is not an account number"),
            ({"account": "é"}, "which is not an account number"),
            ({"trunk": "a,b"}, "which is not the name of a trunk"),
            ({"trunk": "a\n"}, "which is not the name of a trunk"),
            ({"state": "blocked"}, "is neither allowed nor suspended"),
            ({"state": "Allowed"}, "is neither allowed nor suspended"),
            ({"state": None}, "is neither allowed nor suspended"),
            ({"state": []}, "is neither allowed nor suspended"),
            ({"revision": -1}, "is not from 0 to 999999999"),
            ({"revision": 1_000_000_000}, "is not from 0 to 999999999"),
            ({"revision": "1"}, "is not from 0 to 999999999"),
            ({"revision": True}, "is not from 0 to 999999999"),
            ({"revision": 1.5}, "is not from 0 to 999999999"),
        ],
    )
    def test_a_rule_the_sbc_would_not_take(self, scripted, scripted_sbc, changed, told):
        # The last of many: the ones before it are not sent either.
        rules = [auth_rule(number) for number in FICTION[:450]]
        rules[-1] = replace(rules[-1], **changed)
        with pytest.raises(Rejected, match=told) as caught:
            scripted_sbc.put_rules(rules, **WHO)
        assert rules[-1].number in str(caught.value)
        assert caught.value.maybe_done is False
        assert scripted.seen == []

    def test_two_different_rules_of_one_number(self, scripted, scripted_sbc):
        with pytest.raises(Rejected, match=r"two different rules for \+61491570156"):
            scripted_sbc.put_rules([*RULES, replace(RULES[1], revision=2)], **WHO)
        assert scripted.seen == []

    @pytest.mark.parametrize("account", ["", "a b", "a,b", "x" * 33, "é", "a\n"])
    def test_an_account_that_cannot_be_one(self, scripted, scripted_sbc, account):
        with pytest.raises(Rejected, match="is not an account number"):
            scripted_sbc.rules_of_account(account)
        assert scripted.seen == []

    def test_a_refusal_here_leaks_nothing(self, scripted_sbc):
        with pytest.raises(Rejected) as caught:
            scripted_sbc.get_rules(["write to ada.lane@example.com " + "x" * 500])
        assert "example.com" not in str(caught.value)
        assert len(str(caught.value)) < 300

    @pytest.mark.parametrize("token", ["two\nlines", "ключ"])
    def test_a_token_that_fits_no_header(self, scripted, make_sbc, token):
        with pytest.raises(Rejected) as caught:
            make_sbc(scripted.url, token=token).put_rules(RULES, **WHO)
        assert caught.value.maybe_done is False
        assert token not in str(caught.value)
        assert scripted.seen == []


class TestWhatIsSent:
    def test_a_write(self, scripted, scripted_sbc):
        scripted.replies.append(JSONResponse({"received": 1, "applied": 1}))
        rule = AuthRule(NUMBERS[0], "104233", "suspended", "mel-1", 7)
        scripted_sbc.put_rules([rule], actor="ada.lane@example.com", track="run:7 step;1\r\nX: y")
        (request,) = scripted.seen
        assert (request.method, request.url.path) == ("PUT", "/v1/rules")
        assert json.loads(scripted.bodies[0]) == [
            {"number": NUMBERS[0], "account": "104233", "state": "suspended", "trunk": "mel-1", "rev": 7}
        ]
        assert request.headers["Authorization"] == f"Bearer {SBC_TOKEN}"
        assert request.headers["X-Request-Id"] == "run-7-step-1--X--y"
        assert request.headers["X-Actor"] == "1610ac8d3899"
        # The SBC would wait for ever for the end of a chunked body.
        assert request.headers["Content-Length"] == str(len(scripted.bodies[0]))

    @pytest.mark.parametrize("actor", ["", "é@example.com", "\udc80"])
    def test_everybody_has_an_opaque_name(self, scripted, scripted_sbc, actor):
        scripted.replies.append(JSONResponse({"deleted": 3}))
        scripted_sbc.delete_rules(NUMBERS, actor=actor, track="t" * 200)
        (request,) = scripted.seen
        assert len(request.headers["X-Actor"]) == 12
        assert int(request.headers["X-Actor"], 16) >= 0
        assert request.headers["X-Request-Id"] == "t" * 64

    def test_every_read_has_a_request_id_of_its_own(self, scripted, scripted_sbc):
        scripted.replies.append(JSONResponse([]))
        scripted_sbc.rules_of_account("1")
        scripted_sbc.rules_of_account("1")
        ids = {request.headers["X-Request-Id"] for request in scripted.seen}
        assert len(ids) == 2
        assert all(part.startswith("read-") for part in ids)

    @pytest.mark.parametrize(("count", "requests"), [(1, 1), (200, 1), (201, 2), (400, 2), (1001, 6)])
    def test_two_hundred_rules_travel_in_a_request(self, sbc_standin, make_sbc, count, requests):
        sbc = make_sbc(sbc_standin.url)
        rules = [auth_rule(number) for number in FICTION[:count]]
        numbers = [rule.number for rule in rules]
        assert sbc.put_rules(rules, **WHO) == PutResult(count, count)
        assert list(sbc.get_rules(numbers).values()) == rules
        sbc.delete_rules(numbers, **WHO)
        assert sbc_standin.state.requests() == (
            ["PUT /v1/rules"] * requests + ["POST /v1/rules/query"] * requests + ["POST /v1/rules/delete"] * requests
        )
        assert max(change.received for change in sbc_standin.state.changes()) == min(count, 200)

    def test_a_redirect_is_not_followed(self, scripted, scripted_sbc):
        scripted.replies.append(Response(status_code=307, headers={"Location": f"{scripted.url}/elsewhere"}))
        with pytest.raises(UnexpectedReply):
            scripted_sbc.put_rules(RULES, **WHO)
        assert len(scripted.seen) == 1
