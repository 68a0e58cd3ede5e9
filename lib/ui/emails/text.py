"""The text of a sent e-mail as it may be shown: passwords, codes and links are covered."""

import re

_COVER = "••••••"
_NAMED = re.compile(
    r"(?P<name>\b(?:one[- ]time code|sign-in code|pass ?word|pass ?code|code|pin|secret|token)\b(?: is)?\s*[:=]?\s*)"
    r"(?P<value>(?=\S*\d)\S{4,}|(?<=[:=])\s*\S+|(?<=[:=] )\S+)",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?P<name>https?://[^\s/?#]+)[/?#]\S+", re.IGNORECASE)


def covered(text: str) -> str:
    """The text without passwords and codes; of a link only the server's name stays."""
    return _NAMED.sub(rf"\g<name>{_COVER}", _LINK.sub(rf"\g<name>/{_COVER}", text))
