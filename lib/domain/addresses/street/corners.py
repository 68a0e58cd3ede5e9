"""Corners: `Cnr High St & Station Rd`, `12 High St (cnr Station Rd)`, `Main & Young Sts`."""

from dataclasses import dataclass

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.street.kinds import kinds_in, read_suffix, singular
from lib.domain.addresses.street.reading import Street, name_of, streets_in, take_street
from lib.domain.addresses.street.street_types import PLURALS, STREET_TYPES, TYPELESS
from lib.domain.addresses.words import CORNERS

_ANDS = {"&", "+", "AND", "/", "WITH"}


@dataclass(frozen=True)
class Corner:
    """A corner: the tokens of its word, its streets from `first` to `end`, separated at `divide`."""

    start: int
    first: int
    divide: int | None
    end: int


def corners_in(claims: Claims) -> list[Corner]:
    """The corners that are named in the text."""
    found = []
    for start, end in claims.segments:
        for position in range(start, end):
            if claims.key(position) in CORNERS and claims.free(position):
                if (corner := _corner_at(claims, start, position, end)) is not None:
                    found.append(corner)
                break
    return found


def _corner_at(claims: Claims, segment: int, position: int, end: int) -> Corner | None:
    first = position + 1
    while first < end and claims.key(first) in {".", "OF", "BETWEEN"}:
        first += 1
    words = [at for at in range(first, end) if claims.is_word(at)]
    if not words:
        return None
    divide = next((at for at in range(first + 1, end) if claims.key(at) in _ANDS and not _is_name(claims, at)), None)
    has_type = any(claims.key(at) in STREET_TYPES or claims.key(at) in PLURALS for at in words[1:])
    if claims.key(position) in {"CORNER", "COR", "INTERSECTION"} and divide is None and not has_type:
        return None  # "Corner Store"
    if claims.key(position) == "CORNER" and divide is None and position > segment and claims.is_number(position - 1):
        return None  # "12 Corner Inlet Road"
    start = position
    for words_before in (("ON", "THE"), ("AT", "THE"), ("THE",), ("ON",), ("AT",)):
        begin = position - len(words_before)
        if begin >= segment and tuple(claims.key(at) for at in range(begin, position)) == words_before:
            start = begin
            break
    return Corner(start, first, divide, _end(claims, divide or first, end))


def _is_name(claims: Claims, at: int) -> bool:
    return claims.key(at) == "/" and claims.is_glued(at) and claims.is_glued(at + 1) and len(claims.key(at + 1)) == 1


def _end(claims: Claims, start: int, end: int) -> int:
    """The position after the type of the last street, or the end of the stretch if it has no type."""
    words = [at for at in range(start, end) if claims.free(at) and claims.key(at) not in _ANDS]
    plural = next((at for at in words[1:] if claims.key(at) in PLURALS), None)
    if plural is not None:
        return plural + 1
    kinds = [kind for kind in kinds_in(claims, words) if kind.code]
    if not kinds:
        return next((at for at in range(start, end) if claims.owner[at]), end)
    last = next((kind for kind in kinds if kind.standing.name == "SURE"), kinds[-1])
    suffix = read_suffix(claims, last.end, end, place_known=True)
    return suffix[1] if suffix else last.end


def take_corner(claims: Claims, corner: Corner, others: list[Street]) -> bool:
    """Read the corner. True when it also gave the street, which is then read.

    `others` are the streets elsewhere in the text.
    """
    best = max((one.worth for one in others), default=(0, 0))
    is_street = (corner.divide is not None and best < (2, 0)) or (not others and corner.divide is not None)
    if not is_street:
        value, code = singular(claims.slice(corner.first, corner.end))
        claims.take("location", corner.start, corner.end, f"Cnr {value}")
        claims.values["shared_type"] = code
        return False
    assert corner.divide is not None
    value, code = singular(claims.slice(corner.divide + 1, corner.end))
    streets = streets_in(claims, corner.first, corner.divide, place_known=True)
    if streets:
        take_street(claims, streets[-1])
    else:
        claims.take("street_name", corner.first, corner.divide, name_of(claims, corner.first, corner.divide))
    claims.take("location", corner.start, corner.first, "")
    claims.take("location", corner.divide, corner.end, f"Cnr {value}")
    borrow_type(claims, code or STREET_TYPES.get(value.upper().rpartition(" ")[2].strip("."), ""), sure=bool(code))
    return True


def take_second_street(claims: Claims, street: Street, end: int) -> None:
    """`Smith St & Jones Rd`: the second street is the corner if it has no number."""
    position = street.end
    while position < end and claims.key(position) in {".", "&", "+", "/"}:
        position += 1
    joined = position > street.end and claims.key(position - 1) in {"&", "+", "/"}
    begin = position
    if claims.key(position) == "AND":
        joined, position = True, position + 1
    if not joined or not claims.is_word(position) or position >= end:
        return
    words = [at for at in range(position, end) if claims.is_word(at)]
    kinds = kinds_in(claims, words)
    if not kinds:
        return
    said = claims.slice(street.start, kinds[0].end)
    claims.take("location", begin, kinds[0].end, f"Cnr {claims.slice(position, kinds[0].end)}")
    claims.doubt_reading("location", said, "a corner of two streets")


def borrow_type(claims: Claims, code: str, *, sure: bool) -> None:
    """Give a street without a type the type of the other street of its corner."""
    name = claims.values.get("street_name", "").upper()
    if not code or claims.has("street_type") or name in TYPELESS or name.startswith("THE "):
        return
    claims.values["street_type"] = code
    claims.findings[:] = [one for one in claims.findings if one.field != "street_type"]
    if not sure:
        claims.doubt("street_type", f"The type {code} was taken from the other street of the corner.")
