"""Customer text on the screen: always the characters that were typed, whatever markup they look like.

Streamlit's page changes text in two places. Its Markdown parser acts on marks, which a backslash before them stops.
After that it goes through the finished text, where no backslash is left, and replaces `<-`, `--`, `>=` and the like by
symbols, `:material_home:`, `:streamlit:` and `:smile:` by pictures, and addresses by links. It looks at each stretch of
text by itself, so an empty `:color[]` inside these, which shows as nothing, keeps them what they are.
"""

import re
import unicodedata

# The slash: Streamlit looks for ":material/" before anything else does, also behind a backslash.
_SIGNS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$<>:&@=\"'^/])")
# The signs by which Markdown knows an address that nobody marked as a link.
_LINKING = re.compile(r"(\\@|(?<=http)\\:|(?<=https)\\:|(?<=www)\\\.)", re.IGNORECASE)
_PART = ":color[]"
"""A coloured text without colour and without text: it parts what stands before it from what stands behind."""
_PARTED = re.compile(r"(?<=[<>=~-])(?=[<>=~-])|(?<=:)(?=[\w+-]+:)")


def plain(text: str) -> str:
    """The text as Markdown that shows what was typed, but for spaces and line breaks, which become one space."""
    pieces = _PARTED.split(" ".join(text.split()))
    if pieces[0] and unicodedata.category(pieces[0][0]) == "So":
        # An emoji at the beginning of a box would become its icon.
        pieces.insert(0, "")
    return _PART.join(_SIGNS.sub(r"\\\1", piece) for piece in pieces)


def unlinked(text: str) -> str:
    """The text as text, and its web and e-mail addresses, too: they are somebody else's, and no links of ours."""
    return _LINKING.sub(r":small[\1]", plain(text))
