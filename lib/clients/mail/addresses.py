"""E-mail addresses as SMTP carries them: who wrote them down badly is told why, without the address."""

import re
import unicodedata
from dataclasses import dataclass

LENGTH_LIMIT = 254
_LOCAL_LIMIT = 64
_NAMED = re.compile(r"\s*(?P<name>[^<>]*?)\s*<(?P<address>[^<>]*)>\s*")
_LOCAL_SIGNS = frozenset("!#$%&'*+-/=?^_`{|}~")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


class NotAnAddress(ValueError):
    """The text cannot be used as an address; the message says why and does not quote it."""


@dataclass(frozen=True)
class Address:
    """An address whose domain is in its ASCII spelling, with the name of its owner where one was given."""

    local: str
    domain: str
    name: str = ""

    @property
    def spec(self) -> str:
        """`local@domain`, as in the envelope."""
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """True when only a server with SMTPUTF8 can carry it."""
        return not self.local.isascii()


def parse_address(text: str) -> Address:
    """The single address that is the whole text.

    Raises:
        NotAnAddress: it is something else, or cannot be written for SMTP.
    """
    local, at, domain = text.rpartition("@")
    if not at or len(text) > LENGTH_LIMIT or not 1 <= len(local.encode("utf-8", "replace")) <= _LOCAL_LIMIT:
        raise NotAnAddress("not an e-mail address")
    # "=?" begins an encoded word, which the header would be read as.
    if not all(part and all(map(_is_local, part)) for part in local.split(".")) or "=?" in local:
        raise NotAnAddress("not an e-mail address")
    return Address(local, _ascii_domain(domain))


def parse_sender(text: str) -> Address:
    """An address, or a name and an address: `Jet Hub <hub@example.com>`.

    Raises:
        NotAnAddress: it is neither.
    """
    named = _NAMED.fullmatch(text)
    if named is None:
        return parse_address(text)
    name = named["name"].strip('"')
    if not is_one_line(name) or any(sign in name for sign in ('"', "\\", "=?")):
        raise NotAnAddress("a name before the address that a header cannot carry")
    address = parse_address(named["address"])
    return Address(address.local, address.domain, name)


def is_one_line(text: str) -> bool:
    """True without line breaks of any kind, other control characters and unpaired surrogates."""
    return not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text)


def _is_local(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in _LOCAL_SIGNS
    return character.isprintable() and not character.isspace()


def _ascii_domain(domain: str) -> str:
    ascii_domain = domain.lower()
    if not domain.isascii():
        ascii_domain = _punycode(domain)
    if not all(_LABEL.fullmatch(label) for label in ascii_domain.split(".")):
        raise NotAnAddress("not an e-mail address")
    return ascii_domain


def _punycode(domain: str) -> str:
    """The ASCII spelling, if it leads back: "ß" would become "ss", and the mail go to somebody else."""
    try:
        written = domain.encode("idna").decode("ascii")
        same = written.encode("ascii").decode("idna") == unicodedata.normalize("NFC", domain).lower()
    except UnicodeError:
        same = False
    if not same:
        raise NotAnAddress("its domain has characters that cannot be written for SMTP")
    return written.lower()
