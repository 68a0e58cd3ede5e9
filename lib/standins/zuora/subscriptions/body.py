"""A subscription as the v1 resources show it, with its rate plans and the charges asked for."""

import json
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from lib.standins.zuora.state import Row

Choose = Callable[[list[Row]], Row | None]
"""Which of a charge's segments is shown. None leaves the charge out."""

_MONTHS = {"Month": 1, "Quarter": 3, "Semi_Annual": 6, "Annual": 12, "Eighteen_Months": 18, "Two_Years": 24}
_NULLS = (
    "applyDiscountTo", "chargeModelConfiguration", "discountAmount", "discountApplyDetails", "discountClass",
    "discountLevel", "discountPercentage", "inputArgumentId", "numberOfPeriods", "originalListPrice",
    "overageCalculationOption", "overageUnusedUnitsCreditOption", "priceIncreasePercentage", "prorationOption",
    "ratingGroup", "salesPrice", "smoothingModel", "specificBillingPeriod", "specificEndDate",
    "specificListPriceBase", "tiers", "triggerDate", "unusedUnitsCreditRates", "upToPeriods", "upToPeriodsType",
    "usageRecordRatingOption",
)  # fmt: skip
_OF_THE_CHARGE = frozenset(
    {
        "billingDay", "billingPeriod", "billingTiming", "isStackedDiscount", "listPriceBase", "model", "name", "number",
        "numberOfPeriods", "originalChargeId", "overageCalculationOption", "overageUnusedUnitsCreditOption",
        "productRatePlanChargeId", "productRatePlanChargeNumber", "ratingGroup", "reflectDiscountInNetAmount",
        "smoothingModel", "specificBillingPeriod", "specificListPriceBase", "type", "unusedUnitsCreditRates", "uom",
        "usageRecordRatingOption", "version",
    }
)  # fmt: skip
"""The fields of a charge that its segments do not repeat."""


def subscription_body(
    row: Row,
    account: Row,
    payer: Row,
    contacts: dict[str, Any],
    choose: Choose,
    *,
    every_segment: bool = False,
    without_empty_plans: bool = False,
) -> dict[str, Any]:
    """The subscription of `account`, paid by `payer`, with one segment of each charge.

    With `every_segment` it also has all of them.
    """
    plans = json.loads(row["rate_plans"])
    shown = [_plan(plan, row, choose, every_segment=every_segment) for plan in plans]
    return {
        "id": row["id"],
        **_named("account", account),
        **_named("invoiceOwnerAccount", payer),
        "subscriptionNumber": row["number"],
        "version": row["version"],
        "revision": f"{row['version']}.0",
        "status": row["status"],
        "isLatestVersion": bool(row["is_latest"]),
        "termType": row["term_type"],
        "contractEffectiveDate": row["contract_effective_date"],
        "serviceActivationDate": row["contract_effective_date"],
        "customerAcceptanceDate": row["contract_effective_date"],
        "subscriptionStartDate": row["subscription_start_date"],
        "subscriptionEndDate": row["subscription_end_date"],
        "termStartDate": row["term_start_date"],
        "termEndDate": row["term_end_date"],
        "lastBookingDate": row["updated_at"][:10],
        "initialTerm": row["initial_term"],
        "initialTermPeriodType": row["term_period_type"],
        "currentTerm": row["current_term"],
        "currentTermPeriodType": row["term_period_type"],
        "renewalTerm": row["renewal_term"],
        "renewalTermPeriodType": row["term_period_type"],
        "autoRenew": bool(row["auto_renew"]),
        "renewalSetting": row["renewal_setting"],
        "currency": row["currency"],
        "contractedMrr": contracted_mrr(plans),
        "totalContractedValue": sum((_tcv(s, row) for s in _last_segments(plans)), Decimal(0)),
        "notes": row["notes"],
        "cancelReason": row["cancel_reason"],
        "scheduledCancelDate": row["scheduled_cancel_date"],
        "scheduledSuspendDate": row["scheduled_suspend_date"],
        "scheduledResumeDate": row["scheduled_resume_date"],
        "orderNumber": row["order_number"],
        "invoiceSeparately": False,
        "invoiceTemplateId": None,
        "invoiceTemplateName": None,
        "invoiceGroupNumber": None,
        "invoiceScheduleId": None,
        "paymentTerm": None,
        "externallyManagedBy": None,
        "statusHistory": [],
        **contacts,
        "ratePlans": [plan for plan in shown if plan["ratePlanCharges"] or not without_empty_plans],
    }


def _named(as_what: str, account: Row) -> dict[str, str]:
    parts = {"Id": account["id"], "Name": account["name"], "Number": account["account_number"]}
    return {f"{as_what}{part}": value for part, value in parts.items()}


def segments_by_charge(plan: Row) -> list[list[Row]]:
    """The plan's charges, each as a list of its segments in order."""
    found: dict[str, list[Row]] = {}
    for segment in plan["charges"]:
        found.setdefault(segment["number"], []).append(segment)
    return [sorted(segments, key=lambda segment: int(segment["segment"])) for segments in found.values()]


def last_segment(segments: list[Row]) -> Row:
    """The segment with the latest dates."""
    return segments[-1]


def segment_on(day: date) -> Choose:
    """Chooses the segment in force on `day`. The day on which a segment ends is not part of it."""

    def choose(segments: list[Row]) -> Row | None:
        for segment in reversed(segments):
            end = segment["effective_end_date"]
            begun = segment["effective_start_date"] <= day.isoformat()
            if begun and (end is None or day.isoformat() < end):
                return segment
        return None

    return choose


def contracted_mrr(plans: Iterable[Row]) -> Decimal:
    """The sum of the recurring charges in a month."""
    return sum((monthly(segment) for segment in _last_segments(plans)), Decimal(0))


