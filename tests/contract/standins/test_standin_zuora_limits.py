"""How much Zuora accepts at once and in a minute, and how it says what is left."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from lib.clients.errors import Busy
from lib.standins.zuora.manners.faults import Fault
from tests.contract.conftest import CLIENT_ID, CLIENT_SECRET, record
from tests.contract.standins.test_standin_zuora_wire import Raw, codes

FORM = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture
def raw(zuora_standin):
    zuora_standin.state.load([record("7001")])
    return Raw(zuora_standin)


def sign_in(standin):
    return requests.post(f"{standin.url}/oauth/token", data=FORM, timeout=5)


@pytest.mark.parametrize(
    ("path", "kind", "limit"),
    [("/v1/accounts/7001", "default", 40), ("/object-query/accounts", "object-query", 80)],
)
def test_a_success_says_what_is_left(raw, path, kind, limit):
    told = raw("GET", path).headers
    assert told["Concurrency-Limit-Type"] == kind
    assert (told["Concurrency-Limit-Limit"], told["Concurrency-Limit-Remaining"]) == (str(limit), str(limit - 1))
    assert told["ratelimit-limit"].startswith("2250000, ")
    assert 0 < int(told["ratelimit-reset"]) <= 3600
    again = raw("GET", path).headers
    assert int(again["ratelimit-remaining"]) == int(told["ratelimit-remaining"]) - 1


def test_a_refusal_has_no_rate_so_that_nobody_waits_an_hour_for_it(raw):
    told = raw("GET", "/v1/accounts/9").headers
    assert "Concurrency-Limit-Remaining" in told
    assert "ratelimit-reset" not in told


def test_at_most_forty_requests_run_at_once(raw, zuora_standin):
    zuora_standin.state.faults.add(Fault("GET /v1/accounts", "latency", 40, seconds=30))
    before = zuora_standin.state.faults.requests()[0]
    headers = {"Authorization": f"Bearer {raw.token['access_token']}"}
    with ThreadPoolExecutor(40) as pool:
        address = f"{raw.url}/v1/accounts/7001"
        asked = [pool.submit(requests.get, address, headers=headers, timeout=60) for _ in range(40)]
        while zuora_standin.state.faults.requests()[0] < before + 40:
            threading.Event().wait(0.01)
        one_too_many = raw("GET", "/v1/accounts/7001", version=None)
        other_kind = raw("GET", "/object-query/accounts")
        zuora_standin.state.faults.clear()
        answers = [one.result() for one in asked]
    assert (one_too_many.status_code, codes(one_too_many)) == (429, [50000070])
    assert one_too_many.headers["Retry-After"] == "1"
    assert one_too_many.headers["Concurrency-Limit-Remaining"] == "0"
    assert other_kind.ok
    assert {answer.status_code for answer in answers} == {200}
    assert raw("GET", "/v1/accounts/7001").headers["Concurrency-Limit-Remaining"] == "39"


def test_a_hundred_sign_ins_a_minute(zuora_standin):
    assert {sign_in(zuora_standin).status_code for _ in range(100)} == {200}
    refused = sign_in(zuora_standin)
    assert (refused.status_code, refused.headers["X-RateLimit-Remaining-minute"]) == (429, "0")
    assert refused.headers["X-RateLimit-Limit-minute"] == "100"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    zuora_standin.state.clear()
    assert sign_in(zuora_standin).ok


def test_the_client_says_that_zuora_is_busy(zuora, zuora_standin):
    zuora_standin.switches.sign_ins_a_minute = 0
    with pytest.raises(Busy):
        zuora.account("7001")


def test_one_client_signs_in_once_however_much_it_asks(zuora, raw, zuora_standin):
    zuora_standin.switches.sign_ins_a_minute = 2
    assert {zuora.account("7001").number for _ in range(20)} == {"7001"}
