"""Finds the word of a street that is its type, and the suffix after it: `Park Street North`, `Old St Kilda Road`."""

from dataclasses import dataclass

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.street.street_types import PLURALS, STREET_TYPES, SUFFIXES, TYPES, Standing
from lib.domain.addresses.words import SAINTS

_RATHER_TYPES = {"CT", "PL", "GR", "WAY", "SQ", "MEWS", "RISE", "LOOP", "ALLY", "GDNS", "CH", "ESP", "QY", "PLZA"}
"""Types that end a street although names have them, too."""
_LONGEST_TYPE = max(len(words) for words in TYPES)


@dataclass(frozen=True, slots=True)
class Kind:
    """A possible type: its tokens and code."""

    start: int
    end: int
    code: str
    standing: Standing


def kinds_in(claims: Claims, words: list[int]) -> list[Kind]:
    """Every word of these that could be a type. The first word is always a name."""
    found: list[Kind] = []
    count = 1
    while count < len(words):
        for size in range(min(_LONGEST_TYPE, len(words) - count), 0, -1):
            keys = tuple(claims.key(at) for at in words[count : count + size])
            if keys in TYPES:
                code, standing = TYPES[keys]
                if not _is_saint(claims, words, count):
                    found.append(Kind(words[count], words[count + size - 1] + 1, code, standing))
                    count += size - 1
                break
        count += 1
    return found


def _is_saint(claims: Claims, words: list[int], count: int) -> bool:
    """`Old St Kilda Road`, `Wattle Rd St Kilda`: "St" is "Saint" if there is another type after or before it."""
    if claims.key(words[count]) != "ST" or count + 1 >= len(words) or claims.key(words[count + 1]) not in SAINTS:
        return False
    before = count > 1 and claims.key(words[count - 1]) in STREET_TYPES
    return before or any((claims.key(at),) in TYPES for at in words[count + 2 :])


def choose_kind(claims: Claims, kinds: list[Kind], end: int, *, place_known: bool) -> tuple[Kind | None, bool]:
    """The type among the candidates, and whether it is a guess."""
    usual = [kind for kind in kinds if kind.standing is not Standing.RARE]
    if not usual:
        last = kinds[-1] if kinds else None
        return (last, True) if last is not None and last.end == end else (None, False)
    sure = next((kind for kind in usual if kind.standing is Standing.SURE), None)
    if sure is None:
        return _choose_unsure(claims, usual, end, place_known=place_known)
    # "Grand Parade Road": of types in a row at the end of the street, only the last is the type.
    row = _row_from(claims, usual, sure)
    last = row[-1]
    if last is not sure and last.standing is Standing.SURE and _closes(claims, last.end, end):
        return last, True
    return sure, False


def _choose_unsure(claims: Claims, kinds: list[Kind], end: int, *, place_known: bool) -> tuple[Kind, bool]:
    last = kinds[-1]
    if len(kinds) == 1 or (last is _row_from(claims, kinds, kinds[0])[-1] and _closes(claims, last.end, end)):
        return last, False
    if not place_known:
        return kinds[0], True  # the others may be of the suburb: "Mill Way Box Hill"
    if kinds[0].code in _RATHER_TYPES:
        return kinds[0], True  # "Wattle Place Shopping Centre"
    return (last if _closes(claims, last.end, end) else kinds[0]), True


def _row_from(claims: Claims, kinds: list[Kind], first: Kind) -> list[Kind]:
    row = [first]
    for kind in kinds[kinds.index(first) + 1 :]:
        if any(claims.free(at) for at in range(row[-1].end, kind.start)):
            break
        row.append(kind)
    return row


def _closes(claims: Claims, position: int, end: int) -> bool:
    """True when only a suffix follows."""
    suffix = read_suffix(claims, position, end, place_known=True)
    stop = suffix[1] if suffix else position
    return not any(claims.free(at) for at in range(stop, end))


def read_suffix(claims: Claims, start: int, end: int, *, place_known: bool) -> tuple[int, int, str] | None:
    """`North`, `N.E.`, `Extension` after a type. Before the name of a suburb it belongs to that name."""
    position = start
    while position < end and claims.key(position) in {".", "-"}:
        position += 1
    code, stop = "", position
    while stop < end and (word := SUFFIXES.get(claims.key(stop), "")) and claims.is_word(stop):
        if code and (len(code) > 1 or code + word not in {"NE", "NW", "SE", "SW"}):
            break
        code += word
        stop += 1
        after = stop
        while after < end and claims.key(after) in {".", "-"}:
            after += 1
        if claims.key(after) in SUFFIXES and after < end:
            stop = after
        else:
            break
    if not code:
        return None
    while stop > position and claims.tokens[stop - 1].kind == "mark":
        stop -= 1
    if not place_known and len(code) < 3 and any(claims.is_word(at) for at in range(stop, end)):
        return None
    return position, stop, code


def singular(text: str) -> tuple[str, str]:
    """`Young Sts` as `Young St` with its code. Other texts stay as they are, without a code."""
    head, _, last = text.rpartition(" ")
    code = PLURALS.get(last.upper().strip("."), "")
    return (f"{head} {code.capitalize()}", code) if code and head else (text, "")
