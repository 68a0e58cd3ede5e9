"""What people write around the digits of a phone number: labels, links, decoration, extensions."""

import html
import re
import unicodedata
from urllib.parse import unquote

from lib.domain.texts import DIGITS, LOOKALIKES

QUOTED = 60
"""How many characters of the typed text a refusal quotes."""
_LONGEST = 200
_SEPARATORS = dict.fromkeys("・‧∙⋅", "·") | dict.fromkeys("⁄∕", "/") | dict.fromkeys("ー〜～", "-")
"""Dots, slashes and dashes of other keyboards."""
_TURNED = re.compile("[\u202b\u202e\u2067]")
"""Marks of right-to-left text: after them groups of digits are shown in another order."""
_LABEL = (
    r"telephone|telefon|phones?|tele?|ph|mobile|mobil|mob|cell(?:phone|ular)?|fax|direct|office|work|home|business|"
    r"landline|switchboard|reception|after hours|a/?h|b/?h|number|num|nos?|call|contact|sms|whatsapp|text|"
    r"australia|aust?|au|nsw|vic|qld|sa|wa|tas|nt|act|preferred|primary|free ?phone|"
    r"int(?:ernationa)?l|toll[ -]?free|free ?call|hotline|support|sales|main|private|personal|dd|did|"
    r"ring|dial|[tpmfwhdcn]"
)
_LEADING = re.compile(rf"(?:(?:{_LABEL})(?![a-z])[\s.:)/=&|-]*|o\s*:[\s]*)+(?=[+(\d])", re.IGNORECASE)
_BRACKETED = re.compile(r"[(\[]?([^()\[\]\d]*)[)\]]")
_TRAILING = re.compile(rf"[\s(\[,/-]*\b(?:{_LABEL})\b[\s.)\]]*$", re.IGNORECASE)
_LINK = re.compile(r"(?:tel|callto|sips?|sms|fax|phone|mobile|whatsapp|facetime)\s*:\s*(?=[/+(\d%])", re.IGNORECASE)
_SIP_HOST = re.compile(r"^([+\d()\s.-]+)@[A-Za-z0-9.\-\[\]:]+(;.*|\?.*|>.*)?$")
_CHAT = re.compile(
    r"(?:https?://)?(?:wa\.me/|(?:api\.)?whatsapp\.com/send/?\?phone=|send\?phone=)(?=[+\d])", re.IGNORECASE
)
_ENTITY = re.compile(r"&#?\w+;")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_PARAMETER = re.compile(r";\s*(?:phone-context|user|transport|tgrp|npdi|cic)\b[^;]*", re.IGNORECASE)
_NAMED = re.compile(r"^[^<>]*<\s*((?:tel|callto|sips?)\s*:[^<>]+|[+\d][\d\s()./+-]+)>[^\d]*$", re.IGNORECASE)
_EXTENSION = re.compile(
    r"\d[\s)\]]*(?:[;,(\[\s]*(?:ext(?:ension|n)?|extn|xtn|x|int|opt(?:ion)?|pin|post)\b[\s.:=]*\d|"
    r"[;,(\[\s]*\bx\d|;\s*(?:ext|isub|postd)\s*=|\s*[#~^]\s*\d|x\d|ext\d)",
    re.IGNORECASE,
)
_SEVERAL = re.compile(rf"\d[\s,]*\b(?:or|and)\b|\d\D*\b(?:{_LABEL})\b\D*\d", re.IGNORECASE)
_EXPONENT = re.compile(r"\d[.,]?\d*\s*e\s*[+-]?\s*\d+\s*", re.IGNORECASE)
_DECIMAL = re.compile(r"\+?\d+[.,]0+")
_DECORATION = " \t\"'`*_~<>[]{}|·•.,;:!?=-/\\#"
_ENDING = _DECORATION.replace("+", "")
_DIVIDES = re.compile(r"([/|;,&\n\r\t]|\s-\s|\()")
_ALLOWED = re.compile(r"[\d\s()+./,;:|&·•_'\[\]\\-]*")


class InvalidNumber(ValueError):
    """Not one dialable Australian number. The text is for the person who typed it."""

    def __init__(self, typed: str, reason: str, sentence: str = "") -> None:
        self.reason = reason
        super().__init__(sentence or f"“{shown(typed)}” is not one dialable Australian number: {reason}.")


def shown(text: str) -> str:
    """The beginning of what was typed, without invisible characters, for a sentence."""
    seen = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return seen if len(seen) <= QUOTED else f"{seen[:QUOTED]}…"


