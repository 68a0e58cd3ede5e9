"""Orders and idempotency keys, without our client."""

import threading
import time

import pytest

from tests.contract.conftest import record
from tests.contract.standins.test_standin_zuora_subscriptions import TODAY, subscription
from tests.contract.standins.test_standin_zuora_wire import Raw, codes


@pytest.fixture
def raw(zuora_standin):
    zuora_standin.switches.today = TODAY
    acme, other = record("7001"), record("7002")
    zuora_standin.state.load([acme, other])
    zuora_standin.state.load_subscriptions(
        [subscription("SUB-1", acme), subscription("SUB-2", acme), subscription("SUB-3", other)]
    )
    return Raw(zuora_standin)


def order(*numbers, policy="EndOfCurrentTerm", **given):
    action = {
        "type": "CancelSubscription",
        "triggerDates": [{"name": "ContractEffective", "triggerDate": "2026-11-20"}],
        "cancelSubscription": {"cancellationPolicy": policy},
    }
    parts = [{"subscriptionNumber": number, "orderActions": [action]} for number in numbers]
    return {
        "orderDate": "2026-11-20",
        "existingAccountNumber": "7001",
        "subscriptions": parts,
        "processingOptions": {"runBilling": False, "collectPayment": False},
        **given,
    }


def post(raw, body, key=None, **given):
    return raw("POST", "/v1/orders", json=body, headers={"Idempotency-Key": key} if key else {}, **given)


def version(raw, number="SUB-1"):
    return raw("GET", f"/v1/subscriptions/{number}").json()["version"]


@pytest.mark.parametrize(
    ("minor", "numbers_only"), [(None, True), ("222.0", True), ("223.0", False), ("2025-08-12", False)]
)
def test_the_answer_by_minor_version(raw, minor, numbers_only):
    body = post(raw, order("SUB-1", "SUB-2"), version=minor).json()
    shown = body.pop("subscriptionNumbers") if numbers_only else body.pop("subscriptions")
    assert body == {"success": True, "orderNumber": "O-00000001", "accountNumber": "7001", "status": "Completed"}
    numbers = shown if numbers_only else [part["subscriptionNumber"] for part in shown]
    assert numbers == ["SUB-1", "SUB-2"]
    after = raw("GET", "/v1/subscriptions/SUB-2").json()
    assert (after["version"], after["status"], after["subscriptionEndDate"]) == (3, "Cancelled", "2027-01-01")


def test_an_order_names_the_account_that_gets_the_invoices(raw, zuora_standin):
    payer, owner = record("8001"), record("8002")
    zuora_standin.state.load([payer, owner])
    paid = subscription("SUB-8", owner, invoice_owner_id=payer.id)
    zuora_standin.state.load_subscriptions([paid])
    shown = raw("GET", "/v1/subscriptions/SUB-8").json()
    assert (shown["accountNumber"], shown["invoiceOwnerAccountNumber"]) == ("8002", "8001")
    assert (shown["invoiceOwnerAccountId"], shown["invoiceOwnerAccountName"]) == (payer.id, payer.name)
    refused = post(raw, order("SUB-8", existingAccountNumber="8002"))
    assert (refused.status_code, version(raw, "SUB-8")) == (404, 2)
    body = post(raw, order("SUB-8", existingAccountNumber="8001")).json()
    assert (body["accountNumber"], body["subscriptions"][0]["subscriptionOwnerNumber"]) == ("8001", "8002")
    (kept,) = raw("GET", "/v1/orders").json()["orders"]
    assert kept["existingAccountNumber"] == "8001"
    assert kept["subscriptions"][0]["subscriptionOwnerAccountNumber"] == "8002"
    (row,) = raw("GET", "/object-query/subscriptions?filter[]=name.EQ:SUB-8").json()["data"]
    assert (row["accountId"], row["invoiceOwnerId"]) == (owner.id, payer.id)


def test_all_or_nothing(raw):
    assert post(raw, order("SUB-1")).json()["orderNumber"] == "O-00000001"
    again = post(raw, order("SUB-2", "SUB-1"))
    assert (again.status_code, codes(again)) == (400, [58730020])
    assert version(raw, "SUB-2") == 2
    assert post(raw, order("SUB-2")).json()["orderNumber"] == "O-00000002"


@pytest.mark.parametrize(
    ("body", "status", "category"),
    [
        (order("SUB-3"), 404, 40),
        (order("SUB-9"), 404, 40),
        (order("SUB-1", existingAccountNumber="9"), 404, 40),
        (order("SUB-1", existingAccountNumber=None), 404, 40),
        (order("SUB-1", orderDate="today"), 400, 20),
        (order("SUB-1", subscriptions="SUB-1"), 400, 20),
        (order(), 400, 22),
        (order("SUB-1", colour="red"), 400, 21),
        (order("SUB-1", processingOptions={"runBilling": 1}), 400, 20),
        (order("SUB-1", policy="Now"), 400, 20),
        (order("SUB-1", policy="SpecificDate"), 400, 22),
        (order("SUB-1", existingAccountId="x"), 400, 22),
        (order("SUB-1", subscriptions=[{"subscriptionNumber": "SUB-1", "orderActions": [{"type": "Boat"}]}]), 400, 45),
    ],
)  # fmt: skip
def test_refused(raw, body, status, category):
    reply = post(raw, body)
    assert (reply.status_code, codes(reply)[0] % 100) == (status, category)
    assert version(raw) == 2


