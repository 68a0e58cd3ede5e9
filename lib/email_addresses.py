"""The one check of e-mail addresses, for every form and for the mailer.

`email-validator` checks the syntax (RFC 5321, 5322, 6531, IDNA 2008 with UTS 46), without asking the DNS. What is added
here refuses what could change a mail header, and gives the reason in words for people.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

LENGTH_LIMIT = 254
LOCAL_LIMIT = 64
_AROUND = " \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_UNSEEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202d\u2060-\u206f\ufe00-\ufe0f\ufeff"
"""Invisible characters that come with copied text. The one that reverses text is not harmless."""
_EDGES = re.compile(rf"^[{_AROUND}{_UNSEEN}]+|[{_AROUND}{_UNSEEN},;]+$")
_MAILTO = re.compile(r"mailto:\s*(?=[^\s@]+@)", re.IGNORECASE)
_REASON_LIMIT = 120
_FULL_STOPS = "\u3002\uff0e\uff61"
"""The full stops of Chinese and Japanese keyboards, which a domain may have (UTS 46)."""
_DASHES = frozenset("‐‑‒–—―−﹘﹣－")


class NotAnAddress(ValueError):
    """The text cannot be used as an address. The message says why and does not quote it."""


@dataclass(frozen=True)
class EmailAddress:
    """One address. `domain` is in ASCII, as mail servers take it. `shown` is as people write it."""

    local: str
    domain: str
    shown: str


def read_address(text: str, *, private: bool = False) -> EmailAddress:
    """The one e-mail address in the text.

    Spaces and invisible characters around it, `mailto:`, and a comma or semicolon at its end are dropped. A domain in
    another alphabet gets its ASCII spelling. With `private` the domain may be one known only inside a company, such as
    `corp.local`.

    Raises:
        NotAnAddress: there is no address, there are several, there is a name next to it, or no e-mail could reach it.
    """
    address = _EDGES.sub("", _MAILTO.sub("", _EDGES.sub("", text), count=1))
    local, _, domain = address.rpartition("@")
    if "=?" in local or _has_strange(address, local) or len(local.encode("utf-8", "replace")) > LOCAL_LIMIT:
        # "=?" begins an encoded word, which a reader of the header would decode.
        raise NotAnAddress(_reason(address, ""))
    if "\u0130" in domain:
        raise NotAnAddress(
            "The part after the @ has a Turkish capital İ. Type a lower case i instead, if you mean that."
        )
    reason = ""
    try:
        found = validate_email(address, check_deliverability=False, strict=True, globally_deliverable=not private)
    except EmailNotValidError as refused:
        reason = str(refused)
    except ValueError:
        # Half a character, which the library's tables do not have.
        reason = "half a character"
    if reason:
        # Raised here, because the library's error quotes the address.
        raise NotAnAddress(_reason(address, reason))
    as_typed = domain.lower() in (found.domain, found.ascii_domain)
    shown = f"{found.local_part}@{domain if as_typed else found.domain}"
    if _has_strange(shown, found.local_part):
        # A compatibility form would become a character that is refused when the address is read again.
        raise NotAnAddress(_reason(shown, ""))
    return EmailAddress(found.local_part, found.ascii_domain, shown)


def _has_strange(address: str, local: str) -> bool:
    """True for a character that no mailbox has: an emoji, another kind of dash, full-width or decorated letters."""
    if address.isascii():
        return False
    if unicodedata.normalize("NFKC", local) != unicodedata.normalize("NFC", local):
        return True
    return any(
        ord(character) > 0xFFFF or (unicodedata.category(character)[0] in "SCPZ" and character not in _FULL_STOPS)
        for character in address
        if not character.isascii()
    )


def _reason(address: str, library: str) -> str:
    """The sentence for the person who typed it: the usual mistake by name, else what the library says."""
    mistake = next((sentence for applies, sentence in _mistakes(address) if applies), "")
    if mistake:
        return mistake
    if library.endswith(".") and library.isascii() and library.isprintable() and len(library) <= _REASON_LIMIT:
        return f"This is not an e-mail address. {library}"
    return "This is not an e-mail address. Look for a missing, doubled or wrong character."


def _mistakes(address: str) -> Iterator[tuple[bool, str]]:
    local, at, domain = address.partition("@")
    unseen = any(not sign.isprintable() and unicodedata.category(sign) != "Zs" for sign in address)
    several = address.count("@") > 1
    too_long = len(address) > LENGTH_LIMIT or len(local.encode("utf-8", "replace")) > LOCAL_LIMIT
    named = bool(at) and bool(re.search(r"[<>\"“”]|\s\(|^['‘’].*['‘’]$", address))
    limits = f"at most {LOCAL_LIMIT} characters before the @, {LENGTH_LIMIT} in all"
    yield not address, "The e-mail address is empty. Type one, such as name@example.com."
    yield several and unseen, "This is more than one e-mail address, with a line break between them. Type only one."
    yield unseen, "The e-mail address has a line break or an invisible character. Type it by hand."
    yield several or "," in address or ";" in address, "This is more than one e-mail address, or has a comma in it."
    yield named, "Type only the e-mail address, without a name, quotation marks or brackets."
    yield any(character.isspace() for character in address), "The e-mail address has a space in it. Remove the space."
    yield "＠" in address or "﹫" in address, "The e-mail address has a full-width @. Type @ from the keyboard."
    yield (
        "." not in domain.replace("。", "."),
        "The e-mail address has no full domain after the @, such as example.com.",
    )
    yield too_long, f"The e-mail address is too long: {limits}."
    yield bool(_DASHES.intersection(address)), "This is not an e-mail address: it has a dash. Use a hyphen (-)."
    strange = _has_strange(address, address.rpartition("@")[0])
    yield strange, "This is not an e-mail address: it has an unusual character or an emoji. Type it by hand."
