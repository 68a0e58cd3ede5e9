"""Flats, floors and lots: `Unit 3`, `Shops 3 & 4`, `Level 2`, `Ground floor`, `Lots 3-4 DP 12345`."""

from lib.domain.address_claims import Claims
from lib.domain.address_numbers import Id, read_id, take_id
from lib.domain.address_post import follow
from lib.domain.address_tokens import is_break
from lib.domain.address_words import (
    BARE_FLOORS,
    CARDINALS,
    FLOOR_CODES,
    FLOOR_WORDS,
    FLOORS,
    LOTS,
    NAMED_FLOORS,
    NUMBER_LABELS,
    PLANS,
    PLURAL_LOTS,
    PLURAL_UNITS,
    UNITS,
    ordinal_of,
)

_LISTS = {"&", "+", "AND"}
_RANGES = {"-", "TO"}


def take_unit(claims: Claims, position: int, end: int, at_start: bool) -> int | None:
    """Read `Unit 3`, `Shop T52-55`, `Suite A & B`, `U3`, `F8`."""
    key = claims.key(position)
    if key not in UNITS or (len(key) == 1 and not _short_label(claims, position, at_start)):
        return None
    label_end = position + 1
    if key == "STRATA" and claims.key(label_end) in {"UNIT", "LOT"}:
        label_end += 1
    number = read_named_id(claims, _behind_label(claims, label_end, end), end, at_start=at_start)
    if number is None:
        return None
    if claims.has("building_number"):
        claims.leave(position, number.end)
        return number.end
    claims.take("building_type", position, label_end, UNITS[key])
    _take_label(claims, "building_number", label_end, number.start)
    take_id(claims, number, "building")
    second = _second(claims, number, end)
    if second is None:
        return number.end
    sep = claims.key(number.end)
    if sep in _RANGES and key not in PLURAL_UNITS and _begins_street(claims, second.end, end):
        # "Unit 3-12 High Street": what looks like a range is the number of the house.
        claims.doubt_reading("house_number", claims.slice(position, second.end), "a unit and a house number")
        return number.end
    if sep in _LISTS | _RANGES and claims.is_word(number.end):
        claims.take("building_number_2", number.end, number.end + 1, "")
    take_id(claims, second, "building", "_2")
    return second.end


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
    if key not in FLOORS or (len(key) == 1 and not _short_label(claims, position, at_start)):
        return None
    return _take_numbered_floor(claims, position, end, at_start)


def take_lot(claims: Claims, position: int, end: int, at_start: bool) -> int | None:
    """Read `Lot 7A`, `Lots 3-4`, `Lots 3, 4 & 5`, and the plan behind them: `DP 12345`."""
    key = claims.key(position)
    if key in PLANS and claims.has("lot"):
        number = read_id(claims, position + 1, end)
        if number is not None and len(number.number) > 2:
            claims.take("location", position, number.end)
            return number.end
    if key not in LOTS:
        return None
    begin = _behind_label(claims, position + 1, end)
    number = read_id(claims, begin, end) or _letter(claims, begin, end, at_start=at_start)
    if number is None:
        return None
    stop = _end_of_lots(claims, number, end, several=key in PLURAL_LOTS)
    if claims.has("lot"):
        claims.leave(position, stop)
        return stop
    claims.take("lot", position, begin, "")
    claims.take("lot", begin, stop, claims.slice(begin, stop).upper())
    if key not in PLURAL_LOTS and stop > number.end and claims.key(number.end) in _RANGES:
        claims.doubt_reading("location", claims.slice(position, stop), "several lots; it may be a lot and a house")
    after = stop
    while after < end and (claims.key(after) in {"ON", "OF", "PLAN", "IN"}):
        after += 1
    if after > stop and claims.key(after) in PLANS:
        claims.take("lot", stop, after, "")
        return after
    return stop


def read_named_id(claims: Claims, position: int, end: int, *, at_start: bool) -> Id | None:
    """A number, a letter of its own, or a number in words."""
    if (number := read_id(claims, position, end)) is not None:
        return number
    if (letter := _letter(claims, position, end, at_start=at_start)) is not None:
        return letter
    if claims.is_word(position) and position < end and claims.key(position) in CARDINALS:
        return Id(position, position + 1, position + 1, CARDINALS[claims.key(position)], "", True)
    return None


def _letter(claims: Claims, position: int, end: int, *, at_start: bool) -> Id | None:
    if position >= end or not claims.is_word(position) or len(claims.tokens[position].text) != 1:
        return None
    if not claims.key(position).isascii():
        return None
    alone = position + 1 >= end or not claims.is_word(position + 1) or claims.key(position + 1) in _LISTS
    labelled = claims.key(position + 1) in UNITS.keys() | FLOORS.keys() | LOTS
    if not (alone or labelled or at_start) or claims.is_glued(position + 1) and claims.is_word(position + 1):
        return None
    return Id(position, position + 1, position + 1, claims.key(position), "", False)