def cleaned(text: str) -> str:
    """The text with plain digits, spaces, dashes and quotes, without symbols and invisible characters."""
    if _ENTITY.search(text):
        text = html.unescape(text)
    if _ESCAPED.search(text):
        text = unquote(text)
    return re.sub(r"[ ]+", " ", "".join(map(_plain, text))).strip()


def digits_of(text: str) -> str:
    """The digits in the text."""
    return re.sub(r"\D", "", text)


def pieces(text: str) -> list[str]:
    """The text, split where a character may separate two numbers, with only digits and punctuation left.

    Raises:
        InvalidNumber: it has a letter or character that no number has, an extension, or a number that a spreadsheet
        has shortened.
    """
    plain = cleaned(text[: _LONGEST + 1])
    if _TURNED.search(text):
        raise InvalidNumber(text, "it has an invisible character that changes the order of its digits")
    if len(plain) > _LONGEST:
        raise InvalidNumber(text, "it is longer than any number")
    plain = _without_link(text, plain)
    if _EXPONENT.fullmatch(plain):
        raise InvalidNumber(text, "a spreadsheet has shortened it and lost digits; copy it from the original")
    if _DECIMAL.fullmatch(plain) and len(digits_of(plain)) > 8:
        raise InvalidNumber(text, "a spreadsheet has made a decimal of it; copy it from the original")
    plain = _without_labels(plain)
    if _EXTENSION.search(plain):
        raise InvalidNumber(text, "it has an extension; a number is stored without one")
    if any(unicodedata.category(sign).startswith("L") for sign in plain):
        raise _letters(text, plain)
    if not _ALLOWED.fullmatch(plain):
        raise InvalidNumber(text, "it has a character that does not belong in a phone number")
    return [piece for piece in _DIVIDES.split(plain) if piece]


def _plain(character: str) -> str:
    if known := DIGITS.get(character) or LOOKALIKES.get(character) or _SEPARATORS.get(character):
        return known
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category in {"Zs", "Cc", "Zl", "Zp", "Cs"}:
        return "\n" if character in "\n\r\v\f\u2028\u2029\x85" else " "
    if category in {"Cf", "Mn", "Me", "So", "Sk", "Cn", "Co"}:
        # Invisible, an emoji or a part of one: 📞, the flag of a country, the frame of a key.
        return ""
    if category == "Pd":
        return "-"
    # A raised 1 is a footnote, not a digit, so it stays as it is and is refused.
    return character if category in {"No", "Nl"} else unicodedata.normalize("NFKC", character)


def _without_link(text: str, plain: str) -> str:
    """The number of a link such as `tel:` or `sip:`, or of a name before one."""
    if named := _NAMED.match(plain):
        plain = named[1].strip()
    if link := _CHAT.match(plain) or _LINK.match(plain):
        inside = plain[link.end() :].lstrip("/ ")
        number, _, more = re.split(r"[?]", inside)[0].partition(";")
        if re.search(r"(?:^|;)\s*(?:ext|isub|postd)\s*=", f";{more}", re.IGNORECASE):
            raise InvalidNumber(text, "it has an extension; a number is stored without one")
        return cleaned(number.partition("@")[0])
    if sip := _SIP_HOST.match(plain):
        return sip[1].strip()
    return _PARAMETER.sub("", plain)


def _without_labels(plain: str) -> str:
    """Without decoration and words such as `Ph:` before it and `(work)` after it."""
    before = None
    while plain != before:
        before = plain
        plain = plain.lstrip(_DECORATION).rstrip(_ENDING)
        if (label := _LEADING.match(plain)) or (
            (label := _BRACKETED.match(plain)) and re.fullmatch(_LABEL, label[1].strip(), re.IGNORECASE)
        ):
            plain = plain[label.end() :]
        plain = _TRAILING.sub("", plain)
    # A bracket without the other one.
    if plain.count("(") < plain.count(")"):
        first = "(" not in plain or plain.find(")") < plain.find("(")
        plain = plain.replace(")", " ", 1) if first else plain.rstrip(")")
    return plain.strip()


def _letters(text: str, plain: str) -> InvalidNumber:
    digits = digits_of(plain)
    if _SEVERAL.search(plain):
        return InvalidNumber(text, "it contains two numbers")
    if not digits:
        return InvalidNumber(text, "it contains a letter, and there is no number in it")
    hint = "Check for a letter O instead of a zero." if re.search(r"[oOlI]", plain) else "Type only its digits."
    return InvalidNumber(text, "it contains a letter", f"“{shown(text)}” contains a letter. {hint}")
