"""Splits an address into words, numbers and marks, each with its place in the text.

There are only spaces between two tokens, so all tokens together are the whole text.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Kind = Literal["word", "number", "mark", "other"]

_LINES = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_APOSTROPHES = "'’‘ʼ`´"
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_SLASHES = "/\\\u2044\u2215"
_BREAKS = ',;:()[]{}"“”„«»~|\n'
_MARKS = frozenset(_APOSTROPHES + _DASHES + _SLASHES + _BREAKS + ".#&+*_")
_ORDINALS = {"ST", "ND", "RD", "TH"}


@dataclass(frozen=True, slots=True)
class Token:
    """One piece. `key` is how the tables spell it. `glued` is true when there is no space before it."""

    text: str
    kind: Kind
    start: int
    end: int
    glued: bool
    key: str


def tidy(text: str) -> tuple[str, bool]:
    """The text in ordinary characters, with a line break between its lines, and whether any were replaced.

    Invisible characters are removed. Digits and letters of double width become the usual ones.
    """
    out: list[str] = []
    replaced = False
    for character in unicodedata.normalize("NFC", _LINES.sub("\n", text)):
        if character.isascii():
            if character.isprintable() or character in "\n\t":
                out.append(character)
            else:
                replaced = True
            continue
        category = unicodedata.category(character)
        if category == "Zs":
            out.append(" ")
        elif category in {"Cf", "Cc"}:
            # People put a zero-width space where they mean a space, or next to one.
            replaced = True
            out.append(" " if character == "\u200b" else "")
        elif category == "Nd":
            replaced = True
            out.append(str(unicodedata.decimal(character)))
        elif "\uff01" <= character <= "\uff5e":
            replaced = True
            out.append(chr(ord(character) - 0xFEE0))
        else:
            out.append(character)
    lines = (" ".join(line.split()) for line in "".join(out).split("\n"))
    return "\n".join(line for line in lines if line), replaced


def in_capitals(word: str) -> str:
    """The word as the tables spell it."""
    key = word.upper().replace("İ", "I")
    for sign in _APOSTROPHES[1:]:
        key = key.replace(sign, "'")
    return key


def tokens_of(text: str) -> list[Token]:
    """The tokens of a tidied text, from left to right."""
    found: list[Token] = []
    position, length = 0, len(text)
    while position < length:
        character = text[position]
        if character == " ":
            position += 1
            continue
        start = position
        kind = _kind(character)
        if kind == "word":
            position = _end_of_word(text, position)
        elif kind == "number":
            position = _end_of_number(text, position)
            ending = text[position : position + 2].upper()
            if ending in _ORDINALS and not _is_letter(text[position + 2 : position + 3]):
                kind, position = "word", position + 2
        else:
            position += 1
        piece = text[start:position]
        glued = start > 0 and text[start - 1] not in " \n" and piece != "\n"
        found.append(Token(piece, kind, start, position, glued, _key(piece, kind)))
    return found


def is_break(token: Token) -> bool:
    """True for a mark that ends what is before it: a comma, a bracket, the end of a line."""
    return token.kind == "mark" and token.key in _BREAKS


def _key(piece: str, kind: Kind) -> str:
    if kind != "mark":
        return in_capitals(piece)
    return "-" if piece in _DASHES else "/" if piece in _SLASHES else "'" if piece in _APOSTROPHES else piece


def _kind(character: str) -> Kind:
    if _is_letter(character):
        return "word"
    if "0" <= character <= "9":
        return "number"
    return "mark" if character in _MARKS else "other"


def _is_letter(character: str) -> bool:
    return character != "" and (character.isalpha() or unicodedata.category(character)[0] == "M")


def _end_of_number(text: str, position: int) -> int:
    while position < len(text) and "0" <= text[position] <= "9":
        position += 1
    return position


def _end_of_word(text: str, position: int) -> int:
    """The position after the word. An apostrophe between two letters belongs to it."""
    while position < len(text):
        if _is_letter(text[position]) or (
            text[position] in _APOSTROPHES and _is_letter(text[position + 1 : position + 2])
        ):
            position += 1
        else:
            break
    return position
