"""An Australian address as people write it, split into the parts of the register's record. Pure text in, parts out.

What finds no part is never dropped silently: it is in `left_over`, for a person to look at.
"""

import re
from dataclasses import dataclass, replace

from lib.domain.address_patterns import (
    AND,
    BUILDING,
    CARE_OF,
    COMPANY,
    CORNER,
    FLOOR,
    GLUED,
    HOUSE,
    LONE_SUFFIX,
    LOT,
    POSTAL,
    SLASHED,
)
from lib.domain.address_words import (
    BARE_FLOORS,
    BUILDINGS,
    FLOORS,
    ORDINALS,
    PLURALS,
    STATES,
    STREET_TYPES,
    SUFFIXES,
    clean,
    speak,
    state_code,
)


@dataclass(frozen=True)
class Address:
    """The parts. A part the text does not have is empty. `postal` is a box or bag that was named."""

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


def split_address(*lines: str, locality: str = "", state: str = "", postcode: str = "") -> Address:
    """Split address lines into their parts; locality, state and postcode may be given apart or stand in the lines."""
    text = clean(", ".join(line for line in lines if line.strip()))
    shouting = text.isupper()
    given = Address(locality=clean(locality), state=state_code(state), postcode=clean(postcode))
    text, given = _take_place(text, given)
    postal = ""
    if found := POSTAL.search(text):
        postal = found[0].strip()
        text = clean(text[: found.start()] + ", " + text[found.end() :])
    address = _read_segments([part for part in (_trim(part) for part in text.split(",")) if part], given)
    if postal and not address.street_name:
        # It stands where the street would, so that it is seen and refused there.
        address = replace(address, street_name=postal)
    address = replace(address, postal=postal, postcode=_full_postcode(address.postcode, address.state))
    if shouting:
        names = ("property_name", "location", "street_name", "business_name", "left_over")
        address = replace(address, **{name: speak(getattr(address, name)) for name in names if name != "postal"})
    return replace(address, locality=speak(address.locality) if address.locality.isupper() else address.locality)


def _trim(text: str) -> str:
    return text.strip(" -/().\u2013")


def _full_postcode(postcode: str, state: str) -> str:
    # A spreadsheet takes the leading zero of the Northern Territory away.
    return f"0{postcode}" if state in {"NT", "ACT"} and re.fullmatch(r"\d{3}", postcode) else postcode


def _take_place(text: str, given: Address) -> tuple[str, Address]:
    """Take country, postcode, state and locality off the end of the lines, where they stand there."""
    text = re.sub(r"[\s,]+AUSTRALIA$", "", text, flags=re.IGNORECASE)
    words = "|".join([*STATES, *STATES.values()])
    found = re.search(
        rf"[\s,]+(?P<s>{words})[\s,]+(?P<p>\d{{4}})$|[\s,]+(?P<s2>{'|'.join(STATES)})$", text, re.IGNORECASE
    )
    if found:
        rest = text[: found.start()]
        given = replace(
            given,
            state=given.state or state_code(found["s"] or found["s2"]),
            postcode=given.postcode or found["p"] or "",
        )
        if not given.locality:
            rest, given = _take_locality(rest, given)
        text = rest
    if given.locality:
        text = re.sub(rf"[\s,]+{re.escape(given.locality)}$", "", text, flags=re.IGNORECASE)
    return text, given


def _take_locality(text: str, given: Address) -> tuple[str, Address]:
    head, comma, tail = text.rpartition(",")
    if comma and not re.search(r"\d", tail):
        return head, replace(given, locality=tail.strip())
    words = text.split()
    for position in range(len(words) - 2, 0, -1):
        if words[position].upper().strip(".,") in STREET_TYPES:
            return " ".join(words[: position + 1]), replace(given, locality=" ".join(words[position + 1 :]))
    return text, given


def _read_segments(segments: list[str], address: Address) -> Address:
    """Take flat, floor and lot off the front of each segment, then find the one that is the street."""
    rest: list[str] = []
    for segment in segments:
        if CARE_OF.match(segment):
            address = _leave(address, segment)
            continue
        remaining, address = _take_parts(segment, address)
        if remaining:
            rest.append(remaining)
    if not rest:
        return address
    # A house number may stand in a segment of its own: "12, High Street".
    if len(rest) > 1 and HOUSE.fullmatch(rest[-2]):
        rest[-2:] = [f"{rest[-2]} {rest[-1]}"]
    street = _street_segment(rest)
    for position, segment in enumerate(rest):
        if position == street:
            address = _read_street(segment, address)
        elif CORNER.match(segment):
            address = replace(address, location=f"Cnr {CORNER.sub('', segment, count=1)}")
        elif COMPANY.search(segment) and not address.business_name:
            address = replace(address, business_name=segment)
        elif not address.property_name and position < street:
            address = replace(address, property_name=segment)
        else:
            address = _leave(address, segment)
    return address


def _take_parts(segment: str, address: Address) -> tuple[str, Address]:
    while True:
        before = segment
        if (found := FLOOR.match(segment)) and not address.floor_type:
            address = _with_floor(found, address)
        elif (found := BUILDING.match(segment)) and not address.building_type:
            address, segment = _with_building(found, address, segment)
            continue
        elif found := GLUED.match(segment):
            kind = "building" if found["t"].upper() == "U" else "floor"
            values = {"type": "UNIT" if kind == "building" else "L", "number": found["n"], "suffix": found["s"] or ""}
            address = replace(address, **{f"{kind}_{name}": value for name, value in values.items()})
        elif (found := LOT.match(segment)) and not address.lot:
            address = replace(address, lot=found["n"].upper())
        elif (found := SLASHED.match(segment)) and not address.building_number:
            address = replace(
                address,
                building_type="UNIT",
                building_number=found["n"].upper(),
                building_suffix=(found["s"] or "").upper(),
            )
        if found is None:
            return before, address
        segment = _trim(segment[found.end() :])


