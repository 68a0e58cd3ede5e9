"""Accounts: reading one, changing one, and the older Actions update."""

import json
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lib.standins.zuora.account_fields import AccountFields
from lib.standins.zuora.bodies import json_object, put_body
from lib.standins.zuora.contacts import contact_body
from lib.standins.zuora.state import Row, ZuoraState
from lib.standins.zuora.subscriptions.body import contracted_mrr
from lib.standins.zuora.wire import ActionRefusal, Refusal, Reply, Switches

SUMMARY_ITEMS = 6


class Accounts:
    """The account routes over one state."""

    def __init__(self, state: ZuoraState, switches: Switches) -> None:
        self._state = state
        self._switches = switches
        self._fields = AccountFields(state, switches)

    async def read(self, request: Request) -> Response:
        """`GET /v1/accounts/{key}`."""
        return Reply(self._body(account_of(self._state, request)))

    async def update(self, request: Request) -> Response:
        """`PUT /v1/accounts/{key}`: a missing field stays, an empty one is cleared."""
        body = await put_body(request)
        account = account_of(self._state, request)
        if account["status"] == "Canceled":
            raise Refusal(51500030, "Cannot update a cancelled account")
        self._store(account, body)
        return Reply({"success": True})

    async def summary(self, request: Request) -> Response:
        """`GET /v1/accounts/{key}/summary`, with only the latest few subscriptions and invoices."""
        return Reply(self._summary(account_of(self._state, request)))

    async def action_update(self, request: Request) -> Response:
        """`POST /v1/action/update` for accounts: each object by itself, whatever happens to the others."""
        body = json_object(await request.body())
        objects = body.get("objects")
        if body.get("type") != "Account" or not isinstance(objects, list) or not 1 <= len(objects) <= 50:
            return JSONResponse(
                {"FaultCode": "INVALID_TYPE", "FaultMessage": "type and 1 to 50 objects are needed"}, 400
            )
        return JSONResponse([self._act(part) for part in objects])

    def _act(self, part: Any) -> dict[str, Any]:
        try:
            return {"Success": True, "Id": self._update_by_action(part)}
        except ActionRefusal as refusal:
            error = {"Code": refusal.code, "Message": refusal.message}
        except Refusal as refusal:
            error = {"Code": "INVALID_VALUE", "Message": refusal.message}
        return {"Errors": [error], "Success": False}

    def _update_by_action(self, part: Any) -> str:
        if not isinstance(part, dict) or not isinstance(part.get("Id"), str):
            raise ActionRefusal("MISSING_REQUIRED_VALUE", "Id is required")
        account = self._state.account(part["Id"])
        if account is None or account["id"] != part["Id"]:
            raise ActionRefusal("INVALID_ID", "invalid id")
        if account["status"] == "Canceled":
            raise ActionRefusal("INVALID_VALUE", "Cannot update a cancelled account")
        if unknown := sorted(set(part) - {"Id", "Name", "ParentId", "fieldsToNull"}):
            raise ActionRefusal("INVALID_FIELD", f"invalid field: {unknown[0]}")
        to_null = part.get("fieldsToNull", [])
        if not isinstance(to_null, list) or any(name != "ParentId" for name in to_null):
            raise ActionRefusal("INVALID_FIELD", "fieldsToNull takes ParentId")
        body = {v1: part[name] for name, v1 in (("Name", "name"), ("ParentId", "parentId")) if name in part}
        clears = bool(to_null) and self._switches.fields_to_null == "clear"
        self._store(account, body, {"parent_id": None} if clears else {})
        return str(account["id"])

    def _store(self, account: Row, body: dict[str, Any], more: Row | None = None) -> None:
        changes, contacts = self._fields.changes(account, body)
        with self._state.transaction():
            for contact_id, changed in contacts.items():
                self._state.update_contact(contact_id, changed)
            self._state.update_account(account["id"], changes | (more or {}))

    def _body(self, account: Row) -> dict[str, Any]:
        balance = Decimal(account["balance"])
        return {
            "basicInfo": _basic(account) | {"parentId": account["parent_id"]},
            "billToContact": self._contact(account["bill_to_id"]),
            "soldToContact": self._contact(account["sold_to_id"]),
            "shipToContact": None,
            "billingAndPayment": {
                "billCycleDay": account["bill_cycle_day"],
                "currency": account["currency"],
                "paymentTerm": account["payment_term"],
                "paymentGateway": None,
                "defaultPaymentMethodId": None,
                **_delivery(account),
                "additionalEmailAddresses": json.loads(account["additional_email_addresses"]),
                "autoPay": bool(account["auto_pay"]),
            },
            "metrics": {
                "balance": balance,
                "totalInvoiceBalance": balance,
                "creditBalance": 0,
                "contractedMrr": self._mrr(account),
            },
            "success": True,
        }

    def _summary(self, account: Row) -> dict[str, Any]:
        invoices = self._state.rows(
            "SELECT * FROM invoice WHERE account_id = ? ORDER BY invoice_date DESC, id LIMIT ?",
            account["id"],
            SUMMARY_ITEMS,
        )
        return {
            "basicInfo": _shared(account)
            | _delivery(account)
            | {
                "balance": account["balance"],
                "autoPay": bool(account["auto_pay"]),
                "currency": account["currency"],
                "billCycleDay": account["bill_cycle_day"],
                "lastInvoiceDate": invoices[0]["invoice_date"] if invoices else None,
                "lastPaymentDate": None,
                "lastPaymentAmount": None,
                "defaultPaymentMethod": None,
                "additionalEmailAddresses": json.loads(account["additional_email_addresses"]),
            },
            "billToContact": self._contact(account["bill_to_id"]),
            "soldToContact": self._contact(account["sold_to_id"]),
            "subscriptions": [
                _summary_subscription(row) for row in self._state.subscriptions_of(account["id"], SUMMARY_ITEMS)
            ],
            "invoices": [_summary_invoice(row) for row in invoices],
            "payments": [],
            "usage": [],
            "success": True,
        }

    def _contact(self, contact_id: str) -> dict[str, Any]:
        return contact_body(self._state.contact(contact_id))

    def _mrr(self, account: Row) -> Decimal:
        # A subscription counts until its last day, whatever its status.
        sql = (
            "SELECT rate_plans FROM subscription WHERE account_id = ? AND is_latest "
            "AND (status = 'Active' OR (status = 'Cancelled' AND subscription_end_date > ?))"
        )
        rows = self._state.rows(sql, account["id"], self._switches.current_date().isoformat())
        return sum((contracted_mrr(json.loads(row["rate_plans"])) for row in rows), Decimal(0))


