"""Subscriptions and their cancellation, without our client."""

import time
import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest

from lib.standins.zuora import RatePlanChargeRecord, RatePlanRecord, SubscriptionRecord
from tests.contract.conftest import record
from tests.contract.standins.test_standin_zuora_wire import Raw, codes

TODAY = date(2026, 11, 20)
START, END = date(2026, 1, 1), date(2027, 1, 1)


def charge(number="C-00000001", **given):
    defaults = {
        "id": uuid.uuid4().hex,
        "number": number,
        "name": "PBX Extension",
        "product_rate_plan_charge_id": "a" * 32,
        "product_rate_plan_charge_number": "PRPC-00000001",
        "effective_start_date": START,
        "effective_end_date": END,
        "quantity": "3",
        "price": "12.10",
        "charged_through_date": date(2026, 12, 1),
    }
    return RatePlanChargeRecord(**{**defaults, **given})


def subscription(number, account, *charges, **given):
    plan = RatePlanRecord(
        id=uuid.uuid4().hex,
        name="Cloud PBX Monthly",
        product_name="Cloud PBX",
        product_id="b" * 32,
        product_rate_plan_id="c" * 32,
        product_rate_plan_number="PRP-00000001",
        subscription_rate_plan_number=f"SRP-{number}",
        charges=charges or (charge(),),
    )
    defaults = {"term_start_date": START, "term_end_date": END, "rate_plans": (plan,), "version": 2}
    return SubscriptionRecord(id=uuid.uuid4().hex, number=number, account_id=account.id, **{**defaults, **given})


@pytest.fixture
def raw(zuora_standin):
    zuora_standin.switches.today = TODAY
    return Raw(zuora_standin)


@pytest.fixture
def acme(zuora_standin):
    acme = record("7001")
    zuora_standin.state.load([acme])
    return acme


@pytest.fixture
def one(zuora_standin, acme):
    """SUB-1 of account 7001: until 2027, billed until December 2026."""
    one = subscription("SUB-1", acme)
    zuora_standin.state.load_subscriptions([one])
    return one


def listed(raw, **params):
    return raw("GET", "/v1/subscriptions/accounts/7001", params=params)


def cancel(raw, key="SUB-1", **body):
    return raw("PUT", f"/v1/subscriptions/{key}/cancel", json=body)


def test_a_subscription_has_its_published_fields(raw, one, acme):
    body = listed(raw).json()
    assert (body["success"], "nextPage" in body) == (True, False)
    (shown,) = body["subscriptions"]
    assert "name" not in shown
    assert shown["subscriptionNumber"] == "SUB-1"
    assert (shown["accountId"], shown["accountNumber"]) == (acme.id, "7001")
    assert (shown["status"], shown["version"], shown["termType"]) == ("Active", 2, "TERMED")
    assert (shown["termStartDate"], shown["termEndDate"]) == ("2026-01-01", "2027-01-01")
    assert shown["scheduledCancelDate"] is None
    assert shown["billToContact"]["postalCode"] == shown["billToContact"]["zipCode"]
    (plan,) = shown["ratePlans"]
    (line,) = plan["ratePlanCharges"]
    assert (plan["ratePlanName"], plan["productName"]) == ("Cloud PBX Monthly", "Cloud PBX")
    assert line["productRatePlanChargeNumber"] == "PRPC-00000001"
    assert (line["type"], line["model"], line["uom"], line["quantity"]) == ("Recurring", "PerUnit", "Each", 3)
    assert (line["includedUnits"], line["tiers"], line["pricingSummary"]) == (None, None, "AUD12.1/Each")
    by_number = raw("GET", "/v1/subscriptions/SUB-1").json()
    assert by_number == {"success": True, **shown} == raw("GET", f"/v1/subscriptions/{one.id}").json()
    assert raw("GET", "/v1/subscriptions/SUB-9").status_code == 404
    assert raw("GET", "/v1/subscriptions/accounts/9").status_code == 404


