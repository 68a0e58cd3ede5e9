"""Phone numbers: any spelling in, E.164 stored, the national spelling shown."""

import re
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

REGION = "AU"


class NumberKind(StrEnum):
    """What a number is billed as."""

    LOCAL = "local"
    MOBILE = "mobile"
    THIRTEEN = "13"
    THIRTEEN_HUNDRED = "1300"
    EIGHTEEN_HUNDRED = "1800"


class InvalidNumber(ValueError):
    """Not one dialable Australian number; the text is a sentence for the person who typed it."""


def parse_number(text: str) -> str:
    """Return the number as E.164 (`+61...`) from any usual spelling.

    Raises:
        InvalidNumber: letters (a letter O would be dropped silently by the library), two numbers, or no number.
    """
    if re.search(r"[^\W\d_]", text):
        raise InvalidNumber(f"“{text.strip()}” holds a letter. Check for the letter O in place of a zero.")
    digits = re.sub(r"\D", "", text)
    spelled = f"+{digits}" if digits.startswith("61") and len(digits) in (8, 11, 12) else text
    try:
        number = phonenumbers.parse(spelled, REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise InvalidNumber(f"“{text.strip()}” is not one dialable Australian number.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def kind_of(e164: str) -> NumberKind | None:
    """What the number is billed as; None for a type the Hub does not sell."""
    number = phonenumbers.parse(e164)
    match phonenumbers.number_type(number):
        case PhoneNumberType.FIXED_LINE:
            return NumberKind.LOCAL
        case PhoneNumberType.MOBILE:
            return NumberKind.MOBILE
        case PhoneNumberType.TOLL_FREE:
            return NumberKind.EIGHTEEN_HUNDRED
        case PhoneNumberType.SHARED_COST:
            # Both 13 and 1300 are "shared cost"; only their national length tells them apart.
            length = len(phonenumbers.national_significant_number(number))
            return NumberKind.THIRTEEN if length == 6 else NumberKind.THIRTEEN_HUNDRED
    return None


def national(e164: str) -> str:
    """The spelling people read: `0491 570 006`, `(03) 5550 1234`, `1300 975 707`."""
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.NATIONAL)


def search_digits(text: str) -> str | None:
    """The digits to look for inside stored numbers, from part of a number in any spelling.

    None when the text cannot be part of a phone number. Stored numbers carry 61 and no leading zero.
    """
    if not re.fullmatch(r"[\d\s()+.\-/]+", text):
        return None
    return re.sub(r"\D", "", text).removeprefix("0") or None
