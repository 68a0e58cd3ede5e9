"""Bill To and Sold To: which fields can be edited, what they accept, and what an edit changes in the current record."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lib.domain.countries import checks_states, country_name, state_name
from lib.domain.emails import InvalidEmail, check_address
from lib.domain.numbers import InvalidNumber, national, parse_number


class ContactRole(StrEnum):
    """What a contact is to its account."""

    BILL_TO = "bill_to"
    SOLD_TO = "sold_to"

    @property
    def label(self) -> str:
        """The role in Zuora's words."""
        return "Bill To" if self is ContactRole.BILL_TO else "Sold To"


LABELS = {
    "first_name": "First name",
    "last_name": "Last name",
    "work_email": "E-mail",
    "work_phone": "Work phone",
    "mobile_phone": "Mobile phone",
    "address1": "Address line 1",
    "address2": "Address line 2",
    "city": "Suburb or town",
    "state": "State",
    "postcode": "Postcode",
    "country": "Country",
    "personal_email": "Personal e-mail",
    "home_phone": "Home phone",
    "fax": "Fax",
    "county": "County",
}
"""Every field that can be edited, in the order of the form."""

# Zuora's own limits (API reference, Update a contact).
LIMITS = dict.fromkeys(LABELS, 100) | {
    "address1": 255,
    "address2": 255,
    "country": 64,
    "postcode": 20,
    "work_email": 80,
    "personal_email": 80,
    "work_phone": 40,
    "home_phone": 40,
    "fax": 40,
}
_EMAILS = {"work_email", "personal_email"}
_PHONES = {"work_phone", "mobile_phone", "home_phone", "fax"}
_NAMES = {"first_name", "last_name"}


class InvalidField(ValueError):
    """The value cannot be used. The text is for the person who typed it."""


@dataclass(frozen=True)
class Conflict:
    """A field that somebody else has changed since the person began."""

    field: str
    began: str
    mine: str
    theirs: str


@dataclass(frozen=True)
class Edit:
    """What an edit does to the current record: fields to write, and fields that somebody else has changed."""

    before: dict[str, str]
    after: dict[str, str]
    conflicts: tuple[Conflict, ...]


def tidy(text: str) -> str:
    """The text as it would be stored: trimmed, runs of spaces and line breaks made one space, NFC."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def check_field(field: str, text: str, role: ContactRole) -> str:
    """Return the value as it will be stored. Most fields may be empty.

    Raises:
        InvalidField: empty where it may not be, too long, not an e-mail address or number, or unprintable.
    """
    if field not in LABELS:
        raise InvalidField("A contact does not have this field.")
    value = tidy(text)
    if value and field in _EMAILS | _PHONES:
        # First, because the sentences below repeat what was typed. A copied line may have line breaks around it.
        _fitting(field, value)
        check = check_address if field in _EMAILS else _phone
        return _fitting(field, _checked(check, text.strip("\r\n")))
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn"} for sign in value):
        raise InvalidField("This contains an invisible character, perhaps from a copied text. Type it instead.")
    if any(ord(sign) > 0xFFFF for sign in value):
        raise InvalidField("This contains a character that Zuora refuses, such as an emoji.")
    if not value:
        return _check_empty(field, role)
    value = _fitting(field, value)
    # The tenant may have added a name that is on no list: `check_place` knows the current value.
    return country_name(value) or value if field == "country" else value


def changed_fields(base: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, str]:
    """The fields that the person changed, apart from spaces."""
    return {
        field: text
        for field, text in typed.items()
        if text != base.get(field, "") and tidy(text) != base.get(field, "")
    }


def check_changes(changes: Mapping[str, str], role: ContactRole) -> tuple[dict[str, str], dict[str, str]]:
    """The values as they will be stored, and a sentence for each field that cannot be stored."""
    good: dict[str, str] = {}
    problems: dict[str, str] = {}
    for field, text in changes.items():
        try:
            good[field] = check_field(field, text, role)
        except InvalidField as invalid:
            problems[field] = str(invalid)
    return good, problems


def check_place(changes: Mapping[str, str], current: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Checked changes with country and state as Zuora will show them, and a sentence for each it would refuse.

    `current` is the whole current record: which states are valid depends on the country, even if only one changes.
    """
    good = dict(changes)
    problems: dict[str, str] = {}
    country = changes.get("country", current.get("country", ""))
    if country and country != current.get("country") and country_name(country) is None:
        return good, {"country": f"Zuora does not know the country “{country}”. Choose one from the list."}
    if not checks_states(country) or not {"country", "state"} & changes.keys():
        return good, problems
    state = changes.get("state", current.get("state", ""))
    name = state_name(country, state)
    if name is None:
        problems["state"] = f"“{state}” is not a state of {country_name(country)}, so Zuora would refuse it."
    elif "state" in changes:
        good["state"] = name
    return good, problems


def emptied_fields(base: Mapping[str, str], changes: Mapping[str, str]) -> list[str]:
    """The fields that have a value and would be cleared, in the order of the form."""
    return [field for field in LABELS if base.get(field, "") and field in changes and not tidy(changes[field])]


def is_same(field: str, one: str, other: str, *, country: str = "") -> bool:
    """True when both are the same to Zuora, which spells countries, and states of `country`, its own way."""
    if field == "country" and one and other:
        return (country_name(one) or one) == (country_name(other) or other)
    if field == "state" and one and other and checks_states(country):
        return (state_name(country, one) or one) == (state_name(country, other) or other)
    return one == other


def apply_edit(base: Mapping[str, str], changes: Mapping[str, str], current: Mapping[str, str]) -> Edit:
    """What is left to write to the current record. A field that has the wanted value already needs nothing."""
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    conflicts = []
    country = current.get("country", "")
    for field, mine in changes.items():
        now = current.get(field, "")
        if is_same(field, now, mine, country=country):
            continue
        if not is_same(field, now, base.get(field, ""), country=country):
            conflicts.append(Conflict(field, base.get(field, ""), mine, now))
            continue
        before[field], after[field] = now, mine
    return Edit(before, after, tuple(conflicts))


def _fitting(field: str, value: str) -> str:
    if len(value) > LIMITS[field]:
        raise InvalidField(f"This has {len(value)} characters. Zuora accepts at most {LIMITS[field]}.")
    return value


def _checked(check: Callable[[str], str], text: str) -> str:
    try:
        return check(text)
    except (InvalidEmail, InvalidNumber) as invalid:
        raise InvalidField(str(invalid)) from invalid


def _phone(text: str) -> str:
    """The number as it was typed, or in the national spelling if it was pasted with other text."""
    number, typed = parse_number(text), tidy(text)
    return typed if re.fullmatch(r"[0-9 ()+-]+", typed) and len(typed) <= LIMITS["work_phone"] else national(number)


def _check_empty(field: str, role: ContactRole) -> str:
    if field in _NAMES:
        raise InvalidField(f"{LABELS[field]} is empty. Zuora requires it.")
    if field == "work_email" and role is ContactRole.BILL_TO:
        raise InvalidField("The e-mail address is empty. Type one: invoices are sent to it.")
    return ""
