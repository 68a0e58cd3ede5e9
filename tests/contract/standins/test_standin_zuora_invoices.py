"""Invoices, subscriptions and contacts by object query, without our client."""

import uuid
from datetime import date
from decimal import Decimal

import pytest

from lib.standins.zuora import InvoiceRecord
from tests.contract.conftest import contact, record
from tests.contract.standins.test_standin_zuora_subscriptions import TODAY, charge, subscription
from tests.contract.standins.test_standin_zuora_wire import Raw, codes


def invoice(number, account, balance, due, **given):
    defaults = {"amount": "100.10", "invoice_date": date(2026, 10, 1)}
    return InvoiceRecord(
        id=uuid.uuid4().hex,
        number=number,
        account_id=account.id,
        balance=balance,
        due_date=due,
        **{**defaults, **given},
    )


@pytest.fixture
def acme(zuora_standin):
    acme = record("7001", balance="110.30", bill_to=contact(work_email="ada@example.com", zip_code="3000"))
    zuora_standin.state.load([acme, record("7002", name="Beta", notes="", balance="9.50")])
    zuora_standin.state.load_invoices(
        [
            invoice("INV1", acme, "100.10", date(2026, 11, 1)),
            invoice("INV2", acme, "10.20", date(2026, 12, 1)),
            invoice("INV3", acme, "0", date(2026, 9, 1)),
            invoice("INV4", acme, "9.00", date(2026, 9, 1), status="Draft"),
        ]
    )
    zuora_standin.state.load_subscriptions(
        [subscription("SUB-1", acme), subscription("SUB-2", acme, status="Suspended", auto_renew=False)]
    )
    return acme


@pytest.fixture
def raw(zuora_standin, acme):
    zuora_standin.switches.today = TODAY
    return Raw(zuora_standin)


def ask(raw, kind, *filters, **given):
    params = [("filter[]", text) for text in filters] + [(name.replace("__", "[]"), v) for name, v in given.items()]
    return raw("GET", f"/object-query/{kind}", params=params)


def test_overdue_invoices_with_their_accounts(raw, acme):
    filters = ("status.EQ:Posted", "balance.GT:0", "duedate.LT:2026-11-20")
    reply = ask(raw, "invoices", *filters, expand__="account", pageSize="50")
    body = reply.json(parse_float=Decimal)
    assert set(body) == {"data"}
    (row,) = body["data"]
    assert (row["invoiceNumber"], row["dueDate"], row["accountId"]) == ("INV1", "2026-11-01", acme.id)
    assert (row["balance"], row["account"]["accountNumber"]) == (Decimal("100.10"), "7001")
    assert row["account"]["balance"] == Decimal("110.30")
    assert '"balance":100.10' in reply.text
    nested = ask(raw, "invoices", *filters, expand__="account.billto").json()["data"][0]
    assert nested["account"]["billTo"]["postalCode"] == "3000"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("balance.GE:10.2", {"INV1", "INV2"}),
        ("balance.LE:10.20", {"INV2", "INV3", "INV4"}),
        ("balance.LT:9", {"INV3"}),
        ("balance.EQ:9", {"INV4"}),
        ("balance.NE:0.0", {"INV1", "INV2", "INV4"}),
        ("balance.IN:[0,9.00]", {"INV3", "INV4"}),
        ("duedate.GT:2026-11-01", {"INV2"}),
        ("duedate.GE:2026-11-01", {"INV1", "INV2"}),
        ("duedate.LE:2026-09-01", {"INV3", "INV4"}),
        ("invoicenumber.SW:inv", {"INV1", "INV2", "INV3", "INV4"}),
        ("status.EQ:draft", {"INV4"}),
        ("accountid.EQ:nobody", set()),
    ],
)
def test_filters(raw, text, numbers):
    assert {row["invoiceNumber"] for row in ask(raw, "invoices", text).json()["data"]} == numbers


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("invoices", {"filter__": "balance.GT:much"}),
        ("invoices", {"filter__": "currency.EQ:AUD"}),
        ("invoices", {"sort__": "balance"}),
        ("invoices", {"sort__": "colour.ASC"}),
        ("invoices", {"expand__": "boats"}),
        ("contacts", {"expand__": "account"}),
        ("invoices", {"fields__": "colour"}),
        ("invoices", {"pageSize": "51"}),
        ("invoices", {"success": "true"}),
    ],
)
def test_wrong_parameters(raw, kind, given):
    reply = ask(raw, kind, **given)
    assert reply.status_code == 400
    assert set(reply.json()) == {"reasons", "requestId"}


