"""Where a parent pays for a child, the debt is the parent's, and every screen says whose it is."""

import uuid
from datetime import timedelta

import pytest

from lib.actions.engine.plan import Confirmation
from lib.standins.zuora.records import InvoiceRecord, SubscriptionRecord
from lib.store import billing
from lib.store.billing import SubscriptionTerms
from lib.store.engine import writing
from tests.actions.conftest import LEAD, zuora_id

CHILD, PARENT, NUMBER = "1002", "1001", "SUB-00000021"
WHOSE = "owed by 1001 Wattle Plumbing, who pays for this account"


@pytest.fixture
def paid(world):
    """Account 1001 pays for its child 1002 and owes an invoice since 18 days; it has a subscription of its own."""
    today = world.services.today()

    def subscription(number, owner, payer=None):
        return SubscriptionRecord(
            id=uuid.uuid4().hex,
            number=number,
            account_id=zuora_id(owner),
            invoice_owner_id=payer and zuora_id(payer),
            term_start_date=today - timedelta(days=100),
            term_end_date=today + timedelta(days=265),
        )

    world.standin.state.load_subscriptions(
        [
            subscription(NUMBER, CHILD, PARENT),
            subscription("SUB-00000022", PARENT),
            subscription("SUB-00000023", "1003"),
        ]
    )
    owe(world, PARENT, "312.00", "i1")
    return world


def owe(world, account, amount, id_, currency="AUD"):
    today = world.services.today()
    invoice = InvoiceRecord(
        id=id_,
        number=f"INV-{id_}",
        account_id=zuora_id(account),
        amount=amount,
        balance=amount,
        due_date=today - timedelta(days=18),
        invoice_date=today - timedelta(days=32),
        currency=currency,
    )
    world.standin.state.load_invoices([invoice])


def plan(world, kind="suspend", account=CHILD, **params):
    return world.runner.plan(kind, account, params, LEAD)


def test_suspend_says_whose_debt_it_is(paid):
    seen = plan(paid)
    assert f"In Zuora: 312.00 AUD overdue, 1 invoice, the oldest for 18 days, {WHOSE}." in seen.warnings
    assert f"1001 Wattle Plumbing pays for {NUMBER}." in seen.warnings
    assert "Nothing is overdue" not in " ".join(seen.warnings)
    assert WHOSE in seen.facts["debts"]


def test_the_parents_own_plan_names_nobody_else(paid):
    (told,) = (words for words in plan(paid, account=PARENT).warnings if "overdue" in words)
    assert told == "In Zuora: 312.00 AUD overdue, 1 invoice, the oldest for 18 days."


def test_own_debts_and_the_payers_stand_beside_each_other_each_in_its_currency(paid):
    owe(paid, CHILD, "40.00", "i2", "USD")
    overdue = [words for words in plan(paid).warnings if words.startswith("In Zuora")]
    assert overdue == [
        "In Zuora: 40.00 USD overdue, 1 invoice, the oldest for 18 days.",
        f"In Zuora: 312.00 AUD overdue, 1 invoice, the oldest for 18 days, {WHOSE}.",
    ]


def test_the_letter_to_the_child_tells_nothing_of_the_parents_debt(paid):
    seen = plan(paid, mail=True)
    assert seen.facts["owed"] is None
    done = paid.finish(paid.runner.start(seen, LEAD, Confirmation(reason="non_payment", note="Both know.")))
    assert done.run.state == "done"
    (letter,) = paid.mail.messages()
    assert "312.00" not in letter.text


def test_enable_says_it_too(paid):
    seen = plan(paid)
    paid.finish(paid.runner.start(seen, LEAD, Confirmation(reason="non_payment")))
    assert (
        f"Still in Zuora: 312.00 AUD overdue, 1 invoice, the oldest for 18 days, {WHOSE}."
        in plan(paid, "enable").warnings
    )


def test_deactivate_says_it_and_that_the_order_is_the_payers(paid):
    for wish, says in (
        ({}, "still gets their invoices"),
        ({"zuora": "invoice_period"}, "Only this account's subscriptions are cancelled"),
    ):
        seen = plan(paid, "deactivate", keep_children=True, **wish)
        assert seen.dangers == (f"In Zuora: 312.00 AUD overdue, 1 invoice, the oldest for 18 days, {WHOSE}.",)
        (told,) = (words for words in seen.warnings if words.startswith("1001 Wattle Plumbing pays for"))
        assert says in told


@pytest.mark.parametrize("wish", [{}, {"zuora": "invoice_period"}])
def test_a_debt_that_could_not_be_read_is_not_called_none_whatever_is_chosen(paid, wish):
    paid.fail("GET /object-query/invoices", "drop_before", times=None)
    seen = plan(paid, "deactivate", keep_children=True, **wish)
    assert not seen.dangers
    assert any("could not be read from Zuora" in words for words in seen.warnings)


def test_a_debt_of_the_payer_is_part_of_what_is_approved(paid):
    seen = plan(paid, "deactivate", keep_children=True)
    owe(paid, PARENT, "10.00", "i2")
    assert plan(paid, "deactivate", keep_children=True).fingerprint != seen.fingerprint


def test_a_cancellation_reaches_the_subscription_of_this_account_alone(paid):
    seen = plan(paid, "deactivate", keep_children=True, zuora="date", cancel_on=str(paid.services.today()))
    assert seen.facts["to_cancel"] == [NUMBER]
    done = paid.finish(
        paid.runner.start(seen, LEAD, Confirmation(typed=CHILD, reason="customer_request", note="Closed.")), 40
    )
    assert done.run.state == "done", done.run.error
    state = {number: paid.standin.state.subscription(number)["status"] for number in (NUMBER, "SUB-00000022")}
    assert state == {NUMBER: "Cancelled", "SUB-00000022": "Active"}
    (order,) = paid.standin.state.orders(10)
    assert order["existingAccountNumber"] == "A1001"


@pytest.mark.parametrize("what", ["GET /object-query/invoices", "GET /v1/subscriptions/accounts"])
def test_what_could_not_be_read_is_not_called_nothing(paid, what):
    paid.standin.state.load_invoices([])
    paid.fail(what, "drop_before", times=None)
    seen = plan(paid, account="1003")
    assert "Nothing is overdue in Zuora." not in seen.warnings
    assert any("could not be read from Zuora" in words for words in seen.warnings)


def test_money_of_the_payer_that_came_in_meanwhile_gives_a_new_plan(paid):
    seen = plan(paid)
    owe(paid, PARENT, "10.00", "i1")
    assert plan(paid).facts["debts"] != seen.facts["debts"]


def test_a_refresh_keeps_who_pays(paid):
    with writing(paid.services.engine) as connection:
        terms = SubscriptionTerms(status="Active", term_start=None, term_end=None, version=1, allowances={})
        billing.add_subscription(connection, CHILD, NUMBER, name=None, terms=terms)
    seen = plan(paid, "refresh_allowances", subscription=NUMBER)
    assert "paid by A1001" in seen.effects[-1].after
    paid.finish(paid.runner.start(seen, LEAD))
    with paid.services.engine.connect() as connection:
        assert billing.payers_of(connection, CHILD) == ["A1001"]
        assert billing.payers_of(connection, PARENT) == []
