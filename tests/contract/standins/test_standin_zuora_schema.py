"""No answer has a field or a type that Zuora's published schema does not have.

`tests/cases/zuora-fields.json` holds the fields of each body by the kind of their values, from the published models
of Zuora's own SDK, without those of the connectors for other products.
"""

import json
from datetime import date
from pathlib import Path

import pytest

from tests.contract.conftest import charge, invoice, rate_plan, record, subscription
from tests.contract.standins.test_standin_zuora_wire import Raw

FIELDS = json.loads((Path(__file__).parents[2] / "cases" / "zuora-fields.json").read_text())
KINDS = {str: "text", bool: "flag", int: "number", float: "number", list: "list", dict: "object"}
SAME = {
    "account.billToContact": "contact",
    "account.soldToContact": "contact",
    "summary.billToContact": "contact",
    "summary.soldToContact": "contact",
    "subscription.billToContact": "contact",
    "subscription.soldToContact": "contact",
    "listed.subscriptions": "subscription",
    "cancelled.subscriptions": "order.subscriptions",
    "accounts.billTo": "contacts",
    "accounts.soldTo": "contacts",
    "accounts.subscriptions": "subscriptions",
    "accounts.invoices": "invoices",
    "subscriptions.account": "accounts",
    "invoices.account": "accounts",
}
"""Where a body is inside another one, by its name in the file."""
FREE = {"orders.orders.subscriptions.orderActions", "account.reasons"}
"""What is not checked: an order's actions are shown as they were sent."""


def strangers(body: dict, name: str) -> list[str]:
    """The fields of the body that are not in the schema, or have another type there."""
    allowed = {field: kind for kind, fields in FIELDS[name].items() for field in fields.split()}
    found = []
    for field, value in body.items():
        kind = KINDS.get(type(value))
        if field not in allowed:
            found.append(f"{name}.{field} is no field")
        elif value is not None and kind != allowed[field]:
            found.append(f"{name}.{field} is {kind}, not {allowed[field]}")
        inside = SAME.get(f"{name}.{field}", f"{name}.{field}")
        parts = value if isinstance(value, list) else [value]
        if inside in FIELDS and inside not in FREE:
            found += [one for part in parts if isinstance(part, dict) for one in strangers(part, inside)]
    return found


@pytest.fixture
def raw(zuora_standin):
    zuora_standin.switches.today = date(2026, 11, 20)
    account = record("7001", notes="A note.", crm_id="C-1", parent_id=None)
    zuora_standin.state.load([account])
    segments = (
        charge("C-1", effective_end_date=date(2026, 12, 1)),
        charge("C-1", segment=2, effective_start_date=date(2026, 12, 1)),
        charge("C-2", type="Usage", model="Overage", quantity=None, uom="Call", included_units="5"),
        charge("C-3", model="FlatFee", quantity="1", uom=None),
    )
    zuora_standin.state.load_subscriptions(
        [subscription(account.id, number, rate_plan(*segments)) for number in ("S-1", "S-2", "S-3")]
    )
    zuora_standin.state.load_invoices([invoice(account.id, "INV-1", date(2026, 1, 1))])
    return Raw(zuora_standin)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/accounts/7001", "account"),
        ("/v1/accounts/7001/summary", "summary"),
        ("/v1/subscriptions/S-1", "subscription"),
        ("/v1/subscriptions/S-1?charge-detail=current-segment", "subscription"),
        ("/v1/subscriptions/S-1?charge-detail=all-segments", "subscription"),
    ],
)
def test_a_body_has_no_other_field_than_the_schema(raw, path, name):
    body = raw("GET", path).json()
    assert body["success"] is True
    assert strangers(body, name) == []


def test_segments_repeat_nothing_of_their_charge(raw):
    body = raw("GET", "/v1/subscriptions/S-1?charge-detail=all-segments").json()
    (line,) = (one for one in body["ratePlans"][0]["ratePlanCharges"] if one["number"] == "C-1")
    assert [(one["segment"], one["quantity"], one["effectiveStartDate"]) for one in line["chargeSegments"]] == [
        (1, 3, "2026-01-01"),
        (2, 3, "2026-12-01"),
    ]
    assert not {"number", "name", "type", "model", "uom", "billingPeriod"} & set(line["chargeSegments"][0])


def test_a_contact(raw, zuora_standin):
    contact_id = zuora_standin.state.account("7001")["bill_to_id"]
    assert strangers(raw("GET", f"/v1/contacts/{contact_id}").json(), "contact") == []


def test_the_subscriptions_of_an_account(raw):
    rows = raw("GET", "/v1/subscriptions/accounts/7001").json()["subscriptions"]
    assert len(rows) == 3
    assert [one for row in rows for one in strangers(row, "subscription")] == []


@pytest.mark.parametrize("minor", ["222.0", "2025-08-12"])
def test_orders_and_cancellations(raw, minor):
    actions = [{"type": "CancelSubscription", "cancelSubscription": {"cancellationPolicy": "EndOfCurrentTerm"}}]
    order = {
        "orderDate": "2026-11-20",
        "existingAccountNumber": "7001",
        "subscriptions": [{"subscriptionNumber": "S-1", "orderActions": actions}],
    }
    done = raw("POST", "/v1/orders", version=minor, json=order).json()
    assert done["success"] is True
    assert strangers(done, "order") == []
    listed = raw("GET", "/v1/orders").json()
    assert strangers(listed, "orders") == []
    assert listed["orders"][0]["subscriptions"][0]["orderActions"] == actions


@pytest.mark.parametrize("with_order", [False, True])
def test_a_put_cancel(raw, zuora_standin, with_order):
    zuora_standin.switches.orders_answer_cancel = with_order
    body = raw("PUT", "/v1/subscriptions/S-2/cancel", json={"cancellationPolicy": "EndOfCurrentTerm"}).json()
    assert ("orderNumber" in body) is with_order
    assert strangers(body, "cancelled") == []


@pytest.mark.parametrize(
    ("kind", "expand"),
    [
        ("accounts", "billto,soldto,invoices,subscriptions.rateplans.rateplancharges"),
        ("contacts", ""),
        ("subscriptions", "account,rateplans.rateplancharges"),
        ("invoices", "account.billto"),
    ],
)
def test_object_queries(raw, kind, expand):
    params = {"includeNullFields": "true"} | ({"expand[]": expand} if expand else {})
    rows = raw("GET", f"/object-query/{kind}", params=params).json()["data"]
    assert rows
    assert [one for row in rows for one in strangers(row, kind)] == []


def test_a_stranger_is_found():
    body = {"success": True, "basicInfo": {"id": 7, "colour": "red"}}
    assert strangers(body, "account") == [
        "account.basicInfo.id is number, not text",
        "account.basicInfo.colour is no field",
    ]
