"""The street: house number, name, type, suffix. Words after the type are not part of the name."""

import re
from dataclasses import dataclass

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.numbers import Chain, read_chain, take_chain
from lib.domain.addresses.street.kinds import Kind, choose_kind, kinds_in, read_suffix
from lib.domain.addresses.street.street_types import STREET_TYPES, SUFFIXES, TYPELESS, Standing
from lib.domain.addresses.words import ORDINALS, PREMISES, speak
from lib.domain.findings import quoted

_NUMBERED = {"building_number", "building_suffix", "building_number_2", "floor_number", "floor_suffix"}
_DISTANCES = {"KM", "KMS", "K", "M", "METRE", "METRES", "MTRS", "KILOMETRE", "KILOMETRES"}


@dataclass(frozen=True, slots=True)
class Street:
    """A possible street, in tokens. A name without a type has no `kind`."""

    chain: Chain | None
    start: int
    name_end: int
    kind: Kind | None
    suffix: tuple[int, int, str] | None
    end: int
    is_guess: bool
    """The words could be split in another way."""
    is_known: bool
    """It has a type, or is one of those without a type."""

    @property
    def worth(self) -> tuple[int, int]:
        """How likely this is the street: number and type, then number, then type."""
        sure = self.kind is not None and self.kind.standing is Standing.SURE
        if self.chain is not None:
            return (4 if self.is_known else 2, int(sure))
        return (3 if sure else 1, 0)


def streets_in(claims: Claims, start: int, end: int, *, place_known: bool) -> list[Street]:
    """Every possible street in this stretch of free tokens: one for each number, and one without."""
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
    if token.kind == "word" and len(token.key) > 6:
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
    kind, is_guess = choose_kind(claims, kinds, end, place_known=place_known)
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
    """The words up to a character that no name has, or up to the second of two streets."""
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
    """A street without a type: the whole stretch, or its first word if that is enough."""
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
        claims.doubt("house_number", f"{quoted(said)} was not used as the house number. Check whether it is.")
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
    """The name is joined to the number, is a distance, or has premises in it: `12Wattle St`, `12km Stuart Highway`."""
    words = [claims.key(at) for at in range(street.start, street.name_end) if claims.tokens[at].kind == "word"]
    if not PREMISES.isdisjoint(words[1:-1]):
        return True  # "12 Wattle House High St"
    if street.chain is None:
        return False
    between = {claims.key(at) for at in range(street.chain.end, street.start)}
    is_glued = claims.is_glued(street.start) and street.start == street.chain.end
    return is_glued or words[0] in _DISTANCES or not between.isdisjoint({"/", "-", "&", "+"})


def name_of(claims: Claims, start: int, end: int) -> str:
    """The name as the register takes it: no full stops, `1st` as `First`, not all in capitals."""
    text = re.sub(r"\.(?=\s|$)", "", claims.slice(start, end))
    text = re.sub(r"\b(\d{1,2})(?:st|nd|rd|th)\b", _in_words, text, flags=re.IGNORECASE)
    # "12 WATTLE ST" is all in capitals, "12 NSW Ave" is not.
    shouts = claims.line_of(start).isupper() or claims.slice(end, end + 1).isupper()
    return speak(text) if len(text) > 1 and shouts else text


def _in_words(found: re.Match[str]) -> str:
    position = int(found[1])
    return ORDINALS[position - 1] if 1 <= position <= len(ORDINALS) else found[0]
