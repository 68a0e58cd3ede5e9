"""Every way in which Zuora refuses, every fault and every rule for trying again."""

import io
import json
import logging
import pickle
import time
import traceback
from datetime import date

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from lib.clients.errors import (
    AuthFailed,
    Busy,
    NotFound,
    Rejected,
    RemoteError,
    UnexpectedReply,
    Unreachable,
)
from lib.clients.zuora import CancelPolicy, ZuoraConfig
from lib.standins.zuora.manners.faults import Fault
from tests.contract.conftest import CLIENT_ID, CLIENT_SECRET, record

READ, WRITE = "GET /v1/accounts", "PUT /v1/accounts"


def shape1(code, message="No."):
    return {"success": False, "processId": "P1", "requestId": "R1", "reasons": [{"code": code, "message": message}]}


def account_body(**basic):
    return {
        "basicInfo": {"id": "i", "accountNumber": "1", "name": "N", "status": "Active", **basic},
        "success": True,
    }


def failure(zuora, write=True):
    with pytest.raises(RemoteError) as caught:
        zuora.rename_account("1", "Quiet Name", track="t") if write else zuora.account("1")
    return caught.value


class TestShapes:
    @pytest.mark.parametrize("status", [200, 400])
    @pytest.mark.parametrize(
        ("body", "kind", "codes"),
        [
            (shape1(53100320), Rejected, ("53100320",)),
            (shape1("53100330"), Rejected, ("53100330",)),
            (shape1(53100340), NotFound, ("53100340",)),
            (shape1(53100310), AuthFailed, ("53100310",)),
            (shape1(53100345), Rejected, ("53100345",)),
            (shape1(53100390), Rejected, ("53100390",)),
            (shape1(40000050), Busy, ("40000050",)),
            (shape1(53100360), Busy, ("53100360",)),
            (shape1(53100361), Busy, ("53100361",)),
            (shape1(53100370), Busy, ("53100370",)),
            (shape1(53100399), Busy, ("53100399",)),
            (shape1("SystemError"), Busy, ("SystemError",)),
            (shape1("Strange"), Rejected, ("Strange",)),
            (shape1(None), Rejected, ()),
            ({"success": "false"}, Rejected, ()),
            ({"success": False, "reasons": None}, Rejected, ()),
            ({"Success": False, "Errors": [{"Code": "INVALID_VALUE", "Message": "No."}]}, Rejected, ("INVALID_VALUE",)),
            ([{"Success": False, "Errors": {"Code": "LOCK_COMPETITION", "Message": "x"}}], Busy, ("LOCK_COMPETITION",)),
            ({"FaultCode": "fns:INVALID_FIELD", "FaultMessage": "No."}, Rejected, ("INVALID_FIELD",)),
            ({"code": "ClientError", "message": "No."}, Rejected, ("ClientError",)),
            ({"code": "REQUEST_EXCEEDED_LIMIT", "message": "No."}, Busy, ("REQUEST_EXCEEDED_LIMIT",)),
            ({"reasons": [{"code": 50000027, "message": "No."}], "requestId": "R5"}, Rejected, ("50000027",)),
        ],
    )
    def test_a_refusal_is_known_by_its_code(self, scripted, make_zuora, status, body, kind, codes):
        scripted.replies.append(JSONResponse(body, status))
        error = failure(make_zuora(url=scripted.url, attempts=1))
        assert type(error) is kind
        assert error.codes == codes
        assert "rename account 1" in str(error)

    @pytest.mark.parametrize(
        ("status", "kind", "maybe_done"),
        [
            (400, Rejected, False),
            (401, AuthFailed, False),
            (403, AuthFailed, False),
            (404, UnexpectedReply, True),
            (409, Busy, False),
            (413, Rejected, False),
            (429, Busy, False),
            (500, Busy, True),
            (502, Unreachable, True),
            (503, Busy, False),
            (504, Unreachable, True),
            (200, UnexpectedReply, True),
            (302, UnexpectedReply, True),
        ],
    )
    def test_a_page_of_a_gateway_is_known_by_its_status(self, scripted, make_zuora, status, kind, maybe_done):
        scripted.replies.append(HTMLResponse("<html>secret internals</html>", status))
        error = failure(make_zuora(url=scripted.url, attempts=1))
        assert (type(error), error.maybe_done) == (kind, maybe_done)
        assert "internals" not in str(error)
        assert ("not known" in str(error)) == maybe_done
        assert ("Nothing was changed." in str(error)) != maybe_done

    @pytest.mark.parametrize(
        ("category", "maybe_done"), [(60, True), (99, True), (61, False), (50, False), (70, False)]
    )
    def test_a_fault_of_zuora_may_have_come_after_the_change(self, scripted, make_zuora, category, maybe_done):
        scripted.replies.append(JSONResponse(shape1(53100300 + category)))
        assert failure(make_zuora(url=scripted.url, attempts=1)).maybe_done is maybe_done

    def test_a_doubt_outlives_later_attempts(self, scripted, scripted_zuora):
        scripted.replies += [JSONResponse(shape1(53100360), 500), JSONResponse(shape1(53100350), 409)]
        error = failure(scripted_zuora)
        assert (type(error), error.codes, error.maybe_done) == (Busy, ("53100350",), True)
        assert "Nothing was changed" not in str(error)

    def test_the_ids_for_support_are_kept(self, scripted, scripted_zuora):
        headers = {"Zuora-Request-Id": "abc-1", "Zuora-Track-Id": "t"}
        scripted.replies.append(JSONResponse(shape1(53100320, "Name is taken."), 400, headers))
        error = failure(scripted_zuora)
        assert (error.request_id, error.track_id, error.process_id) == ("abc-1", "t", "P1")
        assert (
            str(error)
            == error.sentence
            == (
                "Zuora refused to rename account 1: Name is taken. Nothing was changed. "
                "Correct it, then try again. "
                "For Zuora support: request abc-1, process P1, track t, code 53100320."
            )
        )

    def test_what_the_call_did_not_send_is_shown_as_zuora_says_it(self, scripted, scripted_zuora):
        message = "Contact 'Bo Li' is used by subscription A-S00012345 and invoice INV-00067."
        scripted.replies.append(JSONResponse(shape1(53100330, message), 400))
        assert failure(scripted_zuora).detail == message.rstrip(".")

    def test_of_several_reasons_the_lasting_one_decides(self, scripted, scripted_zuora):
        reasons = [{"code": 53100350, "message": "Lock."}, {"code": 53100320, "message": "Bad value."}]
        scripted.replies.append(JSONResponse({"success": False, "reasons": reasons}, 400))
        error = failure(scripted_zuora)
        assert type(error) is Rejected
        assert error.detail == "Lock; Bad value"
        assert len(scripted.seen) == 1

    def test_a_crud_404_is_not_found(self, scripted, scripted_zuora):
        scripted.replies.append(JSONResponse({"size": 0, "records": None, "done": True}, 404))
        assert type(failure(scripted_zuora, write=False)) is NotFound

    @pytest.mark.parametrize(
        "body",
        ["", "{}", "[]", "null", "7", '"x"', "[null]", '{"success": 1}', "{", "[" * 100_000, '{"success": NaN}'],
    )
    def test_a_success_that_is_not_one_is_unexpected(self, scripted, scripted_zuora, body):
        scripted.replies.append(Response(body))
        for write in (True, False):
            error = failure(scripted_zuora, write)
            assert type(error) is UnexpectedReply
            assert error.maybe_done is write

    @pytest.mark.parametrize(
        "body",
        [
            {"success": True},
            {"success": True, "basicInfo": None},
            {"success": True, "basicInfo": []},
            account_body(id=None),
            account_body(accountNumber=""),
            account_body(status="Asleep"),
            account_body(status=None),
            account_body(name=7),
            account_body(parentId={}),
            {**account_body(), "metrics": {"balance": "a lot"}},
            {**account_body(), "metrics": {"balance": True}},
            {**account_body(), "metrics": 3},
        ],
    )
    def test_an_account_that_is_not_one_is_unexpected(self, scripted, scripted_zuora, body):
        scripted.replies.append(JSONResponse(body))
        assert type(failure(scripted_zuora, write=False)) is UnexpectedReply

    def test_optional_fields_may_be_missing(self, scripted, scripted_zuora):
        scripted.replies.append(JSONResponse(account_body(status="cancelled", Colour__c="red")))
        account = scripted_zuora.account("1")
        assert (account.parent_id, account.balance, account.bill_to_id) == (None, None, None)
        assert account.status == "Canceled"