def monthly(segment: Row) -> Decimal:
    """The price of the segment in a month, 0 if it does not recur."""
    if segment["type"] != "Recurring" or segment["price"] is None:
        return Decimal(0)
    months = _MONTHS.get(segment["billing_period"] or "Month", 1)
    return _trimmed(Decimal(segment["price"]) * _units(segment) / months)


def plan_body(plan: Row) -> dict[str, Any]:
    """A rate plan without its charges."""
    return {
        "id": plan["id"],
        "lastChangeType": "Add",
        "productId": plan["product_id"],
        "productName": plan["product_name"],
        "productSku": plan["product_sku"],
        "productRatePlanId": plan["product_rate_plan_id"],
        "productRatePlanNumber": plan["product_rate_plan_number"],
        "ratePlanName": plan["name"],
        "subscriptionRatePlanNumber": plan["subscription_rate_plan_number"],
        "subscriptionProductFeatures": [],
        "externallyManagedPlanId": None,
        "isFromExternalCatalog": False,
    }


def _plan(plan: Row, row: Row, choose: Choose, *, every_segment: bool) -> dict[str, Any]:
    charges = []
    for segments in segments_by_charge(plan):
        chosen = choose(segments)
        if chosen is None:
            continue
        charge = charge_body(chosen, row)
        if every_segment:
            charge["chargeSegments"] = [_segment_body(segment, row) for segment in segments]
        charges.append(charge)
    return plan_body(plan) | {"ratePlanCharges": charges}


def _segment_body(segment: Row, row: Row) -> dict[str, Any]:
    """The fields of a segment. What is the same for all segments is only in their charge."""
    body = {name: value for name, value in charge_body(segment, row).items() if name not in _OF_THE_CHARGE}
    # Numbers here, texts in the charge.
    return body | {"dmrc": body["mrr"], "dtcv": body["tcv"]}


def charge_body(segment: Row, row: Row) -> dict[str, Any]:
    """One segment of a charge."""
    price, tcv, mrr = _number(segment["price"]), _tcv(segment, row), monthly(segment)
    amount = "" if price is None else f"{row['currency']}{_trimmed(price):f}"
    recurring = segment["type"] == "Recurring"
    return dict.fromkeys(_NULLS) | {
        "id": segment["id"],
        "originalChargeId": segment["id"],
        "productRatePlanChargeId": segment["product_rate_plan_charge_id"],
        "productRatePlanChargeNumber": segment["product_rate_plan_charge_number"],
        "number": segment["number"],
        "name": segment["name"],
        "type": segment["type"],
        "model": segment["model"],
        "uom": segment["uom"],
        "version": segment["version"],
        "currency": row["currency"],
        "quantity": _number(segment["quantity"]),
        "includedUnits": _number(segment["included_units"]),
        "price": price,
        "overagePrice": _number(segment["overage_price"]),
        "pricingSummary": f"{amount}/{segment['uom']}" if amount and segment["uom"] else amount,
        "priceChangeOption": "NoChange" if recurring else None,
        "listPriceBase": "Per_Billing_Period" if recurring else None,
        "billingPeriod": segment["billing_period"],
        "billingTiming": segment["billing_timing"],
        "billingPeriodAlignment": "AlignToCharge" if recurring else None,
        "billingDay": "DefaultFromCustomer",
        "applyToBillingPeriodPartially": False,
        "isStackedDiscount": False,
        "reflectDiscountInNetAmount": False,
        "segment": segment["segment"],
        "effectiveStartDate": segment["effective_start_date"],
        "effectiveEndDate": segment["effective_end_date"],
        "chargedThroughDate": segment["charged_through_date"],
        "processedThroughDate": segment["processed_through_date"],
        "done": segment["done"],
        "triggerEvent": "ContractEffective",
        "endDateCondition": "One_Time" if segment["type"] == "OneTime" else "Subscription_End",
        "mrr": mrr,
        "dmrc": f"{mrr:f}",
        "tcv": tcv,
        "dtcv": f"{tcv:f}",
        "originalOrderDate": row["contract_effective_date"],
        "amendedByOrderOn": None,
        "description": segment["description"],
    }


def _last_segments(plans: Iterable[Row]) -> list[Row]:
    return [last_segment(segments) for plan in plans for segments in segments_by_charge(plan)]


def _tcv(segment: Row, row: Row) -> Decimal:
    """The price of the segment until its end, which an evergreen one does not have."""
    if segment["type"] == "OneTime":
        return _trimmed((_number(segment["price"]) or Decimal(0)) * _units(segment))
    if row["term_type"] == "EVERGREEN" or segment["effective_end_date"] is None:
        return Decimal(0)
    return months_worth(monthly(segment), segment["effective_start_date"], segment["effective_end_date"])


def months_worth(mrr: Decimal, start: str, end: str) -> Decimal:
    """The sum of a monthly amount between two dates: whole months, then days by the month's length."""
    begin, finish = date.fromisoformat(start), date.fromisoformat(end)
    if finish <= begin:
        return Decimal(0)
    months = (finish.year - begin.year) * 12 + finish.month - begin.month
    worth = mrr * (months + Decimal(finish.day - begin.day) / 30)
    return _trimmed(worth.quantize(Decimal("1e-9")))


def _units(segment: Row) -> Decimal:
    return Decimal(1) if segment["model"] == "FlatFee" else _number(segment["quantity"]) or Decimal(0)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _trimmed(value: Decimal) -> Decimal:
    """The value without zeros at its end, in plain digits, with at most nine after the point."""
    return Decimal(f"{value.quantize(Decimal('1e-9')).normalize():f}")
