"""The Zuora client's overdue invoices: exactly what is owed, to the cent."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from starlette.responses import JSONResponse

from lib.clients.errors import Rejected, UnexpectedReply
from lib.clients.zuora import Overdue, overdue_sums
from lib.standins.zuora.manners.faults import Fault
from tests.contract.conftest import invoice, record

TODAY = date(2026, 11, 23)
PAST = TODAY - timedelta(days=1)


def row(**changes):
    owed = {
        "id": "i1",
        "invoiceNumber": "INV-1",
        "accountId": "a",
        "balance": 5.5,
        "dueDate": "2026-11-22",
        "currency": "AUD",
        "status": "Posted",
    }
    return {name: value for name, value in {**owed, **changes}.items() if value is not None}


def test_only_posted_invoices_with_a_balance_after_their_due_date_are_overdue(zuora, zuora_standin):
    account, other = record("1", "Acme Pty Ltd"), record("2")
    zuora_standin.state.load([account, other])
    zuora_standin.state.load_invoices(
        [
            invoice(account.id, "INV-1", PAST, "0.10"),
            invoice(account.id, "INV-2", TODAY),
            invoice(account.id, "INV-3", PAST, "0"),
            invoice(account.id, "INV-4", PAST, "-5"),
            invoice(account.id, "INV-5", PAST, status="Draft"),
            invoice(account.id, "INV-6", TODAY - timedelta(days=400), "0.20"),
            invoice(other.id, "INV-7", PAST, "99999999.99", currency="NZD"),
        ]
    )
    found = {owed.number: owed for owed in zuora.overdue(TODAY)}
    assert set(found) == {"INV-1", "INV-6", "INV-7"}
    first = found["INV-1"]
    assert first.account_id == account.id
    assert (first.balance, first.due, first.currency) == (Decimal("0.10"), PAST, "AUD")
    assert "Acme" not in repr(first)
    assert {owed.number for owed in zuora.overdue_of(account.id, TODAY)} == {"INV-1", "INV-6"}
    assert sorted(overdue_sums(found.values()), key=lambda owed: owed.currency) == [
        Overdue(account.id, "AUD", Decimal("0.30"), 2, TODAY - timedelta(days=400)),
        Overdue(other.id, "NZD", Decimal("99999999.99"), 1, PAST),
    ]


def test_an_account_that_owes_in_two_currencies_has_two_sums(scripted, scripted_zuora):
    rows = [row(), row(id="i2", currency="NZD"), row(id="i3", balance=1)]
    scripted.replies.append(JSONResponse({"data": rows}))
    sums = overdue_sums(scripted_zuora.overdue(TODAY))
    assert [(owed.currency, owed.balance, owed.invoices) for owed in sums] == [
        ("AUD", Decimal("6.5"), 2),
        ("NZD", Decimal("5.5"), 1),
    ]


def test_every_page_is_read(zuora, zuora_standin):
    account = record("1")
    zuora_standin.state.load([account])
    zuora_standin.state.load_invoices([invoice(account.id, f"INV-{n}", PAST, "0.01") for n in range(1000)])
    assert overdue_sums(zuora.overdue(TODAY)) == [Overdue(account.id, "AUD", Decimal("10.00"), 1000, PAST)]
    assert zuora_standin.state.faults.requests()[1].count("GET /object-query/invoices") == 20


def test_what_is_asked(scripted, scripted_zuora):
    scripted.replies.append(JSONResponse({"data": []}))
    assert list(scripted_zuora.overdue(TODAY)) == []
    assert scripted.seen[0].query_params.multi_items() == [
        ("filter[]", "status.EQ:Posted"),
        ("filter[]", "balance.GT:0"),
        ("filter[]", "duedate.LT:2026-11-23"),
        ("expand[]", "account"),
        ("pageSize", "50"),
    ]


def test_an_invoice_on_two_pages_is_owed_once(scripted, scripted_zuora):
    scripted.replies += [JSONResponse({"data": [row()], "nextPage": "x"}), JSONResponse({"data": [row()]})]
    assert len(list(scripted_zuora.overdue(TODAY))) == 1


def test_a_cursor_that_comes_again_ends_in_an_error(scripted, scripted_zuora):
    scripted.replies.append(JSONResponse({"data": [row()], "nextPage": "same"}))
    with pytest.raises(UnexpectedReply, match="again and again"):
        list(scripted_zuora.overdue(TODAY))


@pytest.mark.parametrize(
    "changes", [{"balance": 0}, {"balance": -1}, {"dueDate": "2026-11-23"}, {"accountId": "b"}, {"status": "Draft"}]
)
def test_rows_that_were_not_asked_for_are_not_debts(scripted, scripted_zuora, changes):
    scripted.replies.append(JSONResponse({"data": [row(**changes)]}))
    with pytest.raises(UnexpectedReply, match="not asked for"):
        scripted_zuora.overdue_of("a", TODAY)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"accountId": None},
        {"balance": None},
        {"balance": True},
        {"balance": "much"},
        {"dueDate": None},
        {"dueDate": 7},
        {"currency": None},
        {"currency": None, "account": 7},
    ],
)
def test_an_invoice_that_is_not_one_is_unexpected(scripted, scripted_zuora, changes):
    scripted.replies.append(JSONResponse({"data": [row(**changes)]}))
    with pytest.raises(UnexpectedReply):
        list(scripted_zuora.overdue(TODAY))


def test_the_currency_may_be_the_accounts(scripted, scripted_zuora):
    scripted.replies.append(JSONResponse({"data": [row(currency=None, account={"currency": "NZD"})]}))
    (owed,) = scripted_zuora.overdue(TODAY)
    assert owed.currency == "NZD"


@pytest.mark.parametrize("account_id", ["", "a,b", "x:y", "a b", "null]", "ü"])
def test_an_id_that_is_not_one_is_not_used_in_a_filter(scripted, scripted_zuora, account_id):
    with pytest.raises(Rejected):
        scripted_zuora.overdue_of(account_id, TODAY)
    assert scripted.seen == []


@pytest.mark.parametrize("kind", ["429", "temporary", "html504", "drop_before", "truncate"])
def test_a_page_is_tried_again(zuora, zuora_standin, kind):
    account = record("1")
    zuora_standin.state.load([account])
    zuora_standin.state.load_invoices([invoice(account.id, f"INV-{n}", PAST) for n in range(150)])
    zuora_standin.state.faults.add(Fault("GET /object-query/invoices", kind, 2))
    assert len(zuora.overdue_of(account.id, TODAY)) == 150