class TestPages:
    def rows(self, *numbers, **more):
        rows = [{"id": f"i{n}", "accountNumber": str(n), "name": "N", "status": "Active"} for n in numbers]
        return JSONResponse({"data": rows, **more})

    def test_a_cursor_that_comes_again_ends_in_an_error(self, scripted, scripted_zuora):
        scripted.replies.append(self.rows(1, nextPage="same"))
        with pytest.raises(UnexpectedReply, match="again and again"):
            scripted_zuora.children("p")
        assert len(scripted.seen) == 2

    def test_pages_without_anything_new_end_in_an_error(self, scripted, scripted_zuora):
        scripted.replies += [self.rows(1, nextPage=f"cursor {n}") for n in range(9)]
        with pytest.raises(UnexpectedReply, match="again and again"):
            scripted_zuora.children("p")
        assert len(scripted.seen) == 3

    @pytest.mark.parametrize("listed", ["rows", "pages"])
    def test_a_list_that_never_ends_is_cut_off(self, scripted, make_zuora, listed):
        zuora = make_zuora(url=scripted.url, page_limit=7)
        row = {"id": "i", "status": "Active", "accountId": "a"}
        for n in range(20):
            page = {"subscriptions": [{**row, "id": f"i{n}", "subscriptionNumber": f"S{n}"}], "success": True}
            following = JSONResponse({**page, "nextPage": f"?page={n + 2}&pageSize=40"})
            scripted.replies.append(self.rows(n, nextPage=f"cursor {n}") if listed == "rows" else following)
        with pytest.raises(UnexpectedReply, match="never ends"):
            zuora.children("p") if listed == "rows" else zuora.subscriptions("7")
        assert len(scripted.seen) == 7

    def test_a_row_on_two_pages_is_one_account(self, scripted, scripted_zuora):
        scripted.replies += [self.rows(1, 2, nextPage="a"), self.rows(2, 3, nextPage=None)]
        assert [row.number for row in scripted_zuora.children("p")] == ["1", "2", "3"]

    def test_rows_of_another_parent_are_not_taken_for_children(self, scripted, scripted_zuora):
        row = {"id": "i", "accountNumber": "1", "name": "N", "status": "Active", "parentId": "other"}
        scripted.replies.append(JSONResponse({"data": [row]}))
        with pytest.raises(UnexpectedReply, match="not asked for"):
            scripted_zuora.children("p")

    @pytest.mark.parametrize("body", [{}, {"data": None}, {"data": [1]}, {"data": [{}]}, {"data": [], "nextPage": 3}])
    def test_a_page_that_is_not_one_is_unexpected(self, scripted, scripted_zuora, body):
        scripted.replies.append(JSONResponse(body))
        with pytest.raises(UnexpectedReply):
            scripted_zuora.children("p")


