"""Phone numbers: read in any spelling, stored in E.164, shown in the national spelling.

Anything but one Australian number is refused with a reason. `number_texts` reads the text.
"""

import re
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from lib.domain.number_texts import InvalidNumber, cleaned, digits_of, pieces

__all__ = [
    "REGION",
    "InvalidNumber",
    "NumberKind",
    "kind_of",
    "national",
    "numbers_in",
    "parse_number",
    "search_digits",
]

REGION = "AU"
_SOLD = re.compile(r"[2378]\d{8}|4\d{8}|1[38]00\d{6}|13\d{4}|180\d{4}")
"""National numbers that we accept: local, mobile, 1300, 1800, 13 and 180. libphonenumber accepts more, such as a
1300 number with two digits of an extension."""
_OTHER = (
    (r"000|106|112", "it is an emergency number"),
    (r"190\d*", "it is a premium number"),
    (r"14[57]\d{6}|16\d+", "it is a satellite or pager number"),
    (r"55\d{7}", "it is an internet telephony number that is no longer in use"),
    (r"12\d{2,4}|11\d{1,3}", "it is a short code of a carrier"),
)


class NumberKind(StrEnum):
    """What a number is billed as."""

    LOCAL = "local"
    MOBILE = "mobile"
    THIRTEEN = "13"
    THIRTEEN_HUNDRED = "1300"
    EIGHTEEN_HUNDRED = "1800"


def parse_number(text: str) -> str:
    """Return the number as E.164 (`+61...`) from any spelling people type or paste.

    It reads labels (`Ph:`, `M`, `(work)`), links (`tel:`, `sip:`), spaces, dashes and digits of every kind, and the
    ways to write the country (`+61`, `0061`, `0011 61`, `61`, with or without the national zero).

    Raises:
        InvalidNumber: letters, an extension, two numbers, another country, too few or too many digits, or a number
        that nobody can have. The text says which.
    """
    parts = pieces(text)
    for count in range(1, len(parts)):
        # "13 00 00 / 1234" would read as a 1300 number: what is complete before a slash is a number of its own.
        if _whole("".join(parts[:count])) and digits_of("".join(parts[count:])):
            raise InvalidNumber(text, _reason_for_more("".join(parts[count:])))
    number = _national_number(text, "".join(parts))
    e164 = f"+61{number}"
    if not _is_number(number):
        raise InvalidNumber(text, _reason(number))
    return e164


def numbers_in(text: str) -> list[str]:
    """Every number in the text, as E.164, for the search, where other words do no harm."""
    found: list[str] = []
    split = re.split(r"[/|;,&\n]|\bor\b|\band\b", text)
    for part in (text, *split, *re.findall(r"\+?[\d(][\d\s()./+-]{4,}\d", cleaned(text))):
        try:
            found.append(parse_number(part))
        except InvalidNumber:
            continue
    return list(dict.fromkeys(found))


def kind_of(e164: str) -> NumberKind | None:
    """What the number is billed as, None for a type that the company does not sell."""
    number = phonenumbers.parse(e164)
    match phonenumbers.number_type(number):
        case PhoneNumberType.FIXED_LINE:
            return NumberKind.LOCAL
        case PhoneNumberType.MOBILE:
            return NumberKind.MOBILE
        case PhoneNumberType.TOLL_FREE:
            return NumberKind.EIGHTEEN_HUNDRED
        case PhoneNumberType.SHARED_COST:
            # Both 13 and 1300 are "shared cost". They differ only in their national length.
            length = len(phonenumbers.national_significant_number(number))
            return NumberKind.THIRTEEN if length == 6 else NumberKind.THIRTEEN_HUNDRED
    return None


def national(e164: str) -> str:
    """The spelling that people read: `0491 570 006`, `(03) 5550 1234`, `1300 975 707`."""
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.NATIONAL)


def search_digits(text: str) -> str | None:
    """The digits to look for inside stored numbers, from part of a number in any spelling.

    None when the text cannot be part of a phone number. Stored numbers have 61 and no leading zero.
    """
    try:
        return parse_number(text).removeprefix("+")
    except InvalidNumber:
        pass
    try:
        digits = digits_of("".join(pieces(text)))
    except InvalidNumber:
        return None
    digits = re.sub(r"^(?:0011|00)(?=61)", "", digits)
    return re.sub(r"^610(?=\d)", "61", digits).removeprefix("0") or None


# ------------------------------------------------------------------ which number it is
def _whole(text: str) -> bool:
    try:
        return _is_number(_national_number(text, text))
    except InvalidNumber:
        return False


def _national_number(text: str, plain: str) -> str:
    """The national number without its leading zero, from text with only digits and separators left."""
    digits = digits_of(plain)
    if not digits:
        raise InvalidNumber(text, "there is no number in it")
    if re.search(r"\+.*\+|\d.*\+", plain):
        raise InvalidNumber(text, "it has a plus sign inside, so it may be two numbers")
    international = "+" in plain
    if prefix := re.match(r"0011|00(?=[1-9])", digits):
        international, digits = True, digits[prefix.end() :]
    if _has_country(plain, digits, international=international):
        digits = digits.removeprefix("61")
    elif international and not digits.startswith("0"):
        raise InvalidNumber(text, "it belongs to another country")
    # A zero before 13 is not part of the number, but people write +61 (0) before anything.
    return digits[1:] if re.fullmatch(r"0([2-8]\d+|1[38]00\d{6}|13\d{4}|1[0-9]\d*)", digits) else digits


def _has_country(plain: str, digits: str, *, international: bool) -> bool:
    """True when the 61 at the beginning is Australia's code. A local number may begin with it: 6113 1450."""
    if not digits.startswith("61"):
        return False
    rest = digits[2:]
    if international or rest.startswith("61"):
        return True
    if len(digits) == 8:
        groups = re.findall(r"\d+", plain)
        apart = groups[0] == "61" or len(groups) == 1
        return apart and _is_number(rest)
    return len(rest) >= 7


def _is_number(number: str) -> bool:
    """True for a number that somebody may have, of a kind that we accept."""
    if not _SOLD.fullmatch(number):
        return False
    return phonenumbers.is_valid_number(phonenumbers.parse(f"+61{number}", REGION))


# ------------------------------------------------------------------ why it is not a number
def _reason_for_more(rest: str) -> str:
    if len(digits_of(rest)) >= 6:
        return "it contains two numbers"
    return "it contains more than one number: an extension, or the end of a range"


def _reason(number: str) -> str:
    for pattern, reason in _OTHER:
        if re.fullmatch(pattern, number):
            return reason
    bare = number.removeprefix("0")
    if _begins_with_a_number(bare):
        return "it has too many digits: an extension, or a second number"
    if len(bare) == 8:
        return "it has eight digits: the area code is missing"
    long = 10 if bare.startswith("1") else 9
    if len(bare) < long:
        return "it has too few digits"
    if len(bare) > long:
        return "it has too many digits"
    return "nobody can have this number"


def _begins_with_a_number(number: str) -> bool:
    """True when there is a complete number at the beginning. A 13 number is too short to be sure."""
    return any(len(number) > length and _is_number(number[:length]) for length in (9, 10))
