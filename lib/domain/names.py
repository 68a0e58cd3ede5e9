"""Account names: what both the Hub and Zuora accept, checked before anything is sent."""

import unicodedata

NAME_LIMIT = 255
"""Zuora's limit for an account name (API reference, Update account: `name` 1-255)."""


class InvalidName(ValueError):
    """The name cannot be used. The text is for the person who typed it."""


def check_name(text: str) -> str:
    """Return the name as it will be stored: trimmed, runs of spaces made one, NFC.

    Raises:
        InvalidName: empty, too long, or with a character that Zuora or a screen cannot show.
    """
    # First, because a composed character may be one that is refused below.
    text = unicodedata.normalize("NFC", text)
    for character in text:
        if character not in "\t\n\r" and _is_invisible(character):
            raise InvalidName(
                f"The name contains an invisible character (U+{ord(character):04X}), perhaps from a copied text. "
                "Type the name instead."
            )
    if any(ord(character) > 0xFFFF for character in text):
        raise InvalidName(
            "The name contains a character that Zuora refuses, such as an emoji. Use letters, digits and punctuation."
        )
    name = " ".join(text.split())
    if not name:
        raise InvalidName("The name is empty. Type the name under which the customer is billed.")
    if len(name) > NAME_LIMIT:
        raise InvalidName(f"The name has {len(name)} characters. Zuora accepts at most {NAME_LIMIT}.")
    if not any(character.isalnum() for character in name):
        raise InvalidName("The name has no letter or digit. Type a name that people can read.")
    return name


def _is_invisible(character: str) -> bool:
    """Control, format (zero width, direction override), surrogate, private and unassigned characters."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"}