class TestRetries:
    @pytest.fixture(autouse=True)
    def _account(self, zuora_standin):
        zuora_standin.state.load([record("1", "Old Name")])
        self.standin = zuora_standin

    def strike(self, match, kind, times=1, **given):
        self.standin.state.faults.add(Fault(match, kind, times, **given))

    def asked(self, match=""):
        return sum(line.startswith(match) for line in self.standin.state.faults.requests()[1])

    @pytest.mark.parametrize(
        "kind", ["429", "lock", "temporary", "html502", "html504", "drop_before", "drop_after", "truncate"]
    )
    @pytest.mark.parametrize("version", ["2025-08-12", "211.0"])
    def test_what_passes_is_tried_again(self, make_zuora, kind, version):
        zuora = make_zuora(version=version)
        self.strike(READ, kind, 2)
        assert zuora.account("1").name == "Old Name"
        self.strike(WRITE, kind, 2)
        zuora.rename_account("1", "New Name", track="t")
        assert zuora.account("1").name == "New Name"
        assert self.asked(WRITE) == 3

    @pytest.mark.parametrize(
        ("kind", "kinds", "maybe_done"),
        [
            ("429", Busy, False),
            ("lock", Busy, False),
            ("temporary", Busy, False),
            ("html502", Unreachable, True),
            ("html504", Unreachable, True),
            ("drop_before", Unreachable, True),
            ("drop_after", Unreachable, True),
            ("truncate", Unreachable, True),
        ],
    )
    def test_what_lasts_is_an_error_after_the_last_attempt(self, zuora, kind, kinds, maybe_done):
        self.strike(WRITE, kind, None)
        error = failure(zuora)
        assert (type(error), error.maybe_done) == (kinds, maybe_done)
        assert self.asked(WRITE) == 3
        done = kind in ("drop_after", "truncate")
        assert zuora.account("1").name == ("Quiet Name" if done else "Old Name")

    @pytest.mark.parametrize("code", [53100320, 53100330, 53100340, 53100310])
    def test_a_lasting_refusal_is_not_tried_again(self, zuora, code):
        self.strike(WRITE, "success_false", None, code=code)
        failure(zuora)
        assert self.asked(WRITE) == 1

    def test_a_read_timeout_is_unreachable_and_the_write_may_be_done(self, make_zuora):
        zuora = make_zuora(read_seconds=0.15, attempts=1)
        self.strike(WRITE, "latency", 1, seconds=0.4)
        error = failure(zuora)
        assert type(error) is Unreachable
        assert "It is not known whether the change was made." in str(error)
        time.sleep(0.5)
        assert zuora.account("1").name == "Quiet Name"

    def test_busy_after_a_lost_answer_is_still_unknown(self, zuora):
        self.strike(WRITE, "drop_after", 1)
        self.strike(WRITE, "429", None)
        error = failure(zuora)
        assert type(error) is Unreachable
        assert error.maybe_done

    def test_a_refusal_after_a_lost_answer_does_not_say_nothing_changed(self, zuora):
        self.strike(WRITE, "drop_after", 1)
        self.strike(WRITE, "success_false", None)
        error = failure(zuora)
        assert type(error) is Rejected
        assert "Nothing was changed" not in str(error)

    @pytest.mark.parametrize("header", ["retry_after", "reset"])
    def test_the_time_asked_for_is_waited(self, zuora, header):
        self.strike(READ, "429", 1, **{header: 0.4})
        began = time.monotonic()
        zuora.account("1")
        assert 0.4 <= time.monotonic() - began < 1

    def test_a_wait_beyond_the_budget_ends_at_once(self, zuora):
        self.strike(READ, "429", None, retry_after=30)
        began = time.monotonic()
        error = failure(zuora, write=False)
        assert (type(error), error.retry_after) == (Busy, 30)
        assert time.monotonic() - began < 1
        assert self.asked(READ) == 1

    def test_the_total_time_is_capped(self, make_zuora):
        zuora = make_zuora(attempts=50, retry_seconds=0.4, backoff_seconds=0.2)
        self.strike(READ, "lock", None)
        began = time.monotonic()
        assert type(failure(zuora, write=False)) is Busy
        assert time.monotonic() - began < 1
        assert self.asked(READ) < 50

    def test_a_page_makes_one_quick_attempt(self, zuora):
        zuora.account("1")
        self.strike(READ, "latency", None, seconds=0.6)
        before = self.asked(READ)
        began = time.monotonic()
        with pytest.raises(Unreachable):
            zuora.account("1", quick_seconds=0.1)
        assert time.monotonic() - began < 0.5
        assert self.asked(READ) == before + 1

    def test_a_page_does_not_wait_for_a_slow_sign_in(self, zuora):
        self.strike("POST /oauth/token", "latency", None, seconds=0.8)
        began = time.monotonic()
        with pytest.raises(Unreachable):
            zuora.account("1", quick_seconds=0.1)
        assert time.monotonic() - began < 0.6

    def test_an_ended_token_is_replaced_once(self, zuora):
        zuora.account("1")
        self.strike(WRITE, "expired_token", 1)
        zuora.rename_account("1", "New Name", track="t")
        assert self.asked("POST /oauth/token") == 2
        assert zuora.account("1").name == "New Name"

    def test_a_lasting_401_is_not_tried_for_ever(self, zuora):
        self.strike(READ, "unauthorized", None)
        error = failure(zuora, write=False)
        assert type(error) is AuthFailed
        assert (self.asked(READ), self.asked("POST /oauth/token")) == (2, 2)

    def test_a_missing_permission_takes_no_new_token(self, zuora):
        self.strike(READ, "success_false", None, code=50000010, message="No permission")
        error = failure(zuora, write=False)
        assert type(error) is AuthFailed
        assert not error.signed_out
        assert self.asked("POST /oauth/token") == 1

    def test_a_busy_sign_in_is_tried_again(self, zuora):
        self.strike("POST /oauth/token", "429", 1)
        assert zuora.account("1").name == "Old Name"

    def test_a_failed_sign_in_leaves_no_doubt_about_a_write(self, zuora):
        self.strike("POST /oauth/token", "drop_before", None)
        error = failure(zuora)
        assert type(error) is Unreachable
        assert not error.maybe_done
        assert "Nothing was changed." in str(error)

    def test_a_failed_read_back_leaves_the_removal_in_doubt(self, zuora):
        zuora.account("1")
        self.strike(READ, "429", None)
        with pytest.raises(Unreachable) as caught:
            zuora.set_parent("1", None, track="t")
        assert caught.value.maybe_done