def account_of(state: ZuoraState, request: Request) -> Row:
    """The account whose number or id is in the path.

    Raises:
        Refusal: there is no such account.
    """
    key = request.path_params["key"]
    account = state.account(key)
    if account is None:
        raise Refusal(50000040, f"Cannot find entity by key: '{key}'.")
    return account


def _shared(account: Row) -> dict[str, Any]:
    """What the account and its summary both have first."""
    return {
        "id": account["id"],
        "name": account["name"],
        "accountNumber": account["account_number"],
        "status": account["status"],
        "batch": account["batch"],
        "purchaseOrderNumber": account["purchase_order_number"],
        "partnerAccount": False,
    }


def _basic(account: Row) -> dict[str, Any]:
    return _shared(account) | {
        "notes": account["notes"],
        "crmId": account["crm_id"],
        "invoiceTemplateId": None,
        "communicationProfileId": account["communication_profile_id"],
        "profileNumber": account["profile_number"],
        "salesRep": account["sales_rep"],
        "sequenceSetId": None,
    }


def _delivery(account: Row) -> dict[str, bool]:
    return {
        "invoiceDeliveryPrefsPrint": bool(account["invoice_delivery_prefs_print"]),
        "invoiceDeliveryPrefsEmail": bool(account["invoice_delivery_prefs_email"]),
    }


def _summary_subscription(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "subscriptionNumber": row["number"],
        "status": row["status"],
        "termType": row["term_type"],
        "autoRenew": bool(row["auto_renew"]),
        # Texts here, numbers in the subscription itself.
        "initialTerm": str(row["initial_term"]),
        "renewalTerm": str(row["renewal_term"]),
        "subscriptionStartDate": row["subscription_start_date"],
        "termStartDate": row["term_start_date"],
        "termEndDate": row["term_end_date"],
        "ratePlans": [
            {
                "productId": plan["product_id"],
                "productName": plan["product_name"],
                "productSku": plan["product_sku"],
                "productRatePlanId": plan["product_rate_plan_id"],
                "ratePlanName": plan["name"],
            }
            for plan in json.loads(row["rate_plans"])
        ],
    }


def _summary_invoice(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "invoiceNumber": row["number"],
        "invoiceDate": row["invoice_date"],
        "dueDate": row["due_date"],
        "amount": Decimal(row["amount"]),
        "balance": Decimal(row["balance"]),
        "status": row["status"],
    }