def _in_capitals(word: str) -> str:
    """The word as the tables spell it: a pattern that ignores case takes a Turkish capital İ for an I."""
    return word.upper().replace("İ", "I")


def _with_floor(found: re.Match[str], address: Address) -> Address:
    if word := found["bare"] or found["alone"]:
        return replace(address, floor_type=BARE_FLOORS[_in_capitals(word)])
    if found["nth"]:
        return replace(address, floor_type="FL", floor_number=found["nth"])
    kind = FLOORS[_in_capitals(found["t"])]
    return replace(address, floor_type=kind, floor_number=found["n"], floor_suffix=(found["s"] or "").upper())


def _with_building(found: re.Match[str], address: Address, segment: str) -> tuple[Address, str]:
    address = replace(
        address,
        building_type=BUILDINGS[_in_capitals(found["t"])],
        building_number=found["n"].upper(),
        building_suffix=(found["s"] or "").upper(),
    )
    end = found.end()
    if found["n2"]:
        after = _trim(segment[end:])
        if after and not re.match(r"\d", after) and _ends_as_street(after):
            # "Unit 3-12 High Street": what looks like a range of units is the house number.
            return address, segment[found.start("n2") :]
        address = replace(address, building_number_2=found["n2"], building_suffix_2=(found["s2"] or "").upper())
    return address, _trim(segment[end:])


def _ends_as_street(text: str) -> bool:
    words = text.upper().replace(".", "").split()
    return any(word in STREET_TYPES for word in words[-2:])


def _street_segment(rest: list[str]) -> int:
    """Which segment is the street: one with a house number and a type, else a number, else a type, else the last."""
    numbered = [position for position, segment in enumerate(rest) if _numbered(segment)]
    typed = [position for position, segment in enumerate(rest) if _ends_as_street(segment) or CORNER.match(segment)]
    return ([one for one in numbered if one in typed] or numbered or typed or [len(rest) - 1])[0]


def _numbered(segment: str) -> bool:
    return HOUSE.match(segment) is not None or re.search(r"\s\d{1,5}[A-Za-z]?(?:-\d+)?\s", segment) is not None


def _read_street(segment: str, address: Address) -> Address:
    inside = re.fullmatch(r"(?P<name>\D+?)\s+(?P<street>(?:NO\.?\s*)?\d.*)", segment, re.IGNORECASE)
    if inside and not HOUSE.match(segment) and _ends_as_street(inside["street"]) and not CORNER.match(segment):
        # "Westfield Plaza 12 High Street": a name before the number, without a comma.
        name = _trim(inside["name"])
        taken = "business_name" if COMPANY.search(name) else "property_name"
        address = replace(address, **{taken: name})
        segment, address = _take_parts(inside["street"], address)
    if found := HOUSE.match(segment):
        address = replace(
            address,
            house_number=found["n1"],
            house_suffix=(found["s1"] or "").upper(),
            house_number_2=found["n2"] or "",
            house_suffix_2=(found["s2"] or "").upper(),
        )
        segment = segment[found.end() :]
        if not address.house_suffix and (lone := LONE_SUFFIX.match(segment)):
            address = replace(address, house_suffix=lone["s"].upper())
            segment = segment[lone.end() :]
    segment = _trim(segment)
    if note := re.search(r"\((?P<in>[^()]*)\)?$", segment):
        segment = _trim(segment[: note.start()])
        inner = _trim(note["in"])
        corner = CORNER.match(inner)
        address = replace(address, location=f"Cnr {inner[corner.end() :]}") if corner else _leave(address, inner)
    corner = CORNER.match(segment)
    streets = AND.split(segment[corner.end() :] if corner else segment)
    if len(streets) == 2 and (corner or _ends_as_street(streets[0])):
        return _read_corner(streets[0], streets[1], address)
    return _named(_trim(segment), address)


def _read_corner(first: str, second: str, address: Address) -> Address:
    plural = second.upper().rpartition(" ")[2]
    if plural in PLURALS:
        second = f"{second.rsplit(' ', 1)[0]} {PLURALS[plural].capitalize()}"
    address = replace(_named(first, address), location=f"Cnr {second}")
    if not address.street_type:
        borrowed = STREET_TYPES.get(second.upper().rpartition(" ")[2].strip("."), "")
        address = replace(address, street_type=borrowed)
    return address


def _named(text: str, address: Address) -> Address:
    """Name, type and suffix of a street. A name that would be empty without its type keeps it: "The Esplanade"."""
    words = text.split()
    kinds = [word.upper().strip(".") for word in words]
    suffix = ""
    if len(words) > 2 and kinds[-1] in SUFFIXES and kinds[-2] in STREET_TYPES:
        suffix = SUFFIXES[kinds[-1]]
        words, kinds = words[:-1], kinds[:-1]
    kind = ""
    if len(words) > 1 and kinds[-1] in STREET_TYPES and kinds[:-1] != ["THE"]:
        kind = STREET_TYPES[kinds[-1]]
        words = words[:-1]
    name = re.sub(r"\b(\d{1,2})(?:st|nd|rd|th)\b", _in_words, " ".join(words), flags=re.IGNORECASE)
    return replace(address, street_name=name, street_type=kind, street_suffix=suffix)


def _in_words(found: re.Match[str]) -> str:
    position = int(found[1])
    return ORDINALS[position - 1] if 1 <= position <= len(ORDINALS) else found[0]


def _leave(address: Address, text: str) -> Address:
    return replace(address, left_over=f"{address.left_over}; {text}" if address.left_over else text)