class TestSignIn:
    @pytest.mark.parametrize(
        "reply",
        [
            JSONResponse({"message": "Invalid client id"}, 401),
            JSONResponse({"error": "invalid_client"}, 400),
            JSONResponse({"message": "no such resource"}, 404),
            JSONResponse(shape1(50000040), 404),
        ],
    )
    def test_refused_credentials_are_never_a_missing_account(self, scripted, scripted_zuora, reply):
        scripted.token_replies.append(reply)
        error = failure(scripted_zuora)
        assert type(error) is AuthFailed
        assert "sign-in" in str(error)
        assert "Nothing was changed." in str(error)

    @pytest.mark.parametrize(
        "body",
        ["{}", "[]", '{"access_token": "a\\r\\nb", "expires_in": 9}', "<html>"],
    )
    def test_a_token_that_is_not_one_is_unexpected(self, scripted, scripted_zuora, body):
        scripted.token_replies.append(Response(body))
        assert type(failure(scripted_zuora)) is UnexpectedReply

    @pytest.mark.parametrize("seconds", [3599, 3599.0, 3599.5, "3599", " 3599.0 "])
    def test_the_life_of_a_token_is_written_in_several_ways(self, scripted, scripted_zuora, seconds):
        scripted.replies.append(JSONResponse(account_body()))
        scripted.token_replies.append(JSONResponse({"access_token": "first", "expires_in": seconds}))
        began = time.monotonic()
        scripted_zuora.account("1")
        assert 3530 < scripted_zuora._token._held.until - began < 3545

    @pytest.mark.parametrize(
        "life",
        [
            "",
            ', "expires_in": null',
            *(
                f', "expires_in": {value}'
                for value in ('"soon"', '"nan"', '"inf"', "-5", "0", "true", "{}", "[9]", '""')
            ),
        ],
    )
    def test_a_token_without_a_life_that_can_be_read_is_short_lived(self, scripted, scripted_zuora, life):
        scripted.replies.append(JSONResponse(account_body()))
        scripted.token_replies.append(Response(f'{{"access_token": "first"{life}}}'))
        began = time.monotonic()
        scripted_zuora.account("1")
        assert 0 < scripted_zuora._token._held.until - began <= 61

    def test_no_token_lives_for_ever(self, scripted, scripted_zuora):
        scripted.replies.append(JSONResponse(account_body()))
        scripted.token_replies.append(Response('{"access_token": "first", "expires_in": 1e300}'))
        began = time.monotonic()
        scripted_zuora.account("1")
        assert scripted_zuora._token._held.until - began <= 24 * 3600

    def test_a_token_is_renewed_before_it_ends(self, scripted, scripted_zuora):
        scripted.replies.append(JSONResponse(account_body()))
        for name in ("first", "second"):
            scripted.token_replies.append(JSONResponse({"access_token": name, "expires_in": 1}))
        scripted_zuora.account("1")
        scripted_zuora.account("1")
        time.sleep(0.6)
        scripted_zuora.account("1")
        sent = [request.headers["Authorization"] for request in scripted.seen]
        assert sent == ["Bearer first", "Bearer first", "Bearer second"]


