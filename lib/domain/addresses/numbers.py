"""Numbers of houses, flats, floors and lots: `12`, `12A`, `B103`, `4.02`, `3/12-14A`."""

from dataclasses import dataclass

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.words import LONE_LETTERS, NUMBER_LABELS

_JOINS = {"-", "&", "+", "AND", "TO"}
_FRACTIONS = {("1", "2"), ("1", "3"), ("2", "3"), ("1", "4"), ("3", "4")}


@dataclass(frozen=True, slots=True)
class Id:
    """A number as it is written: its tokens from `start` to `end`. The letter after it begins at `suffix`."""

    start: int
    end: int
    suffix: int
    number: str
    letter: str
    is_plain: bool
    """Only digits, without a letter before them or a point inside."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Numbers in a row before a name: `2 3/32`, `1-3/22`, `12 A`. `seps[n]` is before `ids[n]`."""

    start: int
    end: int
    ids: tuple[Id, ...]
    seps: tuple[str, ...]


def read_id(claims: Claims, position: int, end: int) -> Id | None:
    """The number that begins here, with letters glued to it, or None."""
    start = position
    if (
        position + 1 < end
        and claims.is_word(position)
        and len(claims.key(position)) <= 2
        and claims.key(position) not in NUMBER_LABELS
    ):
        position += 1
        if claims.key(position) == "." and claims.is_glued(position):
            position += 1
        if not claims.is_glued(position):
            return None
    if position >= end or not claims.is_number(position):
        return None
    has_prefix = position > start
    position += 1
    has_point = (
        position + 1 < end
        and claims.key(position) == "."
        and claims.is_glued(position)
        and claims.is_number(position + 1)
        and claims.is_glued(position + 1)
    )
    if has_point:
        position += 2
    suffix = position
    number = claims.slice(start, suffix).upper()
    if claims.key(position) == "-" and claims.is_glued(position) and _is_lone_letter(claims, position + 1, end):
        return Id(start, position + 2, position + 1, number, claims.key(position + 1), not has_prefix and not has_point)
    if position < end and claims.is_word(position) and claims.is_glued(position) and _is_suffix(claims, position, end):
        position += 1
    letter = claims.slice(suffix, position).upper()
    return Id(start, position, suffix, number, letter, not has_prefix and not has_point)


def _is_lone_letter(claims: Claims, position: int, end: int) -> bool:
    """The letter of `12-A`, joined to the dash and to nothing else."""
    glued = position < end and claims.is_word(position) and claims.is_glued(position)
    after = position + 1
    return glued and len(claims.key(position)) == 1 and not (claims.is_glued(after) and claims.key(after) not in "/,")


def _is_suffix(claims: Claims, position: int, end: int) -> bool:
    """One to three letters after a number: `12A`, `12AB`. Longer ones, and `3rd`, are words without their space."""
    text = claims.tokens[position].text
    if len(text) == 1:
        return True
    return len(text) <= 3 and text.isascii() and text.isupper() and position + 1 < end


def read_chain(claims: Claims, position: int, end: int) -> Chain | None:
    """All numbers in a row from here on."""
    start = position
    if claims.key(position) == "HOUSE" and not claims.is_word(position - 1):
        position += 1  # "House No 12 High St", and not "Wattle House 12 High St"
    while position < end and (claims.key(position) in {*NUMBER_LABELS, "AT", ".", "#"}):
        position += 1
    first = read_id(claims, position, end)
    if first is None:
        return None
    ids, seps = [_with_lone_letter(claims, first, end)], ["#" if claims.key(position - 1) == "#" else ""]
    while True:
        position = ids[-1].end
        between = position
        sep = " "
        if between < end and (claims.key(between) in _JOINS or claims.key(between) == "/"):
            sep = "/" if claims.key(between) == "/" else "-"
            between += 1
        while between < end and claims.key(between) in {".", "#"}:
            between += 1
        following = read_id(claims, between, end)
        if following is None:
            return Chain(start, behind_letters(claims, ids[-1], end), tuple(ids), tuple(seps))
        ids.append(_with_lone_letter(claims, following, end))
        seps.append(sep)


def behind_letters(claims: Claims, number: Id, end: int) -> int:
    """The position after the second letter of `12A-C`."""
    letter = number.end + 1
    is_range = bool(number.letter) and claims.key(number.end) in {"-", "&", "/"} and letter < end
    if is_range and claims.is_word(letter) and claims.is_glued(letter) and len(claims.key(letter)) == 1:
        return letter + 1
    return number.end


