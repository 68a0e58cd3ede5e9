"""Makes text comparable: the same folding for the search, every filter and typed confirmations.

The Hub database folds with the same tables (`lib/store/folding.py`), so that both agree.
"""

import re
import unicodedata

LOOKALIKES = {
    **dict.fromkeys("‘’‚‛′ʹʻʼʽˈ`´＇", "'"),
    **dict.fromkeys("“”„‟″«»＂", '"'),
    **dict.fromkeys("‐‑‒–—―−⁃﹘﹣－", "-"),
}
"""Quotation marks and dashes, and the ones of the keyboard. One character each."""
LETTERS = {"ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th"} | dict(
    zip("øØđĐðÐłŁħĦıςѝ", "ooddddllhhiσи", strict=True)
)
"""Letters that Unicode does not decompose, as people write them without the right keyboard."""
DIGITS = {chr(first + digit): str(digit) for first in (0x660, 0x6F0, 0x966) for digit in range(10)}
"""The digits of Arabic, Persian and Hindi keyboards. Unicode itself decomposes full-width ones."""
INVISIBLE = r"\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
"""Invisible characters: soft hyphens, zero-width and direction marks. For the brackets of a regex."""
MARKS = r"\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
"""Accents that follow their letter. The points of Hebrew and Arabic stay."""
SPACES = r"\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""Spaces of every width, line breaks and control characters."""

_LOOKALIKES = str.maketrans(LOOKALIKES)
_LETTERS = str.maketrans(LETTERS | DIGITS)
_UNSEEN = re.compile(f"[{INVISIBLE}{MARKS}]")
_SPACES = re.compile(f"[{SPACES}\\u0000\\ud800-\\udfff]+")
_AROUND = re.compile(f"^[{SPACES}{INVISIBLE}]+|[{SPACES}{INVISIBLE}]+$")
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """The text for comparison: lower case, no accents, plain quotes and dashes, single spaces, nothing invisible.

    Two texts that look the same to a person in a hurry become equal. Folding twice changes nothing.
    """
    if text.isascii():
        return _SPACES.sub(" ", text.replace("`", "'").lower()).strip(" ")
    text = unicodedata.normalize("NFKD", text.translate(_LOOKALIKES))
    text = _UNSEEN.sub("", text.translate(_LOOKALIKES)).lower().translate(_LETTERS)
    return _SPACES.sub(" ", text).strip(" ")


def words(text: str) -> list[str]:
    """The words and numbers in the text, folded, in their order. Punctuation ends a word."""
    return _WORD.findall(fold(text))


def trimmed(text: str) -> str:
    """The text without spaces and invisible characters around it. The inside is exactly what was typed.

    For what must be typed exactly, such as the account number before a deactivation.
    """
    return _AROUND.sub("", text)


def visible(text: str) -> str:
    """The text without invisible and control characters, with single spaces, for a field of a filter."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip(" ")