@pytest.mark.parametrize(("direction", "first"), [("ASC", "INV3"), ("DESC", "INV1")])
def test_sorted_pages(raw, direction, first):
    seen, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        body = ask(raw, "invoices", sort__=f"balance.{direction}", pageSize="1", **more).json()
        seen += [row["invoiceNumber"] for row in body["data"]]
        cursor = body.get("nextPage")
        if cursor is None:
            break
    assert seen[0] == first
    assert sorted(seen) == ["INV1", "INV2", "INV3", "INV4"]


def test_fields_and_nulls(raw):
    assert ask(raw, "accounts", "accountnumber.EQ:7002", fields__="id,name").json()["data"][0].keys() == {"id", "name"}
    plain = ask(raw, "accounts", "accountnumber.EQ:7002").json()["data"][0]
    assert "notes" not in plain
    full = ask(raw, "accounts", "accountnumber.EQ:7002", includeNullFields="true").json()
    assert full["data"][0]["notes"] is None
    assert full["nextPage"] is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("balance.GT:10", {"7001"}), ("currency.EQ:aud", {"7001", "7002"}), ("batch.EQ:Batch2", set())],
)
def test_more_account_filters(raw, text, numbers):
    assert {row["accountNumber"] for row in ask(raw, "accounts", text).json()["data"]} == numbers


def test_subscriptions_have_other_names_here(raw, acme):
    rows = ask(raw, "subscriptions", f"accountid.EQ:{acme.id}", "status.EQ:Active").json()["data"]
    assert [row["name"] for row in rows] == ["SUB-1"]
    assert "subscriptionNumber" not in rows[0]
    assert rows[0]["cMRR"] == 36.3
    assert [row["name"] for row in ask(raw, "subscriptions", "autorenew.EQ:false").json()["data"]] == ["SUB-2"]
    found = ask(raw, "subscriptions", "name.EQ:SUB-1", expand__="rateplans.rateplancharges").json()["data"][0]
    line = found["ratePlans"][0]["ratePlanCharges"][0]
    assert (line["chargeNumber"], line["chargeModel"], line["quantity"]) == ("C-00000001", "Per Unit Pricing", 3)


def test_only_the_latest_version_is_listed(raw):
    assert raw("PUT", "/v1/subscriptions/SUB-1/cancel", json={"cancellationPolicy": "EndOfCurrentTerm"}).ok
    (row,) = ask(raw, "subscriptions", "name.EQ:SUB-1").json()["data"]
    assert (row["version"], row["status"], row["subscriptionEndDate"]) == (3, "Cancelled", "2027-01-01")


def test_children_are_cut_at_the_page_size(raw, zuora_standin, acme):
    zuora_standin.state.load_subscriptions(subscription(f"SUB-{n}", acme, charge()) for n in range(3, 15))
    row = ask(raw, "accounts", "accountnumber.EQ:7001", expand__="subscriptions").json()["data"][0]
    assert len(row["subscriptions"]) == 10


def test_one_by_id_or_number(raw, acme):
    for path in ("accounts/7001", f"accounts/{acme.id}"):
        body = raw("GET", f"/object-query/{path}").json()
        assert body["accountNumber"] == "7001"
        assert "success" not in body
    assert raw("GET", "/object-query/invoices/INV2").json()["balance"] == 10.2
    person = raw("GET", f"/object-query/contacts/{acme.bill_to.id}").json()
    assert (person["postalCode"], "zipCode" in person) == ("3000", False)
    missing = raw("GET", "/object-query/invoices/INV9")
    assert (missing.status_code, codes(missing)) == (404, [50000040])
    assert raw("GET", "/object-query/boats").status_code == 404


def test_contacts_by_email(raw):
    (row,) = ask(raw, "contacts", "workemail.EQ:ADA@example.com").json()["data"]
    assert row["firstName"] == "Ada"


def test_filters_by_time(raw):
    day = "updateddate.{}:2026-01-01T10:00:00+10:00"
    assert len(ask(raw, "invoices", day.format("GE")).json()["data"]) == 4
    assert ask(raw, "invoices", day.format("LT")).json()["data"] == []
    assert ask(raw, "invoices", "updateddate.GE:yesterday").status_code == 400


def test_summary(raw):
    body = raw("GET", "/v1/accounts/7001/summary").json()
    assert body["success"] is True
    assert body["basicInfo"]["balance"] == "110.30"
    assert {row["invoiceNumber"] for row in body["invoices"]} == {"INV1", "INV2", "INV3", "INV4"}
    assert body["payments"] == body["usage"] == []
