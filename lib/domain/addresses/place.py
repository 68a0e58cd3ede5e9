"""Country, state, postcode and suburb: in their own fields, and again at the end of the lines."""

from dataclasses import dataclass, replace

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.street.street_types import STREET_TYPES, SUFFIXES
from lib.domain.addresses.tokens import tidy, tokens_of
from lib.domain.addresses.words import COUNTRIES, FLOORS, LOTS, SPOTS, STATES, UNITS, state_code
from lib.domain.findings import Finding, quoted, warning

_STATE_WORDS = {tuple(name.split()): code for code, name in STATES.items()}
_NO_POSTCODE_BEHIND = {"BOX", "BAG", "MS", "RMB", "RSD", "LOCKER", "NO", *UNITS, *LOTS, *SPOTS, *FLOORS}
_SAME = {"SAINT": "ST", "MOUNT": "MT", "NTH": "NORTH", "STH": "SOUTH"}


@dataclass(frozen=True)
class Place:
    """The place as the contact's fields have it."""

    locality: str
    state: str
    postcode: str


def place_of(locality: str, state: str, postcode: str) -> tuple[Place, list[Finding]]:
    """The fields, tidied, and what contradicts. A suburb field may also have state and postcode: `Darwin, NT 0800`."""
    findings: list[Finding] = []
    place = Place(_flat(locality), state_code(tidy(state)[0]), _flat(postcode))
    claims = _claims(place.locality)
    inside = _Tail(claims, 0, len(claims), is_suburb=True)
    inside.read(Place("", "", ""))
    if inside.state or inside.postcode:
        for field, mine, theirs in (
            ("state", place.state, inside.state),
            ("postcode", place.postcode, inside.postcode),
        ):
            if mine and theirs and mine != theirs:
                text = f"The suburb field says {quoted(theirs)}, the {field} field says {quoted(mine)}."
                findings.append(warning(field, text))
        place = Place(
            claims.slice(0, inside.end),
            place.state or inside.state,
            place.postcode or inside.postcode,
        )
    # A spreadsheet drops the leading zero of the Northern Territory.
    if place.state in {"NT", "ACT"} and len(place.postcode) == 3 and place.postcode.isdecimal():
        place = replace(place, postcode=f"0{place.postcode}")
    return place, findings


def take_places(claims: Claims, given: Place) -> Place:
    """Read the place at the ends of the lines. Returns the place from fields and lines together."""
    for start, end in reversed(_lines(claims)):
        tail = _Tail(claims, start, end)
        tail.read(given)
        _settle(claims, tail, given)
        given = replace(given, state=given.state or tail.state, postcode=given.postcode or tail.postcode)
        if given.locality:
            _take_locality(claims, start, tail.end, given.locality)
    if given.locality:
        for start, end in claims.segments:
            if _same_words(claims, start, end, given.locality) and _others_have_words(claims, start, end):
                claims.take("locality", start, end, "")
    return given


class _Tail:
    """Country, state and postcode at the end of a line, in any order. `end` is where the rest of the line ends."""

    def __init__(self, claims: Claims, start: int, end: int, *, is_suburb: bool = False) -> None:
        self._claims, self._start, self._is_suburb = claims, start, is_suburb
        self.end = end
        self.state = self.postcode = ""
        self.pieces: list[tuple[str, int, int]] = []

    def read(self, given: Place) -> None:
        """Read from the end to the left while it is a place."""
        while True:
            self._skip_marks()
            if not (self._country() or self._state(given) or self._postcode(given)):
                break
        if self.postcode and not self.state and not self._is_believed(given):
            # Four digits at the end, and nothing shows what they are.
            self.pieces, self.postcode = [piece for piece in self.pieces if piece[0] != "postcode"], ""
        self._skip_marks()

    def _is_believed(self, given: Place) -> bool:
        if given.postcode or self._is_suburb:
            return self._is_suburb or self.postcode == given.postcode
        return any(self._claims.key(position) in STREET_TYPES for position in range(self._start, self.end))

    def _skip_marks(self) -> None:
        while self.end > self._start and self._claims.tokens[self.end - 1].kind == "mark":
            self.end -= 1

    def _take(self, kind: str, start: int) -> bool:
        self.pieces.append((kind, start, self.end))
        self.end = start
        return True

    def _before(self, start: int) -> bool:
        """True when something other than numbers is before it: a street of that name is not a state."""
        return any(self._claims.tokens[at].kind == "word" for at in range(self._start, start)) or start == self._start

    def _country(self) -> bool:
        last = self.end - 1
        if last < self._start or self._claims.key(last) not in COUNTRIES:
            return False
        if any(kind in {"country", "state"} for kind, _, _ in self.pieces):
            return False
        if any(self._words_end(words) for words in _STATE_WORDS) or not self._before(last):
            return False
        return self._take("country", last)

    def _state(self, given: Place) -> bool:
        if self.state or self.end <= self._start:
            return False
        for words, code in _STATE_WORDS.items():
            start = self._words_end(words)
            if start is not None and self._before(start) and self._stands_alone(start, code, given):
                self.state = code
                return self._take("state", start)
        start = self._dotted()
        code = state_code("".join(self._claims.key(at) for at in range(start, self.end)))
        if code in STATES and self._before(start):
            self.state = code
            return self._take("state", start)
        return False

    def _stands_alone(self, start: int, code: str, given: Place) -> bool:
        """A name of a state counts with a postcode, after a comma, or if the field says the same."""
        return bool(
            self.postcode
            or code == given.state
            or start == self._start
            or self._claims.tokens[start - 1].kind == "mark"
        )

    def _dotted(self) -> int:
        """Where `N.S.W.` begins, or the last word if there are no full stops."""
        start = self.end - 1
        while (
            start - 2 >= self._start
            and len(self._claims.key(start)) == 1
            and self._claims.key(start - 1) == "."
            and len(self._claims.key(start - 2)) == 1
        ):
            start -= 2
        return start

    def _words_end(self, words: tuple[str, ...]) -> int | None:
        start = self.end - len(words)
        if start < self._start:
            return None
        return start if tuple(self._claims.key(at) for at in range(start, self.end)) == words else None

    def _postcode(self, given: Place) -> bool:
        last = self.end - 1
        if self.postcode or last < self._start:
            return False
        token, before = self._claims.tokens[last], self._claims.key(last - 1)
        if token.kind != "number" or len(token.text) != 4 or (token.glued and before != ","):
            return False
        if last == self._start and not (self.state or given.postcode == token.text):
            return False
        if before in _NO_POSTCODE_BEHIND or not self._before(last):
            return False
        self.postcode = token.text
        return self._take("postcode", last)


