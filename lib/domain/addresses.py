"""An Australian address as people write it, split into the parts of the register's record. Pure text in, parts out.

The text is read from left to right: suburb, state and postcode off the end, then what has a label (unit, floor, lot,
box, corner), then the street among the rest, then names. A token is read once (`lib.domain.address_claims`): each
stands in one part or in `left_over`. What is left over, guessed or contradicts a field has a finding.
"""

from dataclasses import dataclass, replace

from lib.domain.address_claims import Claims
from lib.domain.address_corner import borrow_type, corners_in, take_corner, take_second_street
from lib.domain.address_floors import take_floor
from lib.domain.address_lots import take_lot
from lib.domain.address_names import take_names
from lib.domain.address_numbers import read_chain
from lib.domain.address_place import Place, place_of, take_places
from lib.domain.address_post import take_care_of, take_post
from lib.domain.address_spots import Rule, take_nearby, take_rear, take_spot
from lib.domain.address_street import Street, streets_in, take_street
from lib.domain.address_tokens import tidy, tokens_of
from lib.domain.address_units import take_unit
from lib.domain.address_words import PLANS, speak
from lib.domain.findings import Finding, quoted, warning
from lib.domain.street_types import Standing

LONGEST = 600
"""Characters of an address that are read; Zuora has two lines of 255. A longer text is left over as a whole."""
_RULES: tuple[Rule, ...] = (take_care_of, take_post, take_lot, take_unit, take_floor, take_rear, take_spot, take_nearby)


class _Told:
    """What rides along with the parts and is no part: `vars`, `==` and `replace` of an address know the parts alone."""

    __slots__ = ("findings", "reading")

    findings: tuple[Finding, ...]
    reading: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Address(_Told):
    """The parts. A part the text does not have is empty.

    `postal` is a box or bag that was named, `left_over` what has no part, its pieces divided by semicolons.
    `findings` says what was left over, guessed or contradicts a field; `reading` has each token of the lines with the
    part it was read for, from left to right.
    """

    building_type: str = ""
    building_number: str = ""
    building_suffix: str = ""
    building_number_2: str = ""
    building_suffix_2: str = ""
    floor_type: str = ""
    floor_number: str = ""
    floor_suffix: str = ""
    lot: str = ""
    property_name: str = ""
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
    business_name: str = ""
    postal: str = ""
    left_over: str = ""

    def __post_init__(self) -> None:
        self._tell((), ())

    def _tell(self, findings: tuple[Finding, ...], reading: tuple[tuple[str, str], ...]) -> None:
        object.__setattr__(self, "findings", findings)
        object.__setattr__(self, "reading", reading)


def split_address(*lines: str, locality: str = "", state: str = "", postcode: str = "") -> Address:
    """Split address lines into their parts; locality, state and postcode may be given apart or stand in the lines."""
    text, was_replaced = tidy("\n".join(lines))
    given, findings = place_of(locality[:LONGEST], state[:LONGEST], postcode[:LONGEST])
    if len(text) > LONGEST:
        return _unread(text, given)
    claims = Claims(text, tokens_of(text))
    claims.findings += findings
    place = take_places(claims, given)
    _take_labelled(claims)
    street = _take_streets(claims, place_known=bool(place.locality))
    take_names(claims, street, place.locality)
    left_over = claims.left_over()
    if left_over:
        claims.doubt("street_name", f"{quoted(left_over)} of the address in Zuora has no field here.")
    if claims.has("postal"):
        claims.doubt("street_name", f"{quoted(claims.values['postal'])} is no place where people are.")
    if was_replaced:
        claims.doubt("street_name", "The address in Zuora has invisible or unusual characters; they were replaced.")
    return _address(claims, place, left_over)


def _unread(text: str, given: Place) -> Address:
    flat = text.replace("\n", ", ")
    address = Address(locality=given.locality, state=given.state, postcode=given.postcode, left_over=flat)
    told = f"The address in Zuora has {len(text)} characters; at most {LONGEST} are read. Nothing of it was."
    address._tell((warning("street_name", told),), tuple((word, "left_over") for word in text.split()))
    return address


def _take_labelled(claims: Claims) -> None:
    """Everything that says itself what it is: unit, floor, lot, box, rear, near."""
    for start, end in claims.segments:
        position, at_start = start, True
        while position < end:
            if not claims.free(position):
                position += 1
                continue
            taken = None
            if claims.tokens[position].kind == "word":
                taken = next(
                    (after for rule in _RULES if (after := rule(claims, position, end, at_start)) is not None), None
                )
            if taken is None:
                at_start = False
            position = position + 1 if taken is None else max(taken, position + 1)


def _take_streets(claims: Claims, *, place_known: bool) -> int:
    """Read the street, at a corner or on its own. Returns the position where it begins, or -1 without a street."""
    corners = corners_in(claims)
    for corner in corners:
        others = _streets(claims, [(one.start, one.end) for one in corners], place_known=place_known)
        if claims.has("street_name"):
            others = [*others, *others]
        if take_corner(claims, corner, others):
            return corner.start
    streets = _streets(claims, [], place_known=place_known)
    if not streets:
        claims.values.pop("shared_type", "")
        return -1
    numbered = [one for one in streets if one.chain is not None]
    best = max(streets, key=lambda one: one.worth)
    same = [one for one in streets if one.worth == best.worth]
    street = same[0] if numbered else same[-1]
    end = next((end for start, end in claims.runs() if start <= street.start < end), street.end)
    take_street(claims, street)
    if street.chain is None and street.kind is not None and street.kind.standing is not Standing.SURE:
        claims.doubt_reading("street_name", claims.slice(street.start, street.end), "the street, not as the property")
    take_second_street(claims, street, end)
    borrow_type(claims, claims.values.pop("shared_type", ""), sure=True)
    return street.chain.start if street.chain else street.start


def _streets(claims: Claims, without: list[tuple[int, int]], *, place_known: bool) -> list[Street]:
    found: list[Street] = []
    before: tuple[int, int] | None = None
    for start, end in _outside(claims, without):
        here = streets_in(claims, start, end, place_known=place_known)
        if here and here[0].chain is None and here[0].start == start and before is not None:
            # "12, High Street": the number is a piece of its own.
            chain = read_chain(claims, *before)
            if chain is not None and chain.end == before[1]:
                here[0] = replace(here[0], chain=chain)
        found += here
        before = (start, end)
    return found


def _outside(claims: Claims, without: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The free stretches, without these."""
    found = []
    for start, end in claims.runs():
        position = start
        for low, high in without:
            if position <= low < end:
                if low > position:
                    found.append((position, low))
                position = high
        if position < end:
            found.append((position, end))
    return found


def _address(claims: Claims, place: Place, left_over: str) -> Address:
    values = {name: claims.values.get(name, "") for name in Address.__dataclass_fields__}
    values |= {
        "locality": place.locality or values["locality"],
        "state": place.state or values["state"],
        "postcode": place.postcode or values["postcode"],
        "left_over": left_over,
    }
    if claims.text.isupper():
        for name in ("property_name", "business_name", "left_over"):
            values[name] = speak(values[name])
        values["location"] = ", ".join(_softened(piece) for piece in values["location"].split(", "))
    address = Address(**(values | {"locality": speak(values["locality"])}))
    owners = zip(claims.tokens, claims.owner, strict=True)
    reading = tuple((token.text, owner or "left_over") for token, owner in owners if token.kind != "mark")
    address._tell(tuple(claims.findings), reading)
    return address


def _softened(piece: str) -> str:
    return piece if piece.split(" ", 1)[0] in PLANS else speak(piece.upper())