def test_money_is_exact_on_the_wire(raw, zuora_standin, acme):
    lines = [charge(f"C-{n}", quantity="1", price=price) for n, price in enumerate(("0.1", "0.2", "123456789012.345"))]
    zuora_standin.state.load_subscriptions([subscription("SUB-1", acme, *lines)])
    shown = listed(raw).json(parse_float=Decimal)["subscriptions"][0]
    assert shown["contractedMrr"] == Decimal("123456789012.645")
    text = raw("GET", "/v1/subscriptions/SUB-1").text
    assert '"price":0.1,' in text
    assert '"contractedMrr":123456789012.645,' in text


def test_a_flat_fee_and_usage(raw, zuora_standin, acme):
    flat = charge("C-1", model="FlatFee", quantity="1", uom=None)
    usage = charge("C-2", type="Usage", model="Overage", quantity=None, uom="Call", included_units="500")
    zuora_standin.state.load_subscriptions([subscription("SUB-1", acme, flat, usage)])
    shown = {line["number"]: line for line in listed(raw).json()["subscriptions"][0]["ratePlans"][0]["ratePlanCharges"]}
    assert (shown["C-1"]["quantity"], shown["C-1"]["uom"], shown["C-1"]["includedUnits"]) == (1, None, None)
    assert (shown["C-2"]["quantity"], shown["C-2"]["includedUnits"]) == (None, 500)


def test_pages_begin_with_the_newest_update_and_follow_a_hostless_path(raw, zuora_standin, acme):
    zuora_standin.state.load_subscriptions(subscription(f"SUB-{n}", acme) for n in range(45))
    assert len(listed(raw).json()["subscriptions"]) == 20
    first = listed(raw, pageSize=99, **{"charge-detail": "last-segment"}).json()
    assert len(first["subscriptions"]) == 40
    assert first["nextPage"] == "/v1/subscriptions/accounts/7001?page=2&pageSize=40&charge-detail=last-segment"
    second = raw("GET", first["nextPage"]).json()
    assert "nextPage" not in second
    numbers = [part["subscriptionNumber"] for part in first["subscriptions"] + second["subscriptions"]]
    assert numbers == [f"SUB-{n}" for n in reversed(range(45))]
    assert cancel(raw, "SUB-3", cancellationPolicy="EndOfCurrentTerm").ok
    assert listed(raw, pageSize=1).json()["subscriptions"][0]["subscriptionNumber"] == "SUB-3"
    summary = raw("GET", "/v1/accounts/7001/summary").json()
    assert [part["subscriptionNumber"] for part in summary["subscriptions"]] == [
        "SUB-3", "SUB-44", "SUB-43", "SUB-42", "SUB-41", "SUB-40",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "params",
    [{"page": "2"}, {"pageSize": "0"}, {"pageSize": "x"}, {"page": "0", "pageSize": "5"}, {"charge-detail": "x"}],
)
def test_wrong_parameters(raw, one, params):
    assert listed(raw, **params).status_code == 400


def test_segments(raw, zuora_standin, acme):
    before = charge(effective_end_date=date(2026, 6, 1), quantity="1")
    after = charge(effective_start_date=date(2026, 12, 24), quantity="9", segment=3)
    between = charge(
        effective_start_date=date(2026, 6, 1), effective_end_date=date(2026, 12, 24), quantity="5", segment=2
    )
    zuora_standin.state.load_subscriptions([subscription("SUB-1", acme, before, after, between)])

    def quantities(**params):
        body = listed(raw, **{name.replace("_", "-"): value for name, value in params.items()}).json()
        return [line["quantity"] for line in body["subscriptions"][0]["ratePlans"][0]["ratePlanCharges"]]

    assert quantities() == quantities(charge_detail="last-segment") == [9]
    assert quantities(charge_detail="current-segment") == [5]
    zuora_standin.switches.today = date(2026, 12, 24)
    # The day on which a segment ends belongs to the next one.
    assert quantities(charge_detail="current-segment") == [9]
    assert quantities(charge_detail="specific-segment", as_of_date="2026-05-31") == [1]
    assert quantities(charge_detail="specific-segment", as_of_date="2025-05-31") == []
    body = listed(raw, **{"charge-detail": "all-segments"}).json()
    (line,) = body["subscriptions"][0]["ratePlans"][0]["ratePlanCharges"]
    assert [part["quantity"] for part in line["chargeSegments"]] == [1, 5, 9]


