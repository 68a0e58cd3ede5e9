"""Checks emergency details: the rules of the register, and common sense.

Source: ACMA, "Give information to the IPND"; industry code C555. The widths have the shape of AS 4590.
"""

import re
import unicodedata
from collections.abc import Collection

from lib.domain.addresses.post import names_a_box
from lib.domain.addresses.words import LOTS, STATES
from lib.domain.emergency import FIELDS, USAGES, EmergencyRecord
from lib.domain.findings import Finding
from lib.domain.findings import error as _error
from lib.domain.findings import warning as _warning
from lib.domain.numbers import InvalidNumber, parse_number

_RANGES = {
    "NSW": ((2000, 2599), (2619, 2899), (2921, 2999)),
    "ACT": ((2600, 2618), (2900, 2920)),
    "VIC": ((3000, 3999),),
    "QLD": ((4000, 4999),),
    "SA": ((5000, 5799),),
    "WA": ((6000, 6797),),
    "TAS": ((7000, 7799),),
    "NT": ((800, 899),),
}
_BOX_RANGES = (
    (1000, 1999), (200, 299), (8000, 8999), (9000, 9999), (5800, 5999), (6800, 6999), (7800, 7999), (900, 999),
)  # fmt: skip
_PLACES = ("property_name", "location", "street_name", "locality")
_LONGEST_NUMBER = 200


def check(record: EmergencyRecord, *, own_numbers: Collection[str] = ()) -> list[Finding]:
    """Everything that is wrong with the record. `own_numbers` are the account's, in E.164."""
    found = [*_widths(record), *_names(record), *_street(record), *_place(record)]
    if record.alternate_address:
        found += _contact(record, own_numbers)
    return found


def _widths(record: EmergencyRecord) -> list[Finding]:
    found = []
    for field, (label, width) in FIELDS.items():
        value = getattr(record, field)
        if len(value) > width:
            found.append(_error(field, f"{label} has {len(value)} characters. The register accepts at most {width}."))
        if any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} for character in value):
            found.append(_error(field, f"{label} contains an invisible character. Type it instead of pasting it."))
    return found


def _names(record: EmergencyRecord) -> list[Finding]:
    if record.usage not in USAGES:
        return [_error("usage", "Choose what the service is used for.")]
    if record.usage == "business" and not record.business_name:
        return [_error("business_name", "Type the name of the business.")]
    if record.usage == "residential" and not record.surname:
        return [_error("surname", "Type the surname of the customer: a residential service needs it.")]
    return []


def _street(record: EmergencyRecord) -> list[Finding]:
    found = [
        _error(field, "A PO box, GPO box or locked bag is not a service address. Give the place where people are.")
        for field in _PLACES
        if names_a_box(getattr(record, field))
    ]
    boxed = {one.field for one in found}
    if not record.street_name:
        found.append(_error("street_name", "The street name is missing."))
    elif "street_name" not in boxed and re.search(r"[\d/\\]", record.street_name):
        found.append(
            _error("street_name", "The street name contains a digit or a slash. Put numbers in their own fields.")
        )
    for field in ("house_number", "house_number_2"):
        if getattr(record, field) and not re.fullmatch(r"[0-9]+", getattr(record, field)):
            found.append(_error(field, "A house number has only digits. Put a letter in the suffix."))
    rural = bool(record.property_name) or not LOTS.isdisjoint(record.location.upper().split())
    if not record.house_number and not rural:
        found.append(_warning("house_number", "There is no house number. Leave it out only for a rural place."))
    return found


def _place(record: EmergencyRecord) -> list[Finding]:
    found = []
    if not record.locality:
        found.append(_error("locality", "The suburb or town is missing."))
    elif re.search(r"[\d/\\]", record.locality):
        found.append(_warning("locality", "The suburb or town contains a digit or a slash."))
    if record.state not in STATES:
        found.append(_error("state", f"The state must be one of {', '.join(STATES)}."))
    if not re.fullmatch(r"[0-9]{4}", record.postcode):
        return [*found, _error("postcode", "The postcode must have four digits, with a leading zero in the NT.")]
    code = int(record.postcode)
    if any(low <= code <= high for low, high in _BOX_RANGES):
        found.append(_error("postcode", f"{record.postcode} is a postcode for PO boxes, not for a place."))
    elif record.state in STATES and not any(low <= code <= high for low, high in _RANGES[record.state]):
        found.append(_warning("postcode", f"{record.postcode} is not in the usual range of {record.state}."))
    return found


def _contact(record: EmergencyRecord, own_numbers: Collection[str]) -> list[Finding]:
    found = []
    if not record.contact_name:
        found.append(_error("contact_name", "Phones may be used at another address, so give a contact name."))
    if not record.contact_number:
        return [
            *found,
            _error("contact_number", "Phones may be used at another address, so give a contact number."),
        ]
    if len(record.contact_number) > _LONGEST_NUMBER or not record.contact_number.isprintable():
        # This has an error of its own, which the one below would repeat.
        return found
    try:
        number = parse_number(record.contact_number)
    except InvalidNumber as invalid:
        return [*found, _error("contact_number", str(invalid))]
    if number in own_numbers:
        found.append(_error("contact_number", "This is a number of the account itself. Give one that rings elsewhere."))
    return found
