"""Units of a building: `Unit 3`, `Shops 3 & 4`, `Suite A`, `U3`, `A/12`."""

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.numbers import behind_letters, take_id
from lib.domain.addresses.post import follow
from lib.domain.addresses.premises.labels import (
    RANGES,
    begins_street,
    behind_label,
    is_short_label,
    read_named_id,
    second_id,
    take_label,
)
from lib.domain.addresses.words import FLOOR_CODES, NAMING_UNITS, PLURAL_UNITS, UNITS

_LONG_LABELS = (
    (("TOWN", "HOUSE"), "TNHS"), (("T", "/", "HOUSE"), "TNHS"), (("T", "/", "H"), "TNHS"), (("STRATA", "UNIT"), "STR"),
    (("CAR", "SPACE"), "CARS"), (("BOAT", "SHED"), "BTSD"), (("GRANNY", "FLAT"), "FLAT"),
)  # fmt: skip


def take_unit(claims: Claims, position: int, end: int, at_start: bool) -> int | None:
    """Read `Unit 3`, `Shop T52-55`, `Suite A & B`, `U3`, `F8`."""
    if _is_letter_of_unit(claims, position, end, at_start):
        return _take_letter(claims, position)
    label_end, code = _unit_label(claims, position, end, at_start)
    begin = behind_label(claims, label_end, end)
    number = read_named_id(claims, begin, end, at_start=at_start) if code else None
    if number is None or _is_of_house(claims, position, number.end, end, at_start=at_start):
        return None
    if claims.has("building_number"):
        claims.leave(position, number.end)
        return number.end
    claims.take("building_type", position, label_end, code)
    take_label(claims, "building_number", label_end, number.start)
    take_id(claims, number, "building")
    claims.leave(number.end, behind_letters(claims, number, end))
    several = claims.key(position) in PLURAL_UNITS
    second, sep = second_id(claims, number, end, several=several), claims.key(number.end)
    if second is None:
        return number.end
    if sep in RANGES and not several and begins_street(claims, second.end, end) and not claims.any_number(second.end):
        # "Unit 3-12 High Street": not a range, the second is the house number.
        claims.doubt_reading("house_number", claims.slice(position, second.end), "a unit and a house number")
        return number.end
    take_label(claims, "building_number_2", number.end, second.start)
    take_id(claims, second, "building", "_2")
    return second.end


def _is_of_house(claims: Claims, label: int, after: int, end: int, *, at_start: bool) -> bool:
    """`Wattle House 12 High St`, `House No 12, High St`: no other number follows, so it is the house number."""
    if claims.key(label) == "HOUSE" and not claims.any_number(after):
        return True
    names = not at_start and claims.key(label) in NAMING_UNITS and begins_street(claims, after, end)
    return names and not any(claims.is_number(at) for at in range(after, end))


def _take_letter(claims: Claims, position: int) -> int:
    claims.values["building_type"] = "UNIT"
    claims.take("building_number", position, position + 1, claims.key(position))
    if claims.key(position) in FLOOR_CODES:
        claims.doubt_reading("building_number", claims.slice(position, position + 1), "a unit; it may be a floor")
    return position + 1


def _is_letter_of_unit(claims: Claims, position: int, end: int, at_start: bool) -> bool:
    """`A/12 Wattle St`."""
    slashed = claims.key(position + 1) == "/" and position + 2 < end and claims.is_number(position + 2)
    letter = at_start and claims.is_word(position) and len(claims.tokens[position].text) == 1
    return slashed and letter and not claims.has("building_number") and claims.key(position) not in UNITS


def _unit_label(claims: Claims, position: int, end: int, at_start: bool) -> tuple[int, str]:
    """The position after the label here, and its code, empty when there is no label."""
    for words, code in _LONG_LABELS:
        if (after := follow(claims, position, end, words)) is not None:
            return after, code
    key = claims.key(position)
    if key not in UNITS or (len(key) == 1 and not is_short_label(claims, position, at_start)):
        return position, ""
    if key == "OFF" and not at_start:
        return position, ""  # "Wattle Lane off 3 Banksia St"
    return position + 1, UNITS[key]
