"""What comes after a label: the number or letter, and a second one joined by a dash or `and`."""

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.numbers import Id, read_id
from lib.domain.addresses.words import CARDINALS, FLOORS, LOTS, NUMBER_LABELS, UNITS

LISTS = {"&", "+", "AND"}
RANGES = {"-", "TO"}


def read_named_id(claims: Claims, position: int, end: int, *, at_start: bool) -> Id | None:
    """A number, a single letter, or a number in words."""
    if (number := read_id(claims, position, end)) is not None:
        return number
    if (letter := read_letter(claims, position, end, at_start=at_start)) is not None:
        return letter
    if claims.is_word(position) and position < end and claims.key(position) in CARDINALS:
        return Id(position, position + 1, position + 1, CARDINALS[claims.key(position)], "", True)
    return None


def read_letter(claims: Claims, position: int, end: int, *, at_start: bool) -> Id | None:
    """A letter used as a number: `Flat B`. Before a word it is one only `at_start` of a piece."""
    if position >= end or not claims.is_word(position) or len(claims.tokens[position].text) != 1:
        return None
    if not claims.key(position).isascii():
        return None
    alone = position + 1 >= end or not claims.is_word(position + 1) or claims.key(position + 1) in LISTS
    labelled = claims.key(position + 1) in UNITS.keys() | FLOORS.keys() | LOTS
    if not (alone or labelled or at_start) or (claims.is_glued(position + 1) and claims.is_word(position + 1)):
        return None
    return Id(position, position + 1, position + 1, claims.key(position), "", False)


def is_short_label(claims: Claims, position: int, at_start: bool) -> bool:
    """`U`, `F` and `L` are labels if a number is joined to them, or if they begin a piece of the address."""
    if claims.is_number(position + 1) and claims.is_glued(position + 1):
        return not claims.is_glued(position)
    return (
        at_start and claims.key(position) != "F" and (claims.is_number(position + 1) or claims.key(position + 1) == ".")
    )


def behind_label(claims: Claims, position: int, end: int) -> int:
    """The position after what may be between a label and its number: `Unit No. 3`, `Unit #3`, `Apt. 3`."""
    while position < end and (claims.key(position) in {".", "#", "-"} or claims.key(position) in NUMBER_LABELS):
        position += 1
    return position


def take_label(claims: Claims, field: str, start: int, end: int) -> None:
    """Read the words of a label for the field whose value follows."""
    for position in range(start, end):
        if claims.is_word(position):
            claims.take(field, position, position + 1, "")


def second_id(claims: Claims, first: Id, end: int, *, several: bool) -> Id | None:
    """The number or letter joined to the first by a dash or `and`. `several`: the label is a plural."""
    sep = first.end
    if sep >= end or claims.key(sep) not in LISTS | RANGES:
        return None
    if (number := read_id(claims, sep + 1, end)) is not None:
        is_other = first.is_plain and not number.is_plain
        return None if is_other or (not several and divides(claims, sep, number.end, end)) else number
    if not first.is_plain and len(first.number) == 1:
        return read_letter(claims, sep + 1, end, at_start=True)
    return None


def divides(claims: Claims, sep: int, after: int, end: int) -> bool:
    """True for a dash with spaces before a house number: `Level 3 - 12-14 High St` is one floor."""
    if claims.key(sep) != "-" or claims.is_glued(sep) or claims.is_glued(sep + 1):
        return False
    while claims.key(after) in LISTS | RANGES and (following := read_id(claims, after + 1, end)) is not None:
        after = following.end
    return begins_street(claims, after, end)


def begins_street(claims: Claims, position: int, end: int) -> bool:
    """True when a name follows without a comma: `Level 2` is not a name, `Level Crossing Road` is."""
    if position >= end or not claims.is_word(position):
        return False
    is_label = claims.key(position) in UNITS.keys() | FLOORS.keys()
    return not (is_label and read_named_id(claims, behind_label(claims, position + 1, end), end, at_start=False))
