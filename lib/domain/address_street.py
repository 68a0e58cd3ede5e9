"""The street: house number, name, type, suffix. Words behind the type are no part of the name."""

import re
from dataclasses import dataclass

from lib.domain.address_claims import Claims
from lib.domain.address_numbers import Chain, read_chain, take_chain
from lib.domain.address_words import ORDINALS, PREMISES, SAINTS, speak
from lib.domain.findings import quoted
from lib.domain.street_types import PLURALS, STREET_TYPES, SUFFIXES, TYPELESS, TYPES, Standing

_NUMBERED = {"building_number", "building_suffix", "building_number_2", "floor_number", "floor_suffix"}
_DISTANCES = {"KM", "KMS", "K", "M", "METRE", "METRES", "MTRS", "KILOMETRE", "KILOMETRES"}
_RATHER_TYPES = {"CT", "PL", "GR", "WAY", "SQ", "MEWS", "RISE", "LOOP", "ALLY", "GDNS", "CH", "ESP", "QY", "PLZA"}
_LONGEST_TYPE = max(len(words) for words in TYPES)


@dataclass(frozen=True, slots=True)
class Kind:
    """A type that could end a street: its tokens and code."""

    start: int
    end: int
    code: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Street:
    """A street that could be read, in tokens. `kind` is None where the name has no type."""

    chain: Chain | None
    start: int
    name_end: int
    kind: Kind | None
    suffix: tuple[int, int, str] | None
    end: int
    is_guess: bool
    """The words could be divided in another way."""
    is_known: bool
    """It has a type, or is one of those that are called by a name alone."""

    @property
    def worth(self) -> tuple[int, int]:
        """How likely this is the street among several: number and type, then number, then type."""
        sure = self.kind is not None and self.kind.standing is Standing.SURE
        if self.chain is not None:
            return (4 if self.is_known else 2, int(sure))
        return (3 if sure else 1, 0)


def streets_in(claims: Claims, start: int, end: int, *, place_known: bool) -> list[Street]:
    """Every street that could be read in this stretch of free tokens, one for each number and one without."""
    found: list[Street] = []
    position = begin = start
    chain: Chain | None = None
    while True:
        following = None
        while position < end and (following := _chain_at(claims, position, end)) is None:
            position += 1
        if (street := _street(claims, chain, begin, position, place_known=place_known)) is not None:
            found.append(street)
        if following is None:
            return found
        chain, position = following, following.end
        begin = position


def _chain_at(claims: Claims, position: int, end: int) -> Chain | None:
    token = claims.tokens[position]
    if token.kind == "word" and (len(token.key) > 6 or token.key == "NOS"):
        return None
    return read_chain(claims, position, end) if claims.free(position) or token.key == "#" else None


def _street(claims: Claims, chain: Chain | None, start: int, end: int, *, place_known: bool) -> Street | None:
    words = [at for at in range(start, end) if claims.free(at)]
    while words and claims.tokens[words[0]].kind == "other":
        words = words[1:]
    while words and claims.key(words[0]) in {"AT", "ON", "IN"} and len(words) > 1:
        words = words[1:]
    words = _before_other_signs(claims, words)
    if not words or claims.tokens[words[0]].kind != "word":
        return None
    start, end = words[0], words[-1] + 1
    kinds = kinds_in(claims, words)
    kind, is_guess = _choose(claims, kinds, end, place_known=place_known)
    if kind is None:
        return _typeless(claims, chain, start, end)
    if claims.key(_last_word(claims, start, kind.start)) == "OF":
        # "Bells Line of Road" is a name as a whole.
        return Street(chain, start, kind.end, None, None, kind.end, True, True)
    suffix = read_suffix(claims, kind.end, end, place_known=place_known)
    stop = suffix[1] if suffix else kind.end
    passed = [one for one in kinds if one.end < kind.start]
    is_guess = is_guess or (chain is None and bool(passed))
    if claims.key(start) == "THE" and kind.start == start + 1:
        return Street(chain, start, kind.end, None, suffix, stop, is_guess, True)
    return Street(chain, start, kind.start, kind, suffix, stop, is_guess, True)


def _before_other_signs(claims: Claims, words: list[int]) -> list[int]:
    """Up to a sign that no name has, or the second of two streets."""
    for count, at in enumerate(words):
        if claims.tokens[at].kind == "other":
            return words[:count]
        if count and _is_and(claims, at, words) and any(claims.key(one) in STREET_TYPES for one in words[1:count]):
            return words[:count]
    return words


def _is_and(claims: Claims, at: int, words: list[int]) -> bool:
    return claims.key(at) == "AND" or (claims.key(at - 1) in {"&", "+", "/"} and at > words[0])


def _last_word(claims: Claims, start: int, end: int) -> int:
    return max((at for at in range(start, end) if claims.is_word(at)), default=-1)


def _typeless(claims: Claims, chain: Chain | None, start: int, end: int) -> Street | None:
    """A street that is called by its name alone: the whole stretch, or its first word where that is enough."""
    first = claims.key(start)
    if first in TYPELESS:
        suffix = read_suffix(claims, start + 1, end, place_known=True)
        return Street(chain, start, start + 1, None, suffix, suffix[1] if suffix else start + 1, False, True)
    if chain is None:
        return None
    last = _last_word(claims, start, end)
    if claims.key(last) in SUFFIXES and last > start:
        return Street(chain, start, last, None, (last, last + 1, SUFFIXES[claims.key(last)]), last + 1, True, False)
    return Street(chain, start, last + 1, None, None, last + 1, True, first == "THE")


