"""Floors: `Level 3`, `L3`, `Level G`, `1st floor`, `Ground floor`, `Basement`."""

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.numbers import take_id
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
from lib.domain.addresses.words import BARE_FLOORS, FLOOR_CODES, FLOOR_WORDS, FLOORS, NAMED_FLOORS, ordinal_of


def take_floor(claims: Claims, position: int, end: int, at_start: bool) -> int | None:
    """Read `Level 3`, `L3`, `Level G`, `1st floor`, `First floor`, `Ground floor`, `Basement`."""
    for words, code in BARE_FLOORS.items():
        after = follow(claims, position, end, words)
        if after is not None and (stop := _end_of_bare_floor(claims, after, end, code, at_start)) is not None:
            return _take_floor(claims, position, stop, code)
    key = claims.key(position)
    ordinal = ordinal_of(key)
    if ordinal is not None and claims.key(position + 1) in FLOOR_WORDS and position + 1 < end:
        kind = "L" if claims.key(position + 1).startswith("L") else "FL"
        if claims.has("floor_type"):
            claims.leave(position, position + 2)
        else:
            claims.take("floor_number", position, position + 1, str(ordinal))
            claims.take("floor_type", position + 1, position + 2, kind)
        return position + 2
    if key not in FLOORS or (len(key) == 1 and not is_short_label(claims, position, at_start)):
        return None
    return _take_numbered_floor(claims, position, end, at_start)


def _end_of_bare_floor(claims: Claims, after: int, end: int, code: str, at_start: bool) -> int | None:
    while after < end and claims.key(after) == ".":
        after += 1
    if after < end and claims.key(after) in FLOOR_WORDS:
        # "Basement Level 1" has a number of its own.
        return None if code == "B" and claims.is_number(after + 1) and after + 1 < end else after + 1
    alone = after >= end or claims.is_number(after) or claims.key(after) == "/"
    if at_start and alone and (code in NAMED_FLOORS or after >= end or claims.is_number(after)):
        # "Basement 2" has a number of its own. "Ground 12 High St" has a house number.
        return None if code == "B" and claims.is_number(after) and not _house_follows(claims, after, end) else after
    return None


def _house_follows(claims: Claims, position: int, end: int) -> bool:
    return position + 1 < end and claims.is_word(position + 1) and not claims.is_glued(position + 1)


def _take_floor(claims: Claims, start: int, end: int, code: str) -> int:
    if claims.has("floor_type"):
        claims.leave(start, end)
    else:
        claims.take("floor_type", start, end, code)
    return end


def _take_numbered_floor(claims: Claims, position: int, end: int, at_start: bool) -> int | None:
    key = claims.key(position)
    begin = behind_label(claims, position + 1, end)
    if FLOORS[key] == "B" and claims.key(begin) in FLOOR_WORDS and begin < end:
        begin = behind_label(claims, begin + 1, end)
    if len(key) > 1 and begin < end and claims.is_word(begin) and claims.key(begin) in FLOOR_CODES:
        return _take_lettered_floor(claims, position, begin)
    number = read_named_id(claims, begin, end, at_start=at_start)
    if number is None:
        return None
    if claims.has("floor_type"):
        claims.leave(position, number.end)
        return number.end
    claims.take("floor_type", position, position + 1, FLOORS[key])
    take_label(claims, "floor_number", position + 1, number.start)
    take_id(claims, number, "floor")
    if key == "FL":
        claims.doubt_reading("floor_type", claims.slice(position, number.end), "a floor; it may be a flat")
    second = second_id(claims, number, end, several=key == "LEVELS")
    if second is None:
        return number.end
    if claims.key(number.end) in RANGES and begins_street(claims, second.end, end):
        claims.doubt_reading("house_number", claims.slice(position, second.end), "a floor and a house number")
        return number.end
    # The register has one floor in a record.
    claims.leave(number.end, second.end)
    return second.end


def _take_lettered_floor(claims: Claims, position: int, letter: int) -> int:
    """`Level G`, `Level B1`: the letter is the kind of floor."""
    has_number = claims.is_number(letter + 1) and claims.is_glued(letter + 1)
    stop = letter + 2 if has_number else letter + 1
    if claims.has("floor_type"):
        claims.leave(position, stop)
        return stop
    claims.take("floor_type", position, letter, "")
    claims.take("floor_type", letter, letter + 1, claims.key(letter))
    if has_number:
        claims.take("floor_number", letter + 1, stop)
    return stop
