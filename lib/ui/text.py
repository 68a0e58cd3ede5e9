"""Customer text on the screen: always text, whatever markup it holds."""

import re

_SIGNS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$<>:&@=\"'])")
# The signs by which Markdown knows an address that nobody marked as a link.
_LINKING = re.compile(r"(\\@|(?<=http)\\:|(?<=https)\\:|(?<=www)\\\.)", re.IGNORECASE)


def plain(text: str) -> str:
    """The text with every sign that Markdown, LaTeX or Streamlit's `:directives:` could act on made a plain sign."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))


def unlinked(text: str) -> str:
    """The text as text, and its web and e-mail addresses, too: they are somebody else's, and no links of ours."""
    return _LINKING.sub(r":small[\1]", plain(text))
