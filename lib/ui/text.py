"""Customer text on the screen: always text, whatever markup it holds."""

import re

_SIGNS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$<>:&@=\"'])")


def plain(text: str) -> str:
    """The text with every sign that Markdown, LaTeX or Streamlit's `:directives:` could act on made a plain sign."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))