class TestTransport:
    def test_nobody_there_means_nothing_done(self, make_zuora):
        import socket

        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            error = failure(make_zuora(url=f"http://127.0.0.1:{taken.getsockname()[1]}"))
        assert type(error) is Unreachable
        assert not error.maybe_done
        assert "could not be reached" in str(error)

    @pytest.mark.parametrize("url", ["", "zuora", "ftp://x", "http://", "http://[", "http://a b/", "http://x:99999"])
    def test_a_wrong_address_is_one_of_our_errors(self, make_zuora, url):
        assert isinstance(failure(make_zuora(url=url, attempts=1)), Rejected | Unreachable)

    def test_no_redirect_gets_the_token(self, scripted, scripted_zuora, zuora_standin):
        scripted.replies.append(Response(status_code=307, headers={"Location": f"{zuora_standin.url}/v1/accounts/1"}))
        assert type(failure(scripted_zuora, write=False)) is UnexpectedReply
        assert zuora_standin.state.faults.requests() == (0, [])

    def test_proxies_of_the_environment_are_not_used(self, zuora, zuora_standin, monkeypatch):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        zuora_standin.state.load([record("1")])
        assert zuora.account("1").number == "1"

    def test_cookies_are_not_kept(self, scripted, scripted_zuora):
        scripted.replies.append(JSONResponse(account_body(), headers={"Set-Cookie": "ZSession=abc; Path=/"}))
        scripted_zuora.account("1")
        scripted_zuora.account("1")
        assert "cookie" not in scripted.seen[1].headers

    @pytest.mark.parametrize("encoding", ["gzip", "deflate"])
    def test_a_body_that_cannot_be_unpacked_is_unexpected(self, scripted, scripted_zuora, encoding):
        scripted.replies.append(Response(b"not packed", headers={"Content-Encoding": encoding}))
        assert type(failure(scripted_zuora, write=False)) is UnexpectedReply

    def test_a_packed_body_is_read(self, scripted, scripted_zuora):
        import gzip

        body = gzip.compress(json.dumps(account_body()).encode())
        scripted.replies.append(Response(body, headers={"Content-Encoding": "gzip"}))
        assert scripted_zuora.account("1").number == "1"

    def test_what_is_sent(self, scripted, make_zuora):
        zuora = make_zuora(url=scripted.url + "/", version="2025-01-01")
        scripted.replies.append(JSONResponse({"success": True}))
        zuora.rename_account("A 1", "X", track="t")
        request = scripted.seen[0]
        assert request.scope["raw_path"] == b"/v1/accounts/A%201"
        assert request.headers["Zuora-Version"] == "2025-01-01"
        assert request.headers["Zuora-Track-Id"] == "t"
        assert "Idempotency-Key" not in request.headers
        assert scripted.bodies == [b'{"name": "X"}']

    def test_the_limit_on_concurrency_holds(self, make_zuora, zuora_standin):
        from concurrent.futures import ThreadPoolExecutor

        zuora_standin.state.load([record("1")])
        zuora = make_zuora(concurrency=2)
        zuora.account("1")
        zuora_standin.state.faults.add(Fault(READ, "latency", None, seconds=0.1))
        began = time.monotonic()
        with ThreadPoolExecutor(6) as pool:
            assert len(list(pool.map(zuora.account, ["1"] * 6))) == 6
        assert time.monotonic() - began >= 0.3


