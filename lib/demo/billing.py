"""The demo's subscriptions and invoices, as the Zuora stand-in has them.

They grant what the Hub has stored, except on the two accounts where a difference is planted.
"""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from lib.demo.model import ALLOWANCES, ANCHOR, DemoAccount, Subscription
from lib.demo.world import world
from lib.standins.zuora.records import InvoiceRecord, RatePlanChargeRecord, RatePlanRecord, SubscriptionRecord

OLDER_PRODUCT = {"pbx_extensions": 1, "local_numbers": 2, "jet_phone_users": 3}
"""Allowances that an older product also grants, under other names. The Hub knows its charges by their numbers."""
EXTRA_UNITS = 2
"""How much the planted quantity differs."""
UNMAPPED_CHARGE = "Static IP Address"
_PRICES = {
    "cloud_mobiles": "29.90",
    "jet_phone_users": "18.50",
    "pbx_extensions": "12.00",
    "local_numbers": "4.95",
    "mobile_numbers": "9.95",
    "numbers_13": "95.00",
    "numbers_1300": "19.95",
    "numbers_1800": "24.95",
    "queues": "15.00",
    "ivrs": "10.00",
    "postcode_ivrs": "35.00",
    "geographic_routing": "25.00",
    "call_wrap_up": "20.00",
    "inbound_recording": "30.00",
    "outbound_recording": "30.00",
    "outbound_recording_limit": "0.04",
}
_PAID_INVOICES = 3
_SUSPENDED_FOR_DAYS = 40
_OVERDUE_DAYS = 18


def zuora_subscriptions() -> Iterator[SubscriptionRecord]:
    """Every subscription Zuora has, with the numbers, terms and versions the Hub has stored."""
    roles = {number: role for role, number in world().notable.items()}
    id_of = {account.zuora_number: account.zuora_id for account in world().accounts}
    for account in world().accounts:
        if account.in_zuora is not None:
            for position, contract in enumerate(account.has.subscriptions):
                role = roles.get(account.number) if position == 0 else None
                yield _subscription(account, contract, role, id_of[contract.payer] if contract.payer else None)


def zuora_invoices() -> Iterator[InvoiceRecord]:
    """Every invoice: what an account owes is one overdue invoice, and the earlier ones are paid."""
    count = 0
    special = {world().notable[role] for role in ("dollars", "payer")}
    # Theirs come last, so that the invoices of all the others keep their numbers.
    waiting = []
    for account in world().accounts:
        if account.in_zuora is None or not account.has.subscriptions:
            continue
        for age in range(_PAID_INVOICES, 0, -1):
            count += 1
            issued = ANCHOR.date() - timedelta(days=30 * age + 45)
            yield _invoice(account, count, Decimal(40 + count % 400), Decimal(0), issued, issued + timedelta(days=14))
        if account.number in special:
            waiting.append(account)
        elif Decimal(account.in_zuora.balance):
            count += 1
            yield _overdue(account, count)
    for account in waiting:
        count += 1
        yield _overdue(account, count)


def _overdue(account: DemoAccount, position: int) -> InvoiceRecord:
    assert account.in_zuora is not None
    owed = Decimal(account.in_zuora.balance)
    due = ANCHOR.date() - timedelta(days=_SUSPENDED_FOR_DAYS if account.status == "suspended" else _OVERDUE_DAYS)
    return _invoice(account, position, owed, owed, due - timedelta(days=14), due)


def _invoice(
    account: DemoAccount, position: int, amount: Decimal, balance: Decimal, issued: date, due: date
) -> InvoiceRecord:
    return InvoiceRecord(
        id=_id("invoice", position),
        currency=account.in_zuora.currency if account.in_zuora else "AUD",
        number=f"INV{position:08}",
        account_id=account.zuora_id,
        amount=amount,
        balance=balance,
        invoice_date=issued,
        due_date=due,
        payment_term="Net 14",
    )


