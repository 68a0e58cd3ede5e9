"""Boxes, bags and "care of": addresses for letters, where nobody can be found in an emergency."""

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.numbers import read_id
from lib.domain.addresses.tokens import is_break, tidy, tokens_of

_WITH_OR_WITHOUT_NUMBER = (
    ("GPO", "BOX"), ("G", "P", "O", "BOX"), ("PO", "BOX"), ("P", "O", "BOX"), ("POBOX",), ("GPOBOX",),
    ("POST", "OFFICE", "BOX"), ("POST", "BOX"), ("POSTAL", "BOX"), ("LOCKED", "BAG"), ("LOCKED", "MAIL", "BAG"),
    ("PRIVATE", "BAG"), ("PRIVATE", "MAIL", "BAG"), ("PRIVATE", "BOX"), ("MAIL", "BAG"), ("COMMUNITY", "MAIL", "BAG"),
    ("ROADSIDE", "DELIVERY"), ("ROADSIDE", "MAIL", "BOX"), ("ROADSIDE", "MAIL", "BAG"), ("RURAL", "MAIL", "BOX"),
    ("MAIL", "SERVICE"), ("PARCEL", "LOCKER"), ("PARCEL", "COLLECT"), ("REPLY", "PAID"), ("POSTE", "RESTANTE"),
    ("CARE", "PO"), ("CARE", "OF", "PO"), ("CARE", "OF", "POST", "OFFICE"),
)  # fmt: skip
_WITH_NUMBER = (("CMB",), ("PMB",), ("LMB",), ("RMB",), ("RSD",), ("RMS",), ("RMD",), ("CMA",), ("CPA",), ("POB",))
_ALONE_WITH_NUMBER = (("BOX",), ("BAG",), ("MS",))
"""Too short to count in the middle of a line."""
_CARE_OF = (
    ("C", "/", "-"), ("C", "/", "O"), ("C", "-"), ("C", "/"), ("CARE", "OF"), ("CARE",), ("CO", "/", "-"), ("CO", "-"),
)  # fmt: skip
_MOST = 300
"""How many characters of a value are searched. The register takes fewer."""
_ATTENTION = {"ATTN", "ATT", "ATTENTION"}


def follow(claims: Claims, position: int, end: int, words: tuple[str, ...]) -> int | None:
    """The position after the words, if they are here. Full stops between them do not matter."""
    for word in words:
        while position < end and claims.key(position) == "." and word != ".":
            position += 1
        if position >= end or claims.key(position) != word or claims.owner[position]:
            return None
        position += 1
    return position


def take_post(claims: Claims, position: int, end: int, at_start: bool) -> int | None:
    """Read `PO Box 12`, `Locked Bag 4`, `RMB 1234`. A second one is left over."""
    for words in _WITH_OR_WITHOUT_NUMBER:
        if (after := follow(claims, position, end, words)) is not None:
            return _taken(claims, position, end, after)
    for words in (*_WITH_NUMBER, *(_ALONE_WITH_NUMBER if at_start else ())):
        after = follow(claims, position, end, words)
        if after is not None and (number := read_id(claims, _label_end(claims, after, end), end)) is not None:
            return _taken(claims, position, end, number.start)
    return None


def take_care_of(claims: Claims, position: int, end: int, at_start: bool) -> int | None:
    """Leave over `C/- Ada Lane` and `Attn: Accounts`, up to the next break or house number."""
    if claims.key(position) in _ATTENTION and at_start:
        after = position + 1
        if after == end and claims.key(after) == ":":
            return _leave_next_segment(claims, position, end)
    else:
        followed = (follow(claims, position, end, words) for words in _CARE_OF)
        after = next((one for one in followed if one is not None), 0)
        if not after or not at_start or (claims.key(position) == "CARE" and not claims.is_word(after)):
            return None
    stop = after
    while stop < end and not (claims.tokens[stop].kind == "number" and _goes_on(claims, stop, end)):
        stop += 1
    claims.leave(position, stop)
    return stop


def names_a_box(text: str) -> bool:
    """True when the text names a box or a bag for letters."""
    tidied = tidy(text[:_MOST])[0]
    claims = Claims(tidied, tokens_of(tidied))
    return any(
        take_post(claims, position, end, position == start) is not None
        for start, end in claims.segments
        for position in range(start, end)
        if claims.is_word(position)
    )


def _goes_on(claims: Claims, position: int, end: int) -> bool:
    """True when words follow this number: it is a house number, not part of a name."""
    return any(claims.is_word(later) for later in range(position + 1, end))


def _leave_next_segment(claims: Claims, position: int, end: int) -> int:
    # The colon ends a segment, and the name is in the next one.
    stop = end + 1
    while stop < len(claims) and not is_break(claims.tokens[stop]) and not claims.is_number(stop):
        stop += 1
    claims.leave(position, stop)
    return end


def _label_end(claims: Claims, position: int, end: int) -> int:
    while position < end and (claims.key(position) in {".", "#"} or claims.key(position) == "NO"):
        position += 1
    return position


def _taken(claims: Claims, start: int, end: int, after: int) -> int:
    number = read_id(claims, _label_end(claims, after, end), end)
    stop = number.end if number else after
    if number and claims.is_number(stop) and claims.key(start) == "PARCEL":
        stop += 1
    if claims.has("postal"):
        claims.leave(start, stop)
    else:
        claims.take("postal", start, stop)
    return stop