def _settle(claims: Claims, tail: _Tail, given: Place) -> None:
    """Read the tail for the fields it agrees with or fills. What contradicts a field is left over and reported."""
    for kind, start, end in tail.pieces:
        field, mine = {
            "country": ("", ""),
            "state": (given.state, tail.state),
            "postcode": (given.postcode, tail.postcode),
        }[kind]
        if field and field != mine:
            claims.leave(start, end)
            said = claims.slice(start, end)
            name = "state" if kind == "state" else "postcode"
            claims.doubt(name, f"The address lines say {quoted(said)}, the {name} field says {quoted(field)}.")
        else:
            claims.take(kind, start, end, "" if kind == "country" else mine if not claims.has(kind) else "")


def _take_locality(claims: Claims, start: int, end: int, locality: str) -> None:
    """Read the suburb at the end of a line, unless it is the name of the street."""
    size = len(_words(locality))
    begin = end
    while begin > start and size and claims.tokens[begin - 1].kind in ("word", "mark", "number"):
        begin -= 1
        if claims.tokens[begin].kind != "mark":
            size -= 1
    if size or not _same_words(claims, begin, end, locality) or not _leaves_street(claims, start, begin, end):
        return
    claims.take("locality", begin, end, "")
    if claims.key(begin - 1) in SUFFIXES and claims.is_word(begin - 1) and begin > start:
        said = claims.slice(begin - 1, end)
        claims.doubt("locality", f"{quoted(said)} may be the suburb, but the suburb field says {quoted(locality)}.")


def _leaves_street(claims: Claims, start: int, begin: int, end: int) -> bool:
    """True when a street remains without these words: `12 Broadway` in Broadway keeps its name."""
    same_segment = next((a for a, b in claims.segments if a <= begin < b), begin)
    if same_segment >= begin:
        return _others_have_words(claims, begin, end)
    rest = [claims.key(at) for at in range(max(same_segment, start), begin) if claims.is_word(at)]
    if not rest:
        return False
    is_typed = any(word in STREET_TYPES for word in rest[1:]) or (len(rest) > 1 and rest[0] == "THE")
    ends_typed = claims.key(end - 1) in STREET_TYPES
    return is_typed or not ends_typed


def _others_have_words(claims: Claims, start: int, end: int) -> bool:
    return any(claims.is_word(at) for at in range(len(claims)) if not start <= at < end)


def _same_words(claims: Claims, start: int, end: int, locality: str) -> bool:
    free = [at for at in range(start, end) if claims.tokens[at].kind != "mark"]
    return all(claims.free(at) for at in free) and [_plain(claims.key(at)) for at in free] == _words(locality) != []


def _words(locality: str) -> list[str]:
    return [_plain(token.key) for token in tokens_of(locality) if token.kind != "mark"]


def _plain(key: str) -> str:
    word = key.replace("'", "")
    return _SAME.get(word, word)


def _lines(claims: Claims) -> list[tuple[int, int]]:
    found, start = [], 0
    for position, token in enumerate(claims.tokens):
        if token.text == "\n":
            found.append((start, position))
            start = position + 1
    return [*found, (start, len(claims))]


def _claims(text: str) -> Claims:
    return Claims(text, tokens_of(text))


def _flat(text: str) -> str:
    return tidy(text)[0].replace("\n", ", ").strip(" ,")
