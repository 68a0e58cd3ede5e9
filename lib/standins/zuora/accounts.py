"""Accounts: reading one, changing one, and the older Actions update."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lib.standins.zuora.state import LEVELS, Row, ZuoraState
from lib.standins.zuora.wire import ActionRefusal, Refusal, Switches

NAME_LIMIT = 255
NOTES_LIMIT = 65535
_FIELDS = {"name": "name", "notes": "notes", "communicationProfileId": "communication_profile_id"}


class Accounts:
    """The account routes over one state."""

    def __init__(self, state: ZuoraState, switches: Switches) -> None:
        self._state = state
        self._switches = switches

    async def read(self, request: Request) -> Response:
        """`GET /v1/accounts/{key}`."""
        return JSONResponse(self._body(self._account(request)))

    async def update(self, request: Request) -> Response:
        """`PUT /v1/accounts/{key}`: what is absent stays, what is empty is emptied."""
        raw = await request.body()
        if "idempotency-key" in request.headers:
            message = "Request method 'PUT' not supported with Idempotency-Key header"
            raise Refusal(50000045, message, status=400)
        if not raw:
            raise Refusal(50000045, "Content type is not supported: the request has no body.")
        body = json_object(raw)
        account = self._account(request)
        if account["status"] == "Canceled":
            raise Refusal(51500030, "Cannot update a cancelled account")
        self._state.update_account(account["id"], self._changes(account, body))
        return JSONResponse({"success": True})

    async def action_update(self, request: Request) -> Response:
        """`POST /v1/action/update` for accounts: each object by itself, whatever becomes of the others."""
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
        body = {v1: part[name] for name, v1 in (("Name", "name"), ("ParentId", "parentId")) if name in part}
        changes = self._changes(account, body)
        to_null = part.get("fieldsToNull", [])
        if not isinstance(to_null, list) or any(name != "ParentId" for name in to_null):
            raise ActionRefusal("INVALID_FIELD", "fieldsToNull takes ParentId")
        if to_null and self._switches.fields_to_null == "clear":
            changes["parent_id"] = None
        self._state.update_account(account["id"], changes)
        return str(account["id"])

    def _account(self, request: Request) -> Row:
        key = request.path_params["key"]
        account = self._state.account(key)
        if account is None:
            raise Refusal(50000040, f"Cannot find entity by key: '{key}'.")
        return account

    def _changes(self, account: Row, body: dict[str, Any]) -> Row:
        changes: Row = {}
        for field, value in body.items():
            if field == "parentId":
                changes |= self._parent_change(account, value)
            elif field in _FIELDS:
                changes[_FIELDS[field]] = _checked_text(field, value)
            else:
                raise Refusal(51500021, f"The field {field} is unknown.")
        return changes

    def _parent_change(self, account: Row, value: Any) -> Row:
        if value is None or value == "":
            manner = self._switches.null_parent if value is None else self._switches.empty_parent
            if manner == "refuse":
                raise Refusal(51500020, "The value of parentId is invalid.")
            return {"parent_id": None} if manner == "clear" else {}
        parent = self._state.account(value) if isinstance(value, str) else None
        if parent is None or parent["id"].lower() != value.lower():
            raise Refusal(51500020, "The value of parentId is invalid: no account has this id.")
        above = self._state.ancestry(parent["id"])
        if account["id"] in above:
            raise Refusal(51500030, "An account cannot be its own parent or that of an account above it.")
        if len(above) + self._state.height(account["id"]) > LEVELS:
            raise Refusal(51500030, f"The customer hierarchy cannot have more than {LEVELS} levels.")
        return {"parent_id": parent["id"]}

    def _body(self, account: Row) -> dict[str, Any]:
        balance = float(account["balance"])
        return {
            "basicInfo": {
                "id": account["id"],
                "name": account["name"],
                "accountNumber": account["account_number"],
                "notes": account["notes"],
                "status": account["status"],
                "parentId": account["parent_id"],
                "crmId": "",
                "batch": "Batch1",
                "invoiceTemplateId": None,
                "communicationProfileId": account["communication_profile_id"],
                "profileNumber": None,
                "salesRep": "",
                "sequenceSetId": None,
                "partnerAccount": False,
            },
            "billToContact": self._contact(account["bill_to_id"]),
            "soldToContact": self._contact(account["sold_to_id"]),
            "shipToContact": None,
            "billingAndPayment": {
                "billCycleDay": account["bill_cycle_day"],
                "currency": account["currency"],
                "paymentTerm": account["payment_term"],
                "paymentGateway": None,
                "defaultPaymentMethodId": None,
                "invoiceDeliveryPrefsPrint": False,
                "invoiceDeliveryPrefsEmail": True,
                "additionalEmailAddresses": json.loads(account["additional_email_addresses"]),
                "autoPay": False,
            },
            "metrics": {
                "balance": balance,
                "totalInvoiceBalance": balance,
                "creditBalance": 0,
                "contractedMrr": 0,
            },
            "success": True,
        }

    def _contact(self, contact_id: str) -> dict[str, Any]:
        contact = self._state.contact(contact_id)
        return {
            "id": contact["id"],
            "firstName": contact["first_name"],
            "lastName": contact["last_name"],
            "workEmail": contact["work_email"],
            "personalEmail": contact["personal_email"],
            "workPhone": contact["work_phone"],
            "mobilePhone": contact["mobile_phone"],
            "homePhone": "",
            "otherPhone": "",
            "otherPhoneType": None,
            "fax": "",
            "address1": contact["address1"],
            "address2": contact["address2"],
            "city": contact["city"],
            "county": "",
            "state": contact["state"],
            "zipCode": contact["zip_code"],
            "country": contact["country"] or None,
            "taxRegion": "",
        }


def json_object(raw: bytes) -> dict[str, Any]:
    """The request body as a JSON object, or the refusal of a malformed one."""
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(50000090, "Malformed JSON")
    return body


def _checked_text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Refusal(51500020, f"The value of {field} is not a text.")
    if any(ord(character) > 0xFFFF or 0xD800 <= ord(character) <= 0xDFFF for character in value):
        raise Refusal(51500020, f"The value of {field} holds a character of four bytes.")
    if field == "name" and not 1 <= len(value) <= NAME_LIMIT:
        raise Refusal(51500020, f"The length of name is not between 1 and {NAME_LIMIT}.")
    if len(value) > NOTES_LIMIT:
        raise Refusal(51500020, f"The value of {field} is too long.")
    return value
