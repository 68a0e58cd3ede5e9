"""Splits an Australian address as people write it into the parts of the register's record.

First suburb, state and postcode are read from the end, then what has a label (unit, floor, lot, box, corner), then the
street, then names. Each token is read once (`lib.domain.addresses.claims`), so it is in one part or in `left_over`.
What is left over, guessed or contradicts a field has a finding.
"""

from dataclasses import dataclass

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.names import take_names
from lib.domain.addresses.place import Place, place_of, take_places
from lib.domain.addresses.post import take_care_of, take_post
from lib.domain.addresses.premises.floors import take_floor
from lib.domain.addresses.premises.lots import take_lot
from lib.domain.addresses.premises.spots import Rule, take_nearby, take_rear, take_spot
from lib.domain.addresses.premises.units import take_unit
from lib.domain.addresses.street.choice import choose_street
from lib.domain.addresses.tokens import tidy, tokens_of
from lib.domain.addresses.words import PLANS, speak
from lib.domain.findings import Finding, quoted, warning

LONGEST = 600
"""At most this many characters are read. Zuora has two lines of 255. A longer text is left over as a whole."""
_RULES: tuple[Rule, ...] = (take_care_of, take_post, take_lot, take_unit, take_floor, take_rear, take_spot, take_nearby)


class _Notes:
    """What comes with the parts and is not one: `vars`, `==` and `replace` of an address use only the parts."""

    __slots__ = ("findings", "reading")

    findings: tuple[Finding, ...]
    reading: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Address(_Notes):
    """The parts. A part that the text does not have is empty.

    `postal` is a box or bag, `left_over` what has no part, separated by semicolons. `findings` says what was left over,
    guessed or contradicts a field. `reading` has each token of the lines with its part, from left to right.
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
        self._attach((), ())

    def _attach(self, findings: tuple[Finding, ...], reading: tuple[tuple[str, str], ...]) -> None:
        object.__setattr__(self, "findings", findings)
        object.__setattr__(self, "reading", reading)


def split_address(*lines: str, locality: str = "", state: str = "", postcode: str = "") -> Address:
    """Split address lines into their parts. Locality, state and postcode may be given, or be in the lines."""
    text, was_replaced = tidy("\n".join(lines))
    given, findings = place_of(locality[:LONGEST], state[:LONGEST], postcode[:LONGEST])
    if len(text) > LONGEST:
        return _unread(text, given)
    claims = Claims(text, tokens_of(text))
    claims.findings += findings
    place = take_places(claims, given)
    _take_labelled(claims)
    street = choose_street(claims, place_known=bool(place.locality))
    take_names(claims, street, place.locality)
    left_over = claims.left_over()
    if left_over:
        claims.doubt("street_name", f"{quoted(left_over)} of the address in Zuora has no field here.")
    if claims.has("postal"):
        claims.doubt(
            "street_name", f"{quoted(claims.values['postal'])} is a postal address, not a place where people are."
        )
    if was_replaced:
        claims.doubt("street_name", "The address in Zuora has invisible or unusual characters, which were replaced.")
    return _address(claims, place, left_over)


def _unread(text: str, given: Place) -> Address:
    flat = text.replace("\n", ", ")
    address = Address(locality=given.locality, state=given.state, postcode=given.postcode, left_over=flat)
    why = f"The address in Zuora has {len(text)} characters, more than {LONGEST}, so it was not read."
    address._attach((warning("street_name", why),), tuple((word, "left_over") for word in text.split()))
    return address


def _take_labelled(claims: Claims) -> None:
    """Everything with a label: unit, floor, lot, box, rear, near."""
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
    address._attach(tuple(claims.findings), reading)
    return address


def _softened(piece: str) -> str:
    return piece if piece.split(" ", 1)[0] in PLANS else speak(piece.upper())
