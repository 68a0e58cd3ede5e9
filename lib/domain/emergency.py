"""Emergency details: the record for the register of public numbers, and how it is filled from Zuora.

Source: ACMA, "Give information to the IPND"; industry code C555. The parts and widths have the shape of AS 4590.
"""

import unicodedata
from collections.abc import Collection, Mapping

from pydantic import BaseModel, ConfigDict, field_validator

from lib.domain.addresses import Address, split_address
from lib.domain.addresses.words import COUNTRIES
from lib.domain.findings import Finding, quoted
from lib.domain.findings import warning as _warning
from lib.domain.numbers import InvalidNumber, national, parse_number

USAGES = {"business": "Business", "residential": "Residential", "government": "Government", "charity": "Charity"}
# Field -> label and maximum length, in the order of the form.
FIELDS: dict[str, tuple[str, int]] = {
    "business_name": ("Business name", 160),
    "surname": ("Surname", 40),
    "given_names": ("Given names", 40),
    "contact_name": ("Contact name", 80),
    "contact_number": ("Contact number", 20),
    "property_name": ("Property name", 40),
    "building_type": ("Building type", 6),
    "building_number": ("Building number", 5),
    "building_suffix": ("Building suffix", 1),
    "building_number_2": ("Second building number", 5),
    "building_suffix_2": ("Second building suffix", 1),
    "floor_type": ("Floor type", 2),
    "floor_number": ("Floor number", 4),
    "floor_suffix": ("Floor suffix", 1),
    "location": ("Location or lot", 30),
    "house_number": ("House number", 5),
    "house_suffix": ("House suffix", 3),
    "house_number_2": ("Second house number", 5),
    "house_suffix_2": ("Second house suffix", 1),
    "street_name": ("Street name", 25),
    "street_type": ("Street type", 8),
    "street_suffix": ("Street suffix", 6),
    "locality": ("Suburb or town", 40),
    "state": ("State", 3),
    "postcode": ("Postcode", 4),
}
LABELS = {
    "usage": "Usage",
    "listed": "Listed",
    "alternate_address": "Phones may be used at another address",
    **{field: label for field, (label, _) in FIELDS.items()},
}
NOT_IN_ZUORA = ("usage", "listed", "alternate_address")
"""What Zuora does not know. A pull keeps it as it was saved."""
_QUOTED_NUMBER = 30
_PHONES = {"work_phone": "work phone", "mobile_phone": "mobile phone", "home_phone": "home phone"}
"""The numbers of a contact, in the order in which they are called."""


