"""The objects of object queries: what can be filtered and sorted, and the fields of an item.

Their names differ from those of the v1 resources: a subscription's number is its `name`, a contact has a
`postalCode`, a charge a `chargeNumber`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lib.standins.zuora.state import Row
from lib.standins.zuora.subscriptions.body import contracted_mrr, last_segment, monthly, segments_by_charge

_MODELS = {
    "FlatFee": "Flat Fee Pricing",
    "PerUnit": "Per Unit Pricing",
    "Overage": "Overage Pricing",
    "Volume": "Volume Pricing",
    "Tiered": "Tiered Pricing",
    "TieredWithOverage": "Tiered with Overage Pricing",
    "DiscountFixedAmount": "Discount-Fixed Amount",
    "DiscountPercentage": "Discount-Percentage",
    "Delivery": "Delivery Pricing",
}
_PERIODS = {"Semi_Annual": "Semi-Annual", "Subscription_Term": "Subscription Term"}


@dataclass(frozen=True)
class ObjectType:
    """One type of object: its table, filter name -> column, and how a row is shown."""

    table: str
    number: str | None
    filters: dict[str, str]
    item: Callable[[Row], dict[str, Any]]
    numeric: frozenset[str] = frozenset()
    expands: frozenset[str] = frozenset()
    only: str = "1"


def _account(row: Row) -> dict[str, Any]:
    balance = Decimal(row["balance"])
    return {
        "id": row["id"],
        "accountNumber": row["account_number"],
        "name": row["name"],
        "status": row["status"],
        "parentId": row["parent_id"],
        "balance": balance,
        "totalInvoiceBalance": balance,
        "creditBalance": Decimal(0),
        "currency": row["currency"],
        "batch": row["batch"],
        "autoPay": bool(row["auto_pay"]),
        "billToId": row["bill_to_id"],
        "soldToId": row["sold_to_id"],
        "shipToId": None,
        "billCycleDay": row["bill_cycle_day"],
        "paymentTerm": row["payment_term"],
        "purchaseOrderNumber": row["purchase_order_number"] or None,
        "communicationProfileId": row["communication_profile_id"],
        "crmId": row["crm_id"] or None,
        "salesRepName": row["sales_rep"] or None,
        "notes": row["notes"] or None,
        "invoiceDeliveryPrefsEmail": bool(row["invoice_delivery_prefs_email"]),
        "invoiceDeliveryPrefsPrint": bool(row["invoice_delivery_prefs_print"]),
        "defaultPaymentMethodId": None,
        "invoiceTemplateId": None,
        # It is a list in the account's own resource, and a text with commas here.
        "additionalEmailAddresses": ",".join(json.loads(row["additional_email_addresses"])) or None,
        "updatedDate": row["updated_at"],
    }


def _contact(row: Row) -> dict[str, Any]:
    shown = {
        "firstName": "first_name",
        "lastName": "last_name",
        "workEmail": "work_email",
        "personalEmail": "personal_email",
        "workPhone": "work_phone",
        "mobilePhone": "mobile_phone",
        "homePhone": "home_phone",
        "otherPhone": "other_phone",
        "otherPhoneType": "other_phone_type",
        "fax": "fax",
        "address1": "address1",
        "address2": "address2",
        "city": "city",
        "county": "county",
        "state": "state",
        "postalCode": "zip_code",
        "country": "country",
        "taxRegion": "tax_region",
        "nickName": "nickname",
        "description": "description",
    }
    return {"id": row["id"]} | {name: row[column] or None for name, column in shown.items()}


def _subscription(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["number"],
        "accountId": row["account_id"],
        "invoiceOwnerId": row["invoice_owner_id"] or row["account_id"],
        "status": row["status"],
        "version": row["version"],
        "revision": f"{row['version']}.0",
        "isLatestVersion": bool(row["is_latest"]),
        "originalId": row["original_id"],
        "previousSubscriptionId": row["previous_id"],
        "termType": row["term_type"],
        "contractEffectiveDate": row["contract_effective_date"],
        "contractAcceptanceDate": row["contract_effective_date"],
        "serviceActivationDate": row["contract_effective_date"],
        "subscriptionStartDate": row["subscription_start_date"],
        "subscriptionEndDate": row["subscription_end_date"],
        "termStartDate": row["term_start_date"],
        "termEndDate": row["term_end_date"],
        "cancelledDate": row["cancelled_date"],
        "cancelReason": row["cancel_reason"],
        "initialTerm": row["initial_term"],
        "initialTermPeriodType": row["term_period_type"],
        "currentTerm": row["current_term"],
        "currentTermPeriodType": row["term_period_type"],
        "renewalTerm": row["renewal_term"],
        "renewalTermPeriodType": row["term_period_type"],
        "renewalSetting": row["renewal_setting"],
        "autoRenew": bool(row["auto_renew"]),
        "isInvoiceSeparate": False,
        "currency": row["currency"],
        "cMRR": contracted_mrr(json.loads(row["rate_plans"])),
        "notes": row["notes"] or None,
        "updatedDate": row["updated_at"],
    }


def rate_plan_items(row: Row, *, with_charges: bool) -> list[dict[str, Any]]:
    """The rate plans of a subscription, with the last segment of each charge where asked for."""
    found = []
    for plan in json.loads(row["rate_plans"]):
        item = {
            "id": plan["id"],
            "name": plan["name"],
            "productRatePlanId": plan["product_rate_plan_id"],
            "subscriptionId": row["id"],
            "subscriptionRatePlanNumber": plan["subscription_rate_plan_number"],
        }
        if with_charges:
            item["ratePlanCharges"] = [
                _charge(last_segment(segments), plan, row) for segments in segments_by_charge(plan)
            ]
        found.append(item)
    return found


def _charge(segment: Row, plan: Row, row: Row) -> dict[str, Any]:
    period = segment["billing_period"]
    return {
        "id": segment["id"],
        "chargeNumber": segment["number"],
        "name": segment["name"],
        "chargeType": segment["type"],
        "chargeModel": _MODELS.get(segment["model"], segment["model"]),
        "productRatePlanChargeId": segment["product_rate_plan_charge_id"],
        "ratePlanId": plan["id"],
        "subscriptionId": row["id"],
        "quantity": None if segment["quantity"] is None else Decimal(segment["quantity"]),
        "uOM": segment["uom"],
        "billingPeriod": _PERIODS.get(period, period),
        "effectiveStartDate": segment["effective_start_date"],
        "effectiveEndDate": segment["effective_end_date"],
        "chargedThroughDate": segment["charged_through_date"],
        "processedThroughDate": segment["processed_through_date"],
        "segment": segment["segment"],
        "isLastSegment": True,
        "version": segment["version"],
        "mRR": monthly(segment),
    }


def _invoice(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "invoiceNumber": row["number"],
        "accountId": row["account_id"],
        "amount": Decimal(row["amount"]),
        "balance": Decimal(row["balance"]),
        "invoiceDate": row["invoice_date"],
        "dueDate": row["due_date"],
        "status": row["status"],
        "currency": row["currency"],
        "paymentTerm": row["payment_term"],
        "updatedDate": row["updated_at"],
    }


TYPES = {
    "accounts": ObjectType(
        "account",
        "account_number",
        {
            "id": "id", "updateddate": "updated_at", "accountnumber": "account_number", "balance": "balance",
            "batch": "batch", "billcycleday": "bill_cycle_day", "billtoid": "bill_to_id", "crmid": "crm_id",
            "communicationprofileid": "communication_profile_id", "currency": "currency", "name": "name",
            "parentid": "parent_id", "soldtoid": "sold_to_id", "status": "status",
        },
        _account,
        frozenset({"balance", "bill_cycle_day"}),
        frozenset(
            {
                "billto", "soldto", "invoices", "subscriptions", "subscriptions.rateplans",
                "subscriptions.rateplans.rateplancharges",
            }
        ),
    ),
    "contacts": ObjectType(
        "contact",
        None,
        {
            "id": "id", "firstname": "first_name", "lastname": "last_name", "workemail": "work_email",
            "personalemail": "personal_email", "country": "country", "state": "state",
        },
        _contact,
    ),
    "subscriptions": ObjectType(
        "subscription",
        "number",
        {
            "id": "id", "updateddate": "updated_at", "accountid": "account_id", "autorenew": "auto_renew",
            "name": "number", "status": "status", "version": "version", "termtype": "term_type",
            "termstartdate": "term_start_date", "termenddate": "term_end_date", "cancelleddate": "cancelled_date",
            "contracteffectivedate": "contract_effective_date", "subscriptionstartdate": "subscription_start_date",
            "subscriptionenddate": "subscription_end_date", "originalid": "original_id",
        },
        _subscription,
        frozenset({"version", "auto_renew"}),
        frozenset({"account", "rateplans", "rateplans.rateplancharges"}),
        "is_latest",
    ),
    "invoices": ObjectType(
        "invoice",
        "number",
        {
            "id": "id", "updateddate": "updated_at", "accountid": "account_id", "amount": "amount",
            "balance": "balance", "duedate": "due_date", "invoicedate": "invoice_date", "invoicenumber": "number",
            "status": "status",
        },
        _invoice,
        frozenset({"amount", "balance"}),
        frozenset({"account", "account.billto", "account.soldto"}),
    ),
}  # fmt: skip
