"""The fields of an account that a request can change, and the values that Zuora accepts."""

import json
import re
from typing import Any

from lib.standins.zuora.bodies import checked_email, checked_flag, checked_text, invalid
from lib.standins.zuora.contacts import contact_changes
from lib.standins.zuora.state import LEVELS, Row, ZuoraState
from lib.standins.zuora.wire import Refusal, Switches

RESOURCE = 515000
_TEXTS = {
    "name": ("name", 255),
    "notes": ("notes", 65535),
    "crmId": ("crm_id", 100),
    "salesRep": ("sales_rep", 50),
    "purchaseOrderNumber": ("purchase_order_number", 100),
    "batch": ("batch", 20),
    "paymentTerm": ("payment_term", 100),
}
_FLAGS = {
    "autoPay": "auto_pay",
    "invoiceDeliveryPrefsEmail": "invoice_delivery_prefs_email",
    "invoiceDeliveryPrefsPrint": "invoice_delivery_prefs_print",
}
_PROFILE = {"communicationProfileId": "communication_profile_id", "profileNumber": "profile_number"}
_SIDES = {"billToContact": "bill_to_id", "soldToContact": "sold_to_id"}
_SIDE_IDS = {"billToContactId": "bill_to_id", "soldToContactId": "sold_to_id"}
_EMAILS = ("workEmail", "personalEmail")
_BATCH = re.compile(r"Batch([1-9]|[1-4]\d|50)")
_TERM = re.compile(r"Due Upon Receipt|Net \d{1,3}")


class AccountFields:
    """Turns the body of an update into changed columns, or refuses all of it."""

    def __init__(self, state: ZuoraState, switches: Switches) -> None:
        self._state = state
        self._switches = switches

    def changes(self, account: Row, body: dict[str, Any]) -> tuple[Row, dict[str, Row]]:
        """The changed columns of the account, and those of its contacts by contact id.

        Raises:
            Refusal: a field is unknown or its value is not allowed.
        """
        changes: Row = {}
        contacts: dict[str, Row] = {}
        for field, value in body.items():
            if field in _SIDES:
                contact = account[_SIDES[field]]
                changed = contact_changes(value, now=self._state.contact(contact), names_required=True)
                contacts.setdefault(contact, {}).update(changed)
            else:
                changes |= self._change(account, field, value)
        if all(field in body for field in _PROFILE):
            changes |= {column: body[field] or None for field, column in _PROFILE.items()}
        if "billToContact" in body and "invoiceDeliveryPrefsEmail" not in body:
            changes |= self._delivery(account, body["billToContact"], contacts)
        return changes, contacts

    def _change(self, account: Row, field: str, value: Any) -> Row:
        if field == "parentId":
            return self._parent_change(account, value)
        if field in _TEXTS:
            column, limit = _TEXTS[field]
            return {column: _checked(field, checked_text(RESOURCE, field, value, limit))}
        if field in _PROFILE:
            return _profile_change(field, checked_text(RESOURCE, field, value, 100))
        if field in _SIDE_IDS:
            contact = self._state.find_contact(value) if isinstance(value, str) else None
            if contact is None:
                raise invalid(RESOURCE, f"The value of {field} is invalid: no contact has this id.")
            return {_SIDE_IDS[field]: contact["id"]}
        if field in _FLAGS:
            if checked_flag(RESOURCE, field, value) and field == "autoPay":
                raise Refusal(51500030, "An account without a default payment method cannot be paid automatically.")
            return {_FLAGS[field]: int(value)}
        if field == "additionalEmailAddresses":
            return {"additional_email_addresses": _addresses(field, value)}
        raise Refusal(51500021, f"The field {field} is unknown.")

    def _delivery(self, account: Row, sent: dict[str, Any], contacts: dict[str, Row]) -> Row:
        """Giving the bill-to contact an e-mail address turns on invoices by e-mail. Clearing both turns them off."""
        if not any(field in sent for field in _EMAILS):
            return {}
        after = self._state.contact(account["bill_to_id"]) | contacts[account["bill_to_id"]]
        return {"invoice_delivery_prefs_email": int(bool(after["work_email"] or after["personal_email"]))}

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


def _checked(field: str, text: str) -> str:
    if field == "name" and not text:
        raise invalid(RESOURCE, "The length of name is not between 1 and 255.")
    if field == "batch" and not _BATCH.fullmatch(text):
        raise invalid(RESOURCE, "The value of batch is not one of Batch1 to Batch50.")
    if field == "paymentTerm" and not _TERM.fullmatch(text):
        raise invalid(RESOURCE, "The value of paymentTerm is not one of the tenant's payment terms.")
    return text


def _profile_change(field: str, text: str) -> Row:
    """A profile has an id and a number. When one of them is changed, the other is not known here."""
    other = next(name for name in _PROFILE if name != field)
    return {_PROFILE[other]: None, _PROFILE[field]: text or None}


def _addresses(field: str, value: Any) -> str:
    if not isinstance(value, list):
        raise invalid(RESOURCE, f"The value of {field} is not an array.")
    return json.dumps([checked_email(RESOURCE, field, checked_text(RESOURCE, field, part, 255)) for part in value])
