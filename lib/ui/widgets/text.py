"""Customer text on the screen: always the characters that were typed, even if they look like markup.

Streamlit changes text in two places. Its Markdown parser acts on markup characters, unless there is a backslash before
them. Then it goes through the parsed text, where no backslash is left: it turns `<-`, `--`, `>=` and the like into
symbols, `:material_home:`, `:streamlit:` and `:smile:` into pictures, and addresses into links. It looks at each piece
of text separately, so an empty `:color[]` in between, which shows as nothing, prevents that.
"""

import re
import unicodedata

# The slash: Streamlit looks for ":material/" before anything else does, also after a backslash.
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$<>:&@=\"'^/])")
# The characters by which Markdown recognizes a bare web or e-mail address.
_LINKING = re.compile(r"(\\@|(?<=http)\\:|(?<=https)\\:|(?<=www)\\\.)", re.IGNORECASE)
_PART = ":color[]"
"""A coloured text without colour and text: it separates what is before it from what is after it."""
_PARTED = re.compile(r"(?<=[<>=~-])(?=[<>=~-])|(?<=:)(?=[\w+-]+:)")


def plain(text: str) -> str:
    """The text as Markdown that shows exactly what was typed, with spaces and line breaks as one space."""
    pieces = _PARTED.split(" ".join(text.split()))
    if pieces[0] and unicodedata.category(pieces[0][0]) == "So":
        # An emoji at the beginning of a box would become its icon.
        pieces.insert(0, "")
    return _PART.join(_MARKUP.sub(r"\\\1", piece) for piece in pieces)


def unlinked(text: str) -> str:
    """As `plain`, and web and e-mail addresses in it do not become links: they are the customer's, not ours."""
    return _LINKING.sub(r":small[\1]", plain(text))


def dotted(*parts: str | None) -> str:
    """The parts that are not empty, with a dot between them."""
    return " · ".join(part for part in parts if part)