def _subscription(
    account: DemoAccount, contract: Subscription, role: str | None, payer: str | None
) -> SubscriptionRecord:
    granted = dict(contract.allowances)
    if role == "allowance_differs":
        granted[min(granted)] += EXTRA_UNITS
    older = int(contract.number[-1]) == 5
    charges = [_charge(contract, kind, count, older=older) for kind, count in sorted(granted.items())]
    if contract.later is not None:
        charges = [part for charge in charges for part in _segmented(charge, *contract.later)]
    if role == "unmapped_charge":
        charges.append(_named_charge(contract, UNMAPPED_CHARGE, 901, 1, "15.00"))
    cancelled = account.in_zuora is not None and account.in_zuora.status == "Canceled"
    return SubscriptionRecord(
        id=_id("subscription", contract.number),
        number=contract.number,
        account_id=account.zuora_id,
        invoice_owner_id=payer,
        status="Cancelled" if cancelled else contract.status,
        currency=account.in_zuora.currency if account.in_zuora else "AUD",
        term_type="TERMED" if contract.term_end else "EVERGREEN",
        term_start_date=contract.term_start,
        term_end_date=contract.term_end,
        version=contract.version,
        auto_renew=not cancelled and contract.ends is None and contract.term_end is not None,
        rate_plans=(
            RatePlanRecord(
                id=_id("rate plan", contract.number),
                name=f"{contract.name} Monthly",
                product_name=contract.name,
                product_id=_id("product", contract.name),
                product_rate_plan_id=_id("product rate plan", contract.name),
                product_rate_plan_number=f"PRP-{1 if contract.name == 'Cloud PBX' else 2:08}",
                subscription_rate_plan_number=f"SRP-{contract.number[-8:]}",
                charges=tuple(charges),
            ),
        ),
        updated_at=(contract.refreshed_at - timedelta(hours=1)).isoformat(timespec="seconds"),
    )


def _segmented(charge: RatePlanChargeRecord, day: date, kind: str, count: int) -> list[RatePlanChargeRecord]:
    """The charge, in two segments when its quantity changes on that day."""
    if charge.name != ALLOWANCES[kind]:
        return [charge]
    after = replace(
        charge,
        id=_id("segment", charge.id),
        quantity=str(count),
        effective_start_date=day,
        charged_through_date=None,
        processed_through_date=None,
        segment=2,
    )
    return [replace(charge, effective_end_date=day), after]


def _charge(contract: Subscription, kind: str, count: int, *, older: bool) -> RatePlanChargeRecord:
    if older and kind in OLDER_PRODUCT:
        return _named_charge(contract, f"{ALLOWANCES[kind]} (2019)", OLDER_PRODUCT[kind], count, _PRICES[kind])
    number = 101 + list(ALLOWANCES).index(kind)
    return _named_charge(contract, ALLOWANCES[kind], number, count, _PRICES[kind])


def _named_charge(
    contract: Subscription, name: str, product_number: int, count: int, price: str
) -> RatePlanChargeRecord:
    billed = contract.term_start
    while billed <= ANCHOR.date():
        billed += timedelta(days=30)
    return RatePlanChargeRecord(
        id=_id("charge", contract.number, product_number),
        number=f"C-{contract.number[-5:]}{product_number:03}",
        name=name,
        product_rate_plan_charge_id=_id("product charge", product_number),
        product_rate_plan_charge_number=f"PRPC-{product_number:08}",
        effective_start_date=contract.term_start,
        effective_end_date=contract.term_end,
        quantity=str(count),
        price=price,
        charged_through_date=None if contract.status == "Draft" else min(billed, contract.term_end or billed),
        processed_through_date=None
        if contract.status == "Draft"
        else min(billed, contract.term_end or billed) - timedelta(days=30),
    )


def _id(*parts: object) -> str:
    """The same 32 digits every time."""
    return uuid.uuid5(uuid.NAMESPACE_OID, " ".join(map(str, parts))).hex