def kinds_in(claims: Claims, words: list[int]) -> list[Kind]:
    """Every word of these that could be a type; the first one is a name in any case."""
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
    """`Old St Kilda Road`, `Wattle Rd St Kilda`: a saint, where another type follows him or stands before him."""
    if claims.key(words[count]) != "ST" or count + 1 >= len(words) or claims.key(words[count + 1]) not in SAINTS:
        return False
    before = count > 1 and claims.key(words[count - 1]) in STREET_TYPES
    return before or any((claims.key(at),) in TYPES for at in words[count + 2 :])


def _choose(claims: Claims, kinds: list[Kind], end: int, *, place_known: bool) -> tuple[Kind | None, bool]:
    """The type among the candidates, and whether that is a guess."""
    usual = [kind for kind in kinds if kind.standing is not Standing.RARE]
    if not usual:
        last = kinds[-1] if kinds else None
        return (last, True) if last is not None and last.end == end else (None, False)
    sure = next((kind for kind in usual if kind.standing is Standing.SURE), None)
    if sure is None:
        return _choose_unsure(claims, usual, end, place_known=place_known)
    # "Grand Parade Road": types in a row up to the end of the street are its name but for the last one.
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
    """True when nothing but a suffix stands behind."""
    suffix = read_suffix(claims, position, end, place_known=True)
    stop = suffix[1] if suffix else position
    return not any(claims.free(at) for at in range(stop, end))


def read_suffix(claims: Claims, start: int, end: int, *, place_known: bool) -> tuple[int, int, str] | None:
    """`North`, `N.E.`, `Extension` behind a type. Before the name of a suburb it is a part of that."""
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


def _suffix_in_brackets(claims: Claims, position: int) -> tuple[int, int, str] | None:
    """`High St (South)`."""
    while claims.key(position) == ".":
        position += 1
    if claims.key(position) not in {"(", "["}:
        return None
    end = next((end for start, end in claims.segments if start == position + 1), 0)
    suffix = read_suffix(claims, position + 1, end, place_known=True) if end else None
    return suffix if suffix is not None and suffix[1] == end else None


def take_street(claims: Claims, street: Street) -> None:
    """Read the street into its fields."""
    if street.chain is not None:
        take_chain(claims, street.chain)
    elif claims.owner[max(street.start - 1, 0)] in _NUMBERED:
        said = claims.slice(street.start - 1, street.start)
        claims.doubt("house_number", f"{quoted(said)} was not read as the number of the house. Look whether it is.")
    before = street.start - 1
    if before >= 0 and claims.is_word(before) and claims.key(before) in {"AT", "ON", "IN"}:
        claims.take("street_name", before, street.start, "")
    claims.take("street_name", street.start, street.name_end, name_of(claims, street.start, street.name_end))
    if street.kind is not None:
        claims.take("street_type", street.kind.start, street.kind.end, street.kind.code)
    suffix = street.suffix or _suffix_in_brackets(claims, street.end)
    if suffix is not None:
        claims.take("street_suffix", *suffix)
    said = claims.slice(street.start, street.end)
    if not street.is_known:
        claims.doubt_reading("street_type", said, "a street without a type, such as Street or Road")
    elif street.is_guess or _is_odd(claims, street):
        claims.doubt_reading("street_name", said, "the street")


def _is_odd(claims: Claims, street: Street) -> bool:
    """The name is glued to the number, is a distance, or holds premises: `12Wattle St`, `12km Stuart Highway`."""
    words = [claims.key(at) for at in range(street.start, street.name_end) if claims.tokens[at].kind == "word"]
    if not PREMISES.isdisjoint(words[1:-1]):
        return True  # "12 Wattle House High St"
    if street.chain is None:
        return False
    between = {claims.key(at) for at in range(street.chain.end, street.start)}
    is_glued = claims.is_glued(street.start) and street.start == street.chain.end
    return is_glued or words[0] in _DISTANCES or not between.isdisjoint({"/", "-", "&", "+"})


def name_of(claims: Claims, start: int, end: int) -> str:
    """The name as the register takes it: no full stops, `1st` as `First`, no shouting."""
    text = re.sub(r"\.(?=\s|$)", "", claims.slice(start, end))
    text = re.sub(r"\b(\d{1,2})(?:st|nd|rd|th)\b", _in_words, text, flags=re.IGNORECASE)
    # "12 WATTLE ST" shouts, "12 NSW Ave" does not.
    shouts = claims.line_of(start).isupper() or claims.slice(end, end + 1).isupper()
    return speak(text) if len(text) > 1 and shouts else text


def _in_words(found: re.Match[str]) -> str:
    position = int(found[1])
    return ORDINALS[position - 1] if 1 <= position <= len(ORDINALS) else found[0]


def singular(text: str) -> tuple[str, str]:
    """`Young Sts` as `Young St` with its code; other texts as they are, without a code."""
    head, _, last = text.rpartition(" ")
    code = PLURALS.get(last.upper().strip("."), "")
    return (f"{head} {code.capitalize()}", code) if code and head else (text, "")