def _with_lone_letter(claims: Claims, number: Id, end: int) -> Id:
    """`12 A Beta Street`: the letter belongs to the number if a name and a type follow."""
    position = number.end
    if number.letter or position >= end or not claims.is_word(position) or len(claims.tokens[position].text) != 1:
        return number
    letter, following = claims.key(position), claims.key(position + 1)
    if not letter.isascii() or (claims.is_glued(position + 1) and following != "/"):
        return number
    if following != "/":
        if not (claims.is_word(position + 1) and claims.is_word(position + 2) and position + 2 < end):
            return number
        if LONE_LETTERS.get(following) == letter or letter in "OI":
            return number
    return Id(number.start, position + 1, position, number.number, letter, number.is_plain)


def take_id(claims: Claims, number: Id, prefix: str, second: str = "") -> None:
    """Read a number into `<prefix>_number` and `<prefix>_suffix`, with `second` added to both names."""
    claims.take(f"{prefix}_number{second}", number.start, number.suffix, number.number)
    if number.letter:
        claims.take(f"{prefix}_suffix{second}", number.suffix, number.end, number.letter)


def take_chain(claims: Claims, chain: Chain) -> None:
    """Read the numbers before a street: the last is the house, those before a slash are the unit."""
    ids, seps = list(chain.ids), list(chain.seps)
    if len(ids) > 2 and seps[-1] == "/" and seps[-2] == " " and (ids[-2].number, ids[-1].number) in _FRACTIONS:
        claims.leave(ids[-2].start, ids[-1].end)
        ids, seps = ids[:-2], seps[:-2]
    for position in range(chain.start, ids[0].start):
        if claims.is_word(position):
            claims.take("house_number", position, position + 1, "")
    # From the right: the house, then what a slash, a letter or a # marks as the unit.
    first = len(ids) - 1
    while first > 0 and seps[first] == "-" and ids[first].is_plain and ids[first - 1].is_plain:
        first -= 1
    house, rest = ids[first:], ids[:first]
    if not house[-1].is_plain:
        rest, house, first = ids, [], len(ids)
    if rest and (first == len(ids) or seps[first] == "/" or not rest[-1].is_plain or seps[len(rest) - 1] == "#"):
        rest = _take_unit(claims, rest, seps)
    for one in rest:
        claims.leave(one.start, one.end)
    _take_house(claims, house)


def _take_unit(claims: Claims, ids: list[Id], seps: list[str]) -> list[Id]:
    """Read the last of these as the unit, with one joined by a dash or `and`. Returns those before."""
    if claims.has("building_number"):
        return ids
    begin = len(ids) - 2 if len(ids) > 1 and seps[len(ids) - 1] == "-" else len(ids) - 1
    unit = ids[begin:]
    claims.values.setdefault("building_type", "UNIT")
    take_id(claims, unit[0], "building")
    if len(unit) > 1:
        _take_joins(claims, unit[0].end, unit[1].start, "building_number_2")
        take_id(claims, unit[1], "building", "_2")
    return ids[:begin]


def _take_house(claims: Claims, ids: list[Id]) -> None:
    if not ids or claims.has("house_number"):
        for one in ids:
            claims.leave(one.start, one.end)
        return
    take_id(claims, ids[0], "house")
    if ids[0].letter and ids[0].letter not in "ABCDFGH" and not claims.is_glued(ids[0].suffix):
        claims.doubt_reading("house_number", claims.slice(ids[0].start, ids[0].end), "a number and its letter")
    if len(ids) > 1:
        _take_joins(claims, ids[0].end, ids[1].start, "house_number_2")
        take_id(claims, ids[1], "house", "_2")
        _doubt_range(claims, ids[0], ids[1])
    for one in ids[2:]:
        claims.leave(one.start, one.end)
    # "12A-C": the register has no field for a range of letters.
    claims.leave(ids[-1].end, behind_letters(claims, ids[-1], len(claims)))


def _doubt_range(claims: Claims, first: Id, second: Id) -> None:
    low, high = int(first.number[:9]), int(second.number[:9])
    far = high - low > 200 or (high - low > 20 and (high - low) % 2)
    if high < low or far or (high == low and not second.letter):
        text = claims.slice(first.start, second.end)
        claims.doubt_reading("house_number", text, "a range of house numbers; it may be a unit and a house")


def _take_joins(claims: Claims, start: int, end: int, field: str) -> None:
    for position in range(start, end):
        if claims.is_word(position):
            claims.take(field, position, position + 1, "")