class TestCancel:
    def test_later(self, raw, one, zuora_standin):
        reply = cancel(raw, cancellationPolicy="EndOfCurrentTerm", runBilling=False, collect=False)
        body = reply.json()
        assert reply.status_code == 200
        assert set(body) == {"success", "subscriptionId", "cancelledDate", "totalDeltaMrr", "totalDeltaTcv"}
        assert (body["cancelledDate"], body["totalDeltaTcv"]) == ("2027-01-01", 0)
        shown = raw("GET", "/v1/subscriptions/SUB-1").json()
        # The latest order decides the status: it is cancelled at once, and goes on until its end.
        assert (shown["id"], shown["version"], shown["status"]) == (body["subscriptionId"], 3, "Cancelled")
        assert (shown["subscriptionEndDate"], shown["termEndDate"]) == ("2027-01-01", "2027-01-01")
        assert shown["scheduledCancelDate"] is None
        old = raw("GET", f"/v1/subscriptions/{one.id}").json()
        assert (old["version"], old["isLatestVersion"]) == (2, False)
        assert len(listed(raw).json()["subscriptions"]) == 1
        mrr = raw("GET", "/v1/accounts/7001").json()["metrics"]["contractedMrr"]
        zuora_standin.switches.today = date(2027, 1, 1)
        ended = raw("GET", "/v1/subscriptions/SUB-1").json()
        assert (ended["status"], ended["version"]) == ("Cancelled", 3)
        # It counts until its last day.
        assert (mrr, raw("GET", "/v1/accounts/7001").json()["metrics"]["contractedMrr"]) == (36.3, 0)

    def test_at_once(self, raw, zuora_standin, acme):
        line = charge(charged_through_date=date(2026, 11, 1))
        zuora_standin.state.load_subscriptions([subscription("SUB-1", acme, line)])
        body = cancel(raw, cancellationPolicy="EndOfLastInvoicePeriod").json()
        assert (body["cancelledDate"], body["totalDeltaMrr"], body["totalDeltaTcv"]) == ("2026-11-01", -36.3, -72.6)
        shown = raw("GET", "/v1/subscriptions/SUB-1").json()
        assert (shown["status"], shown["subscriptionEndDate"]) == ("Cancelled", "2026-11-01")
        assert shown["ratePlans"][0]["ratePlanCharges"][0]["effectiveEndDate"] == "2026-11-01"

    @pytest.mark.parametrize("policy", ["EndOfCurrentTerm", "EndOfLastInvoicePeriod"])
    def test_twice(self, raw, one, policy):
        assert cancel(raw, cancellationPolicy=policy).ok
        again = cancel(raw, cancellationPolicy=policy)
        assert (again.status_code, codes(again)) == (400, [58730020])
        assert codes(cancel(raw, one.id, cancellationPolicy=policy)) == [58730020]
        assert raw("GET", "/v1/subscriptions/SUB-1").json()["version"] == 3

    @pytest.mark.parametrize(
        ("day", "category"),
        [
            ("2025-12-31", 30),
            ("2026-11-30", 30),
            ("2027-01-02", 30),
            ("1.1.2027", 20),
            ("2026-02-30", 20),
            (None, 22),
            ("2026-12-01", None),
            ("2027-01-01", None),
        ],
    )
    def test_specific_dates(self, raw, one, day, category):
        reply = cancel(raw, cancellationPolicy="SpecificDate", cancellationEffectiveDate=day)
        if category is None:
            assert reply.json()["cancelledDate"] == day
        else:
            assert (reply.status_code, codes(reply)[0] % 100) == (400, category)
            assert raw("GET", "/v1/subscriptions/SUB-1").json()["version"] == 2

    @pytest.mark.parametrize(
        ("body", "category"),
        [
            ({}, 22),
            ({"cancellationPolicy": "Now"}, 20),
            ({"cancellationPolicy": "EndOfCurrentTerm", "cancellationEffectiveDate": "2026-12-24"}, 20),
            ({"cancellationPolicy": "EndOfCurrentTerm", "reason": "x"}, 21),
            ({"cancellationPolicy": "EndOfCurrentTerm", "runBilling": "no"}, 20),
        ],
    )
    def test_refused(self, raw, one, body, category):
        reply = cancel(raw, **body)
        assert (reply.status_code, codes(reply)[0] % 100) == (400, category)

    @pytest.mark.parametrize("status", ["Draft", "Pending Activation", "Suspended", "Expired"])
    def test_only_active_ones(self, raw, zuora_standin, acme, status):
        zuora_standin.state.load_subscriptions([subscription("SUB-1", acme, status=status)])
        assert codes(cancel(raw, cancellationPolicy="EndOfCurrentTerm")) == [58730030]

    def test_an_evergreen_one_has_no_term(self, raw, zuora_standin, acme):
        line = charge(effective_end_date=None)
        evergreen = subscription("SUB-1", acme, line, term_type="EVERGREEN", term_end_date=None)
        zuora_standin.state.load_subscriptions([evergreen])
        assert codes(cancel(raw, cancellationPolicy="EndOfCurrentTerm")) == [58730030]
        assert cancel(raw, cancellationPolicy="EndOfLastInvoicePeriod").json()["cancelledDate"] == "2026-12-01"

    def test_put_needs_a_body_and_no_key(self, raw, one):
        path = "/v1/subscriptions/SUB-1/cancel"
        assert raw("PUT", path).status_code == 415
        body = {"cancellationPolicy": "EndOfCurrentTerm"}
        assert raw("PUT", path, json=body, headers={"Idempotency-Key": "k"}).status_code == 400
        assert cancel(raw, "SUB-9", **body).status_code == 404
        assert raw("GET", "/v1/subscriptions/SUB-1").json()["version"] == 2

    def test_switches(self, raw, one, zuora_standin):
        zuora_standin.switches.invoice_settlement = True
        path, body = "/v1/subscriptions/SUB-1/cancel", {"cancellationPolicy": "EndOfCurrentTerm"}
        assert raw("PUT", path, version="210.0", json=body).json()["success"] is False
        zuora_standin.switches.orders_answer_cancel = True
        done = raw("PUT", path, version="211.0", json=body).json()
        assert done["orderNumber"] == "O-00000001"
        assert (done["accountNumber"], done["status"]) == ("7001", "Completed")
        assert done["subscriptions"][0]["subscriptionNumber"] == "SUB-1"


