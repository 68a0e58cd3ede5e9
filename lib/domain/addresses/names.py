"""Names without a label: of the premises, of a business, of the suburb. Anything else is left over."""

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.premises.spots import COMPLEX
from lib.domain.addresses.street.street_types import SUFFIXES, TYPES, Standing
from lib.domain.addresses.words import (
    CARDINALS,
    COMPANY,
    COMPLEXES,
    CONNECTORS,
    FLOOR_WORDS,
    FLOORS,
    LOTS,
    NEARBY,
    PREMISES,
    PREMISES_BEHIND,
    SPOTS,
    STATES,
    UNITS,
)
from lib.domain.findings import quoted

_NO_NAMES = {
    *UNITS, *FLOORS, *FLOOR_WORDS, *LOTS, *SPOTS, *COMPLEXES, *CONNECTORS, *(words[0] for words in NEARBY), *CARDINALS,
    *SUFFIXES, "REAR", "GROUND",
}  # fmt: skip
"""Words that are not a name on their own."""


def take_names(claims: Claims, street: int, suburb_field: str) -> None:
    """Read what is left. `street` is where the street begins: names are before it, the suburb after it.

    `suburb_field` is the suburb from its own field, or empty.
    """
    runs = list(claims.runs())
    behind = [run for run in runs if street >= 0 and run[0] > street and _is_words(claims, *run)]
    suburb = None if suburb_field or claims.has("locality") or not behind else behind[-1]
    for start, end in runs:
        if (start, end) == suburb:
            _take_suburb(claims, start, end)
        elif _is_company(claims, start, end) and not claims.has("business_name"):
            claims.take("business_name", start, end)
        elif (street < 0 or start < street) and not claims.has("property_name"):
            _take_property(claims, start, end)
        else:
            if suburb_field and (start, end) in behind and _precedes_state(claims, end):
                said = claims.slice(start, end)
                claims.doubt(
                    "locality", f"The address lines say {quoted(said)}, the suburb field says {quoted(suburb_field)}."
                )
            claims.leave(start, end)
    _place_complex(claims)


def _precedes_state(claims: Claims, position: int) -> bool:
    while position < len(claims) and claims.tokens[position].kind == "mark":
        position += 1
    if position == len(claims):
        return False
    return claims.owner[position] in {"state", "postcode"} or claims.key(position) in STATES


def _take_suburb(claims: Claims, start: int, end: int) -> None:
    claims.take("locality", start, end)
    is_behind_comma = start in {low for low, _ in claims.segments}
    if not is_behind_comma or not (claims.has("state") or claims.has("postcode")):
        claims.doubt_reading("locality", claims.slice(start, end), "the suburb")


def _take_property(claims: Claims, start: int, end: int) -> None:
    """A name of the premises: words, or words with a number after them between two commas."""
    words = [at for at in range(start, end) if claims.is_word(at)]
    numbers = [at for at in range(start, end) if claims.is_number(at)]
    named = [at for at in words if claims.key(at) not in _NO_NAMES and len(claims.key(at)) > 1]
    is_piece = (start, end) in claims.segments or start in {low for low, _ in claims.segments}
    if not named or any(claims.tokens[at].kind == "other" for at in range(start, end)):
        claims.leave(start, end)
        return
    if numbers and not (is_piece and len(numbers) == 1 and numbers[0] == end - 1):
        claims.leave(start, end)
        return
    claims.take("property_name", start, end)
    keys = [claims.key(at) for at in words]
    is_street = (keys[-1],) in TYPES and TYPES[keys[-1],][1] is Standing.SURE
    if (
        numbers
        or is_street
        or len(words) == 1
        or not (PREMISES.intersection(keys) or PREMISES_BEHIND.intersection(keys[1:]))
    ):
        claims.doubt_reading("property_name", claims.slice(start, end), "the name of the property")


def _place_complex(claims: Claims) -> None:
    """One of several buildings is the name of the property, or the location if the property has a name."""
    value = claims.values.pop(COMPLEX, "")
    if not value:
        return
    field = "location" if claims.has("property_name") else "property_name"
    if not claims.has("house_number"):
        claims.doubt_reading(field, value, "one of several buildings")
    claims.values[field] = ", ".join(text for text in (claims.values.get(field, ""), value) if text)
    claims.owner[:] = [field if owner == COMPLEX else owner for owner in claims.owner]


def _is_words(claims: Claims, start: int, end: int) -> bool:
    free = [at for at in range(start, end) if claims.free(at)]
    return all(claims.tokens[at].kind == "word" for at in free) and claims.key(free[0]) not in (
        _NO_NAMES - SUFFIXES.keys()
    )


def _is_company(claims: Claims, start: int, end: int) -> bool:
    keys = [claims.key(at) for at in range(start, end)]
    spelled = "".join(keys)
    return not COMPANY.isdisjoint(keys) or (
        "T/A" in spelled and ("T", "/", "A") in zip(keys, keys[1:], keys[2:], strict=False)
    )
