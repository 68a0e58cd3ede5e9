"""Places on or near the premises: `Gate 3`, `Tower B`, `Rear of`, `opposite the school`, `via Gympie`."""

from collections.abc import Callable

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.post import follow
from lib.domain.addresses.premises.labels import read_named_id
from lib.domain.addresses.street.street_types import STREET_TYPES, SUFFIXES
from lib.domain.addresses.words import COMPLEXES, NEARBY, SPOTS

COMPLEX = "complex"
"""One of several buildings: the property's name, or the location if the property has a name."""


def take_spot(claims: Claims, position: int, end: int, at_start: bool) -> int | None:
    """Read `Gate 3` as location, `Tower B` as one of several buildings."""
    key = claims.key(position)
    if key not in SPOTS and key not in COMPLEXES:
        return None
    number = read_named_id(claims, position + 1, end, at_start=at_start)
    if number is None or (not at_start and position and claims.is_number(position - 1)):
        return None
    if key in SPOTS:
        claims.take("location", position, number.end)
    elif claims.has(COMPLEX):
        claims.leave(position, number.end)
    else:
        claims.take(COMPLEX, position, number.end)
    return number.end


def take_rear(claims: Claims, position: int, end: int, at_start: bool) -> int | None:
    """Read `Rear of 12 High St`, `12 High St rear`, `At rear`."""
    begin = position
    for words in (("AT", "THE"), ("AT",), ("THE",)):
        if (after := follow(claims, position, end, words)) is not None and claims.key(after) == "REAR":
            position = after
            break
    if claims.key(position) != "REAR" or not claims.is_word(position) or position >= end:
        return None
    after = position + 1
    if claims.key(after) == "OF" and after < end:
        after += 1
    named = [at for at in range(after, end) if claims.is_word(at)]
    between = claims.is_number(begin - 1) and len(named) > 1  # "12 Rear Wattle St", and not "12 Rear St"
    numbered = between or (after < end and (claims.is_number(after) or claims.key(after) in {"/", "-", "NO", "#"}))
    closes = after >= end and (at_start or _behind_street(claims, begin))
    if not (numbered or closes or (after < end and claims.owner[after])):
        return None
    claims.take("location", begin, after, claims.slice(position, position + 1))
    return after


def take_nearby(claims: Claims, position: int, end: int, at_start: bool) -> int | None:
    """Read `near the silo`, `via Gympie` up to the next break, or to a number that a street follows."""
    if not (at_start or _behind_street(claims, position)):
        return None
    for words in NEARBY:
        after = follow(claims, position, end, words)
        if after is None or after >= end or not _any_word(claims, after, end):
            continue
        stop = after
        while stop < end and (claims.free(stop) or claims.tokens[stop].kind == "mark"):
            if at_start and stop > after and claims.is_number(stop) and _any_type(claims, stop, end):
                break
            stop += 1
        claims.take("location", position, stop)
        return stop
    return None


def _any_word(claims: Claims, start: int, end: int) -> bool:
    return any(claims.is_word(position) for position in range(start, end))


def _any_type(claims: Claims, start: int, end: int) -> bool:
    return any(claims.key(position) in STREET_TYPES for position in range(start + 2, end))


def _behind_street(claims: Claims, position: int) -> bool:
    """True when the word before is a type or a suffix, so the street has ended."""
    before = position - 1
    while before >= 0 and claims.tokens[before].kind == "mark":
        before -= 1
    key = claims.key(before)
    if before < 0 or claims.tokens[before].kind != "word":
        return False
    return (key in STREET_TYPES and not claims.is_number(before - 1)) or key in SUFFIXES


Rule = Callable[[Claims, int, int, bool], int | None]