def _short_label(claims: Claims, position: int, at_start: bool) -> bool:
    """`U`, `F` and `L` are labels where a number is glued to them, or where they begin a piece of the address."""
    if claims.is_number(position + 1) and claims.is_glued(position + 1):
        return not claims.is_glued(position)
    return at_start and claims.key(position) != "F" and (claims.is_number(position + 1) or claims.key(position + 1) == ".")


def _behind_label(claims: Claims, position: int, end: int) -> int:
    while position < end and (claims.key(position) in {".", "#", "-"} or claims.key(position) in NUMBER_LABELS):
        position += 1
    return position


def _take_label(claims: Claims, field: str, start: int, end: int) -> None:
    for position in range(start, end):
        if claims.is_word(position):
            claims.take(field, position, position + 1, "")


def _second(claims: Claims, first: Id, end: int) -> Id | None:
    """The number or letter that a dash or an `and` joins to the first one."""
    sep = first.end
    if sep >= end or claims.key(sep) not in _LISTS | _RANGES:
        return None
    if (number := read_id(claims, sep + 1, end)) is not None:
        return number
    if not first.is_plain and len(first.number) == 1:
        return _letter(claims, sep + 1, end, at_start=True)
    return None


def _begins_street(claims: Claims, position: int, end: int) -> bool:
    return position < end and claims.is_word(position) and claims.key(position) not in UNITS and (
        claims.key(position) not in FLOORS
    )


def _end_of_bare_floor(claims: Claims, after: int, end: int, code: str, at_start: bool) -> int | None:
    while after < end and claims.key(after) == ".":
        after += 1
    if after < end and claims.key(after) in FLOOR_WORDS and not claims.is_number(after + 1):
        return after + 1
    alone = after >= end or claims.is_number(after) or claims.key(after) == "/"
    if at_start and alone and (code in NAMED_FLOORS or after >= end or claims.is_number(after)):
        # "Basement 2" has a number of its own, "Ground 12 High St" the house's.
        return None if code in {"B"} and claims.is_number(after) and not _house_follows(claims, after, end) else after
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
    begin = _behind_label(claims, position + 1, end)
    word = claims.key(begin)
    if key in FLOOR_WORDS | {"LEVELS", "LV", "LEVL"} and word in FLOOR_CODES and claims.is_word(begin) and begin < end:
        # "Level G", "Level B1": the letter is the kind of floor.
        glued = claims.is_number(begin + 1) and claims.is_glued(begin + 1)
        stop = begin + 2 if glued else begin + 1
        if claims.has("floor_type"):
            claims.leave(position, stop)
            return stop
        claims.take("floor_type", position, begin, "")
        claims.take("floor_type", begin, begin + 1, word)
        if glued:
            claims.take("floor_number", begin + 1, begin + 2)
        return stop
    number = read_named_id(claims, begin, end, at_start=at_start)
    if number is None:
        return None
    if claims.has("floor_type"):
        claims.leave(position, number.end)
        return number.end
    claims.take("floor_type", position, position + 1, FLOORS[key])
    _take_label(claims, "floor_number", position + 1, number.start)
    take_id(claims, number, "floor")
    if key == "FL":
        claims.doubt_reading("floor_type", claims.slice(position, number.end), "a floor; it may be a flat")
    second = _second(claims, number, end)
    if second is None:
        return number.end
    if claims.key(number.end) in _RANGES and _begins_street(claims, second.end, end):
        claims.doubt_reading("house_number", claims.slice(position, second.end), "a floor and a house number")
        return number.end
    # The register has one floor for a record.
    claims.leave(number.end, second.end)
    return second.end


def _end_of_lots(claims: Claims, first: Id, end: int, *, several: bool) -> int:
    """Behind the last of the lots; only `Lots` go on behind a comma or a slash."""
    stop = first.end
    joins = _LISTS | _RANGES | ({"/", ","} if several else set())
    limit = len(claims) if several else end
    while stop < limit and claims.key(stop) in joins:
        following = read_id(claims, stop + 1, limit)
        if following is None and claims.key(stop + 1) in _LISTS:
            following = read_id(claims, stop + 2, limit)
        if following is None:
            break
        if claims.key(stop) == "," and not (
            claims.key(following.end) in joins or following.end >= limit or is_break(claims.tokens[following.end])
        ):
            break
        stop = following.end
    return stop