def test_a_tenant_without_orders(raw, zuora_standin):
    zuora_standin.switches.orders_enabled = False
    reply = post(raw, order("SUB-1"))
    assert (reply.status_code, codes(reply)[0] % 100) == (403, 10)


class TestIdempotency:
    def test_a_success_is_answered_again_and_done_once(self, raw):
        first, again = post(raw, order("SUB-1"), "k1"), post(raw, order("SUB-1"), "k1")
        assert first.json() == again.json()
        assert (first.status_code, again.status_code, version(raw)) == (200, 200, 3)
        assert first.headers["Zuora-Request-Id"] != again.headers["Zuora-Request-Id"]
        assert codes(post(raw, order("SUB-1"), "k2")) == [58730020]

    def test_a_failure_is_answered_again(self, raw, zuora_standin):
        zuora_standin.switches.orders_enabled = False
        assert post(raw, order("SUB-1"), "k1").status_code == 403
        zuora_standin.switches.orders_enabled = True
        assert post(raw, order("SUB-1"), "k1").status_code == 403
        assert version(raw) == 2

    def test_the_answer_lost_on_the_way_is_there_for_the_same_key(self, raw):
        fault = {"match": "POST /v1/orders", "kind": "drop_after", "times": 1}
        raw.admin("POST", "faults", json=fault)
        with pytest.raises(OSError):
            post(raw, order("SUB-1"), "k1")
        assert post(raw, order("SUB-1"), "k1").json()["orderNumber"] == "O-00000001"
        assert version(raw) == 3

    @pytest.mark.parametrize("kind", ["lock", "temporary", "success_false"])
    def test_a_refusal_by_a_fault_is_kept_too(self, raw, kind):
        raw.admin("POST", "faults", json={"match": "POST /v1/orders", "kind": kind, "times": 1})
        first, again = post(raw, order("SUB-1"), "k1"), post(raw, order("SUB-1"), "k1")
        assert (first.status_code, first.json()) == (again.status_code, again.json())
        assert not first.json()["success"]
        # The body names the first request, the header the current one.
        assert first.json()["requestId"] == first.headers["Zuora-Request-Id"] != again.headers["Zuora-Request-Id"]
        assert version(raw) == 2
        assert post(raw, order("SUB-1"), "k2").ok

    @pytest.mark.parametrize("kind", ["429", "html502", "html504", "unauthorized"])
    def test_what_the_gateway_says_is_not(self, raw, kind):
        raw.admin("POST", "faults", json={"match": "POST /v1/orders", "kind": kind, "times": 1})
        assert not post(raw, order("SUB-1"), "k1").ok
        assert post(raw, order("SUB-1"), "k1").ok

    def test_a_request_dropped_before_it_was_worked_on_is_not(self, raw):
        raw.admin("POST", "faults", json={"match": "POST /v1/orders", "kind": "drop_before", "times": 1})
        with pytest.raises(OSError):
            post(raw, order("SUB-1"), "k1")
        assert version(raw) == 2
        assert post(raw, order("SUB-1"), "k1").ok

    def test_the_option_of_the_official_sdk_is_taken(self, raw):
        body = order("SUB-1")
        body["processingOptions"] = {"runBilling": False, "collectPayment": False, "allowPaymentFailure": True}
        assert post(raw, body, "k1").ok
        body["processingOptions"]["allowPaymentFailure"] = "yes"
        assert not post(raw, body, "k2").ok

    @pytest.mark.parametrize("minor", [None, "2025-08-12"])
    def test_a_key_is_for_one_request(self, raw, minor):
        assert post(raw, order("SUB-1"), "k1").ok
        assert post(raw, order("SUB-2"), "k1", version=minor).status_code == 422
        other = raw("POST", "/v1/action/update", version=minor, json={}, headers={"Idempotency-Key": "k1"})
        assert other.status_code == 422
        assert post(raw, order("SUB-2"), "k" * 256).status_code == 400
        assert version(raw, "SUB-2") == 2

    def test_while_the_first_still_runs(self, raw, zuora_standin):
        zuora_standin.switches.order_seconds = 1.0
        replies = []
        first = threading.Thread(target=lambda: replies.append(post(raw, order("SUB-1"), "k1")))
        first.start()
        until = time.monotonic() + 5
        while "POST /v1/orders" not in zuora_standin.state.faults.requests()[1] and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.1)
        busy = post(raw, order("SUB-1"), "k1", version=None)
        assert (busy.status_code, codes(busy)[0] % 100) == (409, 50)
        first.join()
        assert replies[0].json() == post(raw, order("SUB-1"), "k1").json()
        assert version(raw) == 3

    def test_an_answer_is_kept_for_a_day(self, raw, zuora_standin):
        assert post(raw, order("SUB-1"), "k1").ok
        with zuora_standin.state.transaction() as db:
            db.execute("UPDATE answer SET at = at - 86401")
        assert codes(post(raw, order("SUB-1"), "k1")) == [58730020]


def test_orders_are_listed_newest_first(raw, zuora_standin):
    assert raw("GET", "/v1/orders").json() == {"orders": [], "success": True}
    post(raw, order("SUB-1"))
    post(raw, order("SUB-2"))
    listed = raw("GET", "/v1/orders?pageSize=1").json()["orders"]
    assert [(one["orderNumber"], one["status"], one["orderDate"]) for one in listed] == [
        ("O-00000002", "Completed", "2026-11-20")
    ]
    zuora_standin.switches.orders_enabled = False
    assert raw("GET", "/v1/orders").status_code == 403