class EmergencyRecord(BaseModel):
    """One version of the details. `alternate_address`: phones may be used at another address (VoIP, PABX)."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    usage: str = "business"
    listed: bool = False
    alternate_address: bool = True
    business_name: str = ""
    surname: str = ""
    given_names: str = ""
    contact_name: str = ""
    contact_number: str = ""
    property_name: str = ""
    building_type: str = ""
    building_number: str = ""
    building_suffix: str = ""
    building_number_2: str = ""
    building_suffix_2: str = ""
    floor_type: str = ""
    floor_number: str = ""
    floor_suffix: str = ""
    location: str = ""
    house_number: str = ""
    house_suffix: str = ""
    house_number_2: str = ""
    house_suffix_2: str = ""
    street_name: str = ""
    street_type: str = ""
    street_suffix: str = ""
    locality: str = ""
    state: str = ""
    postcode: str = ""

    @field_validator("usage", *FIELDS, mode="before")
    @classmethod
    def _as_text(cls, value: object) -> str:
        """A text, where an older program may have stored a number or nothing, with spaces as they will be stored."""
        return "" if value is None else unicodedata.normalize("NFC", " ".join(str(value).split()))

    @field_validator("contact_number", mode="after")
    @classmethod
    def _as_number(cls, value: str) -> str:
        """In E.164 from any spelling. What is not a number stays as it is, for the check to report."""
        return _stored_number(value)


def pull(
    contact: Mapping[str, str],
    customer: str,
    saved: EmergencyRecord | None = None,
    *,
    own_numbers: Collection[str] = (),
) -> tuple[EmergencyRecord, list[Finding]]:
    """The record made from a Sold To contact, and findings about what has no field.

    `contact` has the fields of a Zuora contact, `customer` is the account's name there. Only what Zuora does not
    know (usage, listing, other addresses) comes from the saved record. The contact number is the first one that can
    be called: invalid ones and those in `own_numbers` are skipped.
    """
    address = address_of(contact)
    kept = saved or EmergencyRecord()
    personal = kept.usage == "residential"
    number, passed_over = _number_to_call(contact, own_numbers)
    parts = {field: getattr(address, field) for field in FIELDS if hasattr(address, field)}
    record = EmergencyRecord.model_validate(
        parts
        | {
            "usage": kept.usage,
            "listed": kept.listed,
            "alternate_address": kept.alternate_address,
            "business_name": "" if personal else (address.business_name or customer),
            "surname": contact.get("last_name", "") if personal else "",
            "given_names": contact.get("first_name", "") if personal else "",
            "contact_name": f"{contact.get('first_name', '')} {contact.get('last_name', '')}",
            "contact_number": number,
            "location": ", ".join(part for part in (_lot(address), address.location) if part),
            # It is put where the street would be, so that it is seen and refused there.
            "street_name": address.street_name or address.postal,
        }
    )
    notes = list(address.findings)
    if passed_over:
        notes.append(_warning("contact_number", passed_over))
    if not personal and _same(record.property_name, customer):
        # A customer may write its own name above the street. It is in the field of the business already.
        record = record.model_copy(update={"property_name": "", "business_name": customer})
        notes = [one for one in notes if one.field != "property_name"]
    if address.business_name and record.business_name != address.business_name:
        notes.append(_warning("business_name", f"{quoted(address.business_name)} of the address was left out."))
    country = contact.get("country", "").strip()
    if country and country.upper() not in COUNTRIES:
        notes.append(
            _warning("state", f"The country in Zuora is {quoted(country)}; the register is for Australia only.")
        )
    return record, notes


def notes_unseen(
    record: EmergencyRecord,
    saved: EmergencyRecord | None,
    contact: Mapping[str, str],
    customer: str,
    *,
    own_numbers: Collection[str] = (),
) -> list[Finding]:
    """The findings of a pull for an address that the record has as it would be pulled, and that was not saved before.

    A draft can come back in a session that has not seen the pull it is from.
    """
    pulled, notes = pull(contact, customer, saved, own_numbers=own_numbers)
    if _address(record) != _address(pulled) or (saved is not None and _address(record) == _address(saved)):
        return []
    return notes


def _address(record: EmergencyRecord) -> list[str]:
    return [getattr(record, field) for field in FIELDS if field in Address.__dataclass_fields__]


def address_of(contact: Mapping[str, str]) -> Address:
    """The address of a Zuora contact in its parts."""
    return split_address(
        contact.get("address1", ""),
        contact.get("address2", ""),
        locality=contact.get("city", ""),
        state=contact.get("state", ""),
        postcode=contact.get("postcode", ""),
    )


def _same(one: str, other: str) -> bool:
    return bool(one) and " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _lot(address: Address) -> str:
    if not address.lot:
        return ""
    return f"{'Lot' if address.lot.isalnum() else 'Lots'} {address.lot}"


def differing(before: EmergencyRecord | None, after: EmergencyRecord) -> list[str]:
    """The fields in which two records differ, in the order of the form."""
    return [field for field in LABELS if before is None or getattr(before, field) != getattr(after, field)]


def shown(record: EmergencyRecord | None, field: str) -> str:
    """A value as people read it."""
    if record is None:
        return ""
    value = getattr(record, field)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field == "contact_number" and value.startswith("+61"):
        return national(value)
    return USAGES.get(value, value) if field == "usage" else str(value)


def _some(text: str, most: int) -> str:
    """At most `most` characters of a text from Zuora, without invisible ones, for a sentence."""
    seen = "".join(character if character.isprintable() else " " for character in text)
    return seen if len(seen) <= most else f"{seen[:most]}…"


def _number_to_call(contact: Mapping[str, str], own_numbers: Collection[str]) -> tuple[str, str]:
    """The first number of the contact that can be called back, and a sentence about those skipped before it.

    Without one it is the first that is filled in, for the check to say what is wrong with it.
    """
    filled = [(label, contact[name].strip()) for name, label in _PHONES.items() if contact.get(name, "").strip()]
    passed_over: list[str] = []
    for label, text in filled:
        number = _stored_number(text)
        if number.startswith("+") and number not in own_numbers:
            return number, _passed_over(passed_over, f"the {label} is used instead")
        why = "is one of the account's own numbers" if number in own_numbers else "cannot be dialled"
        passed_over.append(f"the {label} “{_some(text, _QUOTED_NUMBER)}” {why}")
    return (_stored_number(filled[0][1]), _passed_over(passed_over, "there is no other number")) if filled else ("", "")


def _passed_over(passed_over: list[str], instead: str) -> str:
    return f"Of the numbers in Zuora, {' and '.join(passed_over)}; {instead}." if passed_over else ""


def _stored_number(text: str) -> str:
    try:
        return parse_number(text)
    except InvalidNumber:
        return text  # as it is in Zuora, for the check to report