class TestNothingLeaks:
    secrets = ("Quiet Name", CLIENT_SECRET, "scripted-token-value", "ada@example.com")

    def replies(self, secrets):
        everything = " ".join(secrets)
        yield JSONResponse(shape1(53100320, everything), 400)
        yield JSONResponse({"message": everything}, 401)
        yield JSONResponse(shape1(53100350, everything), 409)
        yield JSONResponse({"success": True, "note": everything}, 404)
        yield HTMLResponse(everything, 502)
        yield HTMLResponse(everything, 200)

    def test_no_error_or_log_line_has_a_secret_or_a_name(self, scripted, make_zuora, caplog, capsys):
        caplog.set_level(logging.DEBUG)
        texts = io.StringIO()
        for reply in self.replies(self.secrets):
            scripted.replies[:] = [reply]
            scripted.token_replies.clear()
            error = failure(make_zuora(url=scripted.url))
            for text in (str(error), repr(error), *traceback.format_exception(error)):
                texts.write(text)
        # A failed sign-in gives no token, so there is no token to hide.
        for reply in self.replies([secret for secret in self.secrets if "token" not in secret]):
            scripted.token_replies[:] = [reply] * 5
            error = failure(make_zuora(url=scripted.url))
            texts.write(repr(error) + "".join(traceback.format_exception(error)))
        config = ZuoraConfig("u", CLIENT_ID, CLIENT_SECRET)
        # The test's own lines, which a traceback quotes, have none of the values.
        said = texts.getvalue() + caplog.text + "".join(capsys.readouterr()) + repr(config)
        assert "attempt" in said or "retry" in said
        for secret in self.secrets:
            assert secret.lower() not in said.lower().replace('rename_account("1", "quiet name"', "")

    def test_the_other_calls_are_as_silent(self, scripted, make_zuora, caplog):
        caplog.set_level(logging.DEBUG)
        zuora = make_zuora(url=scripted.url, attempts=2)
        # The first half of each value is the test's own line, which a traceback may quote.
        person = {"first_name": "Qui" + "etta", "work_email": "ada" + "@example.com", "address1": "7 Hid" + "den St"}
        look = {"success": True, "id": "i", "subscriptionNumber": "S", "status": "Active", "accountNumber": "1"}
        everything = " ".join((*self.secrets, *person.values()))
        wire = {
            "firstName": 7,
            "workEmail": everything,
            "id": "c",
            "invoiceNumber": everything,
            "subscriptionNumber": everything,
        }
        calls = [
            lambda: zuora.update_contact("c", person, track="t"),
            lambda: zuora.contact("c"),
            lambda: zuora.subscriptions("1"),
            lambda: list(zuora.overdue(date(2026, 1, 1))),
            lambda: zuora.cancel_subscription("S", CancelPolicy.END_OF_TERM, track="t", key="k"),
        ]
        texts = []
        for call in calls:
            sent = person.values() if call is calls[0] else ()
            # A change needs no more than the success mark.
            bodies = (
                []
                if call in (calls[0], calls[-1])
                else [{**wire, "success": True, "subscriptions": [wire], "data": [wire], "nextPage": everything}]
            )
            # A refusal repeats what the call sent. Any other answer has everything.
            for reply in [*(JSONResponse(body) for body in bodies), *self.replies((*self.secrets[1:], *sent))]:
                scripted.replies[:] = [JSONResponse(look)] if call is calls[-1] else []
                scripted.replies.append(reply)
                with pytest.raises(RemoteError) as caught:
                    call()
                lines = "".join(traceback.format_exception(caught.value))
                texts.append(f"{caught.value} {caught.value!r} {lines}")
        said = ("".join(texts) + caplog.text).lower()
        # No line here quotes the rename of the other test, so the account's name is looked for, too.
        hidden = [*self.secrets, *person.values()]
        assert not [secret for secret in hidden if secret.lower() in said]

    def test_an_error_survives_being_stored(self, scripted, scripted_zuora):
        scripted.replies.append(JSONResponse(shape1(53100320), 400, {"Zuora-Request-Id": "r"}))
        error = failure(scripted_zuora)
        again = pickle.loads(pickle.dumps(error))  # noqa: S301
        assert (type(again), str(again), again.request_id) == (type(error), str(error), "r")
