"""Cancelling a subscription: when it takes effect, when Zuora refuses, and what is stored."""

import json
import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lib.standins.zuora.bodies import checked_date, invalid
from lib.standins.zuora.state import Row, ZuoraState
from lib.standins.zuora.subscriptions.body import contracted_mrr, months_worth
from lib.standins.zuora.wire import Refusal

RESOURCE = 587300
POLICIES = ("EndOfCurrentTerm", "EndOfLastInvoicePeriod", "SpecificDate")


@dataclass(frozen=True)
class Cancelled:
    """The result of a cancellation."""

    subscription: Row
    day: date
    delta_mrr: Decimal
    delta_tcv: Decimal


def effective_date(row: Row, policy: Any, sent: Any) -> date:
    """The day on which the subscription ends. The day before is its last.

    Raises:
        Refusal: the subscription cannot be cancelled, or not on that day.
    """
    if row["status"] == "Cancelled":
        raise invalid(RESOURCE, f"The subscription {row['number']} has already been cancelled.")
    if not row["is_latest"]:
        raise invalid(RESOURCE, f"The subscription {row['id']} is not the latest version.")
    if row["status"] != "Active":
        raise _against_rule(f"The subscription {row['number']} is not active: its status is {row['status']}.")
    if policy is None:
        raise Refusal(RESOURCE * 100 + 22, "The field cancellationPolicy is missing.")
    if policy not in POLICIES:
        raise invalid(RESOURCE, f"cancellationPolicy is one of {', '.join(POLICIES)}.")
    if policy == "SpecificDate":
        if sent is None:
            raise Refusal(RESOURCE * 100 + 22, "The field cancellationEffectiveDate is missing.")
        return _checked_day(row, checked_date(RESOURCE, "cancellationEffectiveDate", sent))
    if sent is not None:
        raise invalid(RESOURCE, "cancellationEffectiveDate is only for the policy SpecificDate.")
    if policy == "EndOfCurrentTerm":
        if row["term_end_date"] is None:
            raise _against_rule("An evergreen subscription has no current term to end.")
        return date.fromisoformat(row["term_end_date"])
    return _billed_until(row) or date.fromisoformat(row["contract_effective_date"])


def cancel(state: ZuoraState, row: Row, day: date, order_number: str | None) -> Cancelled:
    """Store the cancelled version. Its status is Cancelled at once, even if it ends later.

    A `scheduledCancelDate` comes only from the terms and conditions, and is removed by the cancellation.
    """
    plans = json.loads(row["rate_plans"])
    before = row["term_end_date"]
    early = before is None or day.isoformat() < before
    mrr = contracted_mrr(plans) if early else Decimal(0)
    lost = months_worth(mrr, day.isoformat(), before) if before is not None else Decimal(0)
    new = row | {
        "id": uuid.uuid4().hex,
        "previous_id": row["id"],
        "version": row["version"] + 1,
        "status": "Cancelled",
        "cancelled_date": day.isoformat(),
        "scheduled_cancel_date": None,
        "subscription_end_date": day.isoformat(),
        "term_end_date": day.isoformat(),
        "auto_renew": 0,
        "order_number": order_number,
        "rate_plans": json.dumps([_ended(plan, day.isoformat()) for plan in plans]),
    }
    state.replace_subscription(row["id"], new)
    return Cancelled(new, day, -mrr, -lost)


def _ended(plan: Row, day: str) -> Row:
    charges = [
        charge
        | {
            "effective_end_date": max(charge["effective_start_date"], min(charge["effective_end_date"] or day, day)),
            "version": charge["version"] + 1,
        }
        for charge in plan["charges"]
    ]
    return plan | {"charges": charges}


def _checked_day(row: Row, day: date) -> date:
    text = day.isoformat()
    if text < row["contract_effective_date"]:
        raise _against_rule("The cancellation date is before the contract effective date.")
    if row["term_end_date"] is not None and text > row["term_end_date"]:
        raise _against_rule("The cancellation date is after the end of the current term.")
    billed = _billed_until(row)
    if billed is not None and day < billed:
        raise _against_rule(f"The cancellation date is in a period already invoiced, until {billed}.")
    return day


def _billed_until(row: Row) -> date | None:
    days = [charge["charged_through_date"] for plan in json.loads(row["rate_plans"]) for charge in plan["charges"]]
    return max((date.fromisoformat(day) for day in days if day), default=None)


def _against_rule(message: str) -> Refusal:
    return Refusal(RESOURCE * 100 + 30, message)
