"""What a text in the search box may mean: an account number, a phone number, an e-mail, a subscription, a name."""

import html
import re
from dataclasses import dataclass

from lib.domain.accounts import NUMBER
from lib.domain.numbers import InvalidNumber, numbers_in, parse_number, search_digits
from lib.domain.texts import fold, words

EXACT, BEGINNING, INSIDE, SCATTERED, SCATTERED_ELSEWHERE = range(5)
"""How well a term matches: the whole term, its beginning, inside it, or all words of the text somewhere in it, in a
name or elsewhere."""
TERM_LENGTH = 255
"""No stored term is longer."""
_AROUND = " .,;:#'\"<>()[]-/|"
_LABEL = re.compile(r"^(?:(?:account|acct?|a/c|customer|client|number|num|no|id|nr)\b[\s.:#-]*)+(?=\d)")
_GROUPED = re.compile(r"\d[\d ,.'_-]*\d|\d")
_NUMBER = re.compile(r"(?<![\w@.+-])#?([1-9]\d{3,5})(?![\w@])")
_EMAIL = re.compile(r"[^\s<>()\[\],;:\"]+@[^\s<>()\[\],;:\"?]+[^\s<>()\[\],;:\"?.']")
_SUBSCRIPTION = re.compile(r"\b[a-z]{1,4}-[a-z]{0,3}\d+\b")
_ENTITY = re.compile(r"&#?\w+;")
_IGNORED = frozenset({"and"})
"""Names have it, or &, or neither."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The text in every spelling that a term may have, all of them folded.

    `whole`: terms equal to the text. `quoted`: account numbers among other words, and `others` those words.
    `beginnings`: kind and text. `insides`: kind, or any, and the text inside the term. `scattered`: words that are all
    in one term, in any order. `short`: beginnings of words of that term.
    """

    plain: str
    whole: frozenset[str]
    quoted: frozenset[str]
    others: frozenset[str]
    beginnings: tuple[tuple[str, str], ...]
    insides: tuple[tuple[str | None, str], ...]
    scattered: tuple[str, ...]
    short: tuple[str, ...]
    understood: str

    def rank(self, kind: str, term: str) -> int | None:
        """How well the term matches. None when it does not, because a short word of the text is missing in it."""
        if term in self.whole or term in self.quoted:
            return EXACT
        if any(term.startswith(text) for of, text in self.beginnings if of == kind or len(text) >= 3):
            return BEGINNING
        if any(term.startswith(text) for of, text in self.insides if of == kind):
            return BEGINNING
        if any(text in term for of, text in self.insides if of in (None, kind)):
            return INSIDE
        stored = words(term)
        if not all(any(one.startswith(word) for one in stored) for word in self.short):
            return None
        return SCATTERED if kind == "name" else SCATTERED_ELSEWHERE

    def fits_name(self, name: str) -> bool:
        """True when the words next to an account number are all in this name, so both are about one account."""
        stored = set(words(name)) | {"".join(words(name))}
        return bool(self.others) and all(any(one.startswith(word) for one in stored) for word in self.others)


def understand(text: str) -> Wanted:
    """What the text may mean. Any text is allowed, and no character has a special meaning."""
    plain = fold(html.unescape(text) if _ENTITY.search(text) else text)
    if not plain or len(plain) > TERM_LENGTH:
        return _nothing(plain)
    core = _LABEL.sub("", plain.strip(_AROUND))
    if not re.search(r"[^\W_]{3}", core):
        core = plain
    emails = _EMAIL.findall(re.sub(r"\s*@\s*", "@", core).removeprefix("mailto:"))
    phones = numbers_in(text) if sum(map(str.isdigit, plain)) >= 6 else []
    joined = re.sub(r"\D", "", core) if _GROUPED.fullmatch(core) else ""
    found = words(plain)
    long = tuple(dict.fromkeys(word for word in found if len(word) >= 3 and word not in _IGNORED))
    quoted = set(_NUMBER.findall(plain)) - {joined}
    if joined.startswith("0") and NUMBER.match(joined.lstrip("0")):
        # A spreadsheet or form added zeros in front. It may also be a phone number, so it is not `whole`.
        quoted.add(joined.lstrip("0"))
    numbers = {joined} if NUMBER.match(joined) else set()
    spelled = {plain, core, *numbers, *emails, *(phone.removeprefix("+") for phone in phones)}
    spelled |= set(_SUBSCRIPTION.findall(core))
    digits_begin, digits_inside = _digits(core)
    beginnings = [("number", joined or core), ("name", plain), ("name", core)]
    beginnings += [("phone", digits) for digits in digits_begin]
    insides: list[tuple[str | None, str]] = [("phone", digits) for digits in digits_inside]
    insides += [(None, one) for one in dict.fromkeys((plain, core)) if re.search(r"[^\W_]{3}", one)]
    return Wanted(
        plain,
        frozenset(spelled),
        frozenset(quoted),
        frozenset(word for word in found if word not in quoted and word not in _IGNORED),
        tuple(dict.fromkeys(beginnings)),
        tuple(insides),
        # Groups of digits are a number, not words.
        long if len(found) > 1 and any(map(str.isalpha, long)) else (),
        tuple(word for word in found if len(word) < 3),
        _understood(plain, core, joined),
    )


def terms_of(kind: str, value: str) -> set[str]:
    """The terms by which a value is found: folded, and a name also without apostrophes and full stops."""
    if kind == "phone":
        return {value.removeprefix("+")}
    terms = {fold(value)[:TERM_LENGTH]}
    if kind == "name":
        terms.add(fold(re.sub(r"(?<=\w)['.](?=\w)", "", fold(value)))[:TERM_LENGTH])
    return terms - {""}


def _nothing(plain: str) -> Wanted:
    none: frozenset[str] = frozenset()
    why = "is longer than anything stored" if plain else "nothing to look for"
    return Wanted("", none, none, none, (), (), (), (), why)


def _digits(core: str) -> tuple[list[str], list[str]]:
    """How a stored phone number may begin, and what may be inside it, when the text is a part of one."""
    digits = search_digits(core)
    if digits is None:
        return [], []
    typed = re.sub(r"\D", "", core)
    # A leading zero begins a national number, but may also be in the middle of one: look for both.
    beginnings = [f"61{digits}"] if typed.startswith("0") and not digits.startswith("61") else []
    insides = {part for part in (typed, digits) if len(part) >= 3} - {core}
    return beginnings, sorted(insides)


def _understood(plain: str, core: str, joined: str) -> str:
    try:
        parse_number(plain)
    except InvalidNumber:
        pass
    else:
        return "looks like a phone number"
    if NUMBER.match(joined):
        return "looks like an account number, or part of a phone number"
    if search_digits(core) is not None:
        return "looks like part of a phone number"
    if "@" in plain:
        return "looks like an e-mail address"
    if re.fullmatch(r"[a-z]{1,4}-[a-z]?\d*", core):
        return "looks like a subscription number"
    return "looks like a name"