def test_nine_hundred_with_five_thousand_charges_load_and_page_quickly(raw, zuora_standin, acme):
    began = time.monotonic()
    zuora_standin.state.load_subscriptions(
        subscription(f"SUB-{n}", acme, *(charge(f"C-{n}-{k}") for k in range(5 + (n % 9 < 5)))) for n in range(900)
    )
    assert time.monotonic() - began < 10
    began = time.monotonic()
    count, path = 0, "/v1/subscriptions/accounts/7001?pageSize=40"
    while path:
        body = raw("GET", path).json()
        count += sum(len(plan["ratePlanCharges"]) for part in body["subscriptions"] for plan in part["ratePlans"])
        path = body.get("nextPage")
    assert count == 5000
    assert time.monotonic() - began < 15


def test_what_was_done_survives_a_cut_connection(raw, one, zuora_standin):
    fault = {"match": "PUT /v1/subscriptions/SUB-1", "kind": "success_false", "times": 1}
    assert raw.admin("POST", "faults", json=fault).status_code == 204
    assert cancel(raw, cancellationPolicy="EndOfCurrentTerm").json()["success"] is False
    assert raw("GET", "/v1/subscriptions/SUB-1").json()["version"] == 2
    assert raw.admin("POST", "faults", json={**fault, "kind": "drop_after"}).status_code == 204
    with pytest.raises(OSError):
        cancel(raw, cancellationPolicy="EndOfCurrentTerm")
    shown = raw("GET", "/v1/subscriptions/SUB-1").json()
    assert (shown["version"], shown["subscriptionEndDate"]) == (3, str(TODAY + timedelta(days=42)))
