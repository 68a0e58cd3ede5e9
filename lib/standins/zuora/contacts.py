"""Contacts: reading one and changing one, by itself or as part of its account."""

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lib.published.countries import COUNTRIES, STATES
from lib.standins.zuora.bodies import checked_email, checked_text, invalid, known_fields, put_body, required
from lib.standins.zuora.state import Row, ZuoraState
from lib.standins.zuora.wire import Refusal, Reply

RESOURCE = 517000
_LIMITS = {
    "firstName": ("first_name", 100),
    "lastName": ("last_name", 100),
    "address1": ("address1", 255),
    "address2": ("address2", 255),
    "city": ("city", 100),
    "state": ("state", 100),
    "county": ("county", 100),
    "country": ("country", 64),
    "zipCode": ("zip_code", 20),
    "workEmail": ("work_email", 80),
    "personalEmail": ("personal_email", 80),
    "workPhone": ("work_phone", 40),
    "homePhone": ("home_phone", 40),
    "otherPhone": ("other_phone", 40),
    "fax": ("fax", 40),
    "mobilePhone": ("mobile_phone", 100),
    "nickname": ("nickname", 100),
    "taxRegion": ("tax_region", 100),
    "contactDescription": ("description", 100),
    "otherPhoneType": ("other_phone_type", 20),
}
_NAMES = ("firstName", "lastName")
_EMAILS = ("workEmail", "personalEmail")
_PHONE_TYPES = ("Work", "Mobile", "Home", "Other", "")


class Contacts:
    """The contact routes over one state."""

    def __init__(self, state: ZuoraState) -> None:
        self._state = state

    async def read(self, request: Request) -> Response:
        """`GET /v1/contacts/{id}`."""
        return Reply(self._body(self._contact(request)))

    async def update(self, request: Request) -> Response:
        """`PUT /v1/contacts/{id}`: a missing field stays, an empty one is cleared. Answers with the whole contact."""
        body = await put_body(request)
        contact = self._contact(request)
        self._state.update_contact(contact["id"], contact_changes(body, now=contact))
        return Reply(self._body(self._state.contact(contact["id"])))

    def _contact(self, request: Request) -> Row:
        key = request.path_params["key"]
        contact = self._state.find_contact(key)
        if contact is None:
            raise Refusal(50000040, f"Cannot find entity by key: '{key}'.")
        return contact

    def _body(self, contact: Row) -> dict[str, Any]:
        account = self._state.account_of_contact(contact["id"])
        owner = {"accountId": account["id"], "accountNumber": account["account_number"]} if account else {}
        return owner | contact_body(contact) | {"success": True}


def contact_body(contact: Row) -> dict[str, Any]:
    """A contact as the v1 resources show it."""
    return {
        "id": contact["id"],
        "firstName": contact["first_name"],
        "lastName": contact["last_name"],
        "workEmail": contact["work_email"],
        "personalEmail": contact["personal_email"],
        "workPhone": contact["work_phone"],
        "mobilePhone": contact["mobile_phone"],
        "homePhone": contact["home_phone"],
        "otherPhone": contact["other_phone"],
        "otherPhoneType": contact["other_phone_type"] or None,
        "fax": contact["fax"],
        "address1": contact["address1"],
        "address2": contact["address2"],
        "city": contact["city"],
        "county": contact["county"] or None,
        "state": contact["state"],
        "zipCode": contact["zip_code"],
        "country": contact["country"] or None,
        "taxRegion": contact["tax_region"] or None,
        "nickname": contact["nickname"],
        "contactDescription": contact["description"],
    }


def contact_changes(body: Any, *, now: Row, names_required: bool = False) -> Row:
    """The columns that a contact in a request changes in the current contact.

    Raises:
        Refusal: a field is unknown, too long, of the wrong type or, as part of an account, missing; a country does not
        exist, or a state of a country whose states are checked.
    """
    if not isinstance(body, dict):
        raise invalid(RESOURCE, "A contact is an object.")
    known_fields(RESOURCE, body, frozenset(_LIMITS))
    if names_required:
        required(RESOURCE, body, *_NAMES)
    changes: Row = {}
    for field, value in body.items():
        column, limit = _LIMITS[field]
        text = checked_text(RESOURCE, field, value, limit)
        if field in _EMAILS:
            checked_email(RESOURCE, field, text)
        if field in _NAMES and not text:
            raise invalid(RESOURCE, f"The value of {field} cannot be empty.")
        if field == "otherPhoneType" and text not in _PHONE_TYPES:
            raise invalid(RESOURCE, "otherPhoneType is Work, Mobile, Home or Other.")
        changes[column] = text
    return changes | _place(changes, now)


def _place(changes: Row, now: Row) -> Row:
    """Country and state in Zuora's spelling, whatever code or case was sent."""
    if not {"country", "state"} & changes.keys():
        return {}
    country, state = (str(changes.get(column, now[column])) for column in ("country", "state"))
    if changes.get("country"):
        country = _spelt(country, COUNTRIES)
        if not country:
            raise invalid(RESOURCE, "The value of country is not a valid country name or ISO code.")
    if state and country in STATES:
        state = _spelt(state, STATES[country])
        if not state:
            raise invalid(RESOURCE, f"The value of state is not a valid state of {country}.")
    return {"country": country, "state": state}


def _spelt(text: str, known: Iterable[tuple[str, ...]]) -> str:
    """The name (the last entry) of which the text is a name or a code, "" for nothing known."""
    wanted = " ".join(text.split()).casefold()
    return next((names[-1] for names in known if wanted in {name.casefold() for name in names}), "")
