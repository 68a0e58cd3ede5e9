"""E-mail addresses as SMTP carries them: who wrote them down badly is told why, without the address."""

import re
import unicodedata
from dataclasses import dataclass

from lib.email_addresses import NotAnAddress, read_address

__all__ = ["Address", "NotAnAddress", "is_one_line", "parse_address", "parse_sender"]

_NAMED = re.compile(r"\s*(?P<name>[^<>]*?)\s*<(?P<address>[^<>]*)>\s*")


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


def parse_address(text: str, *, private: bool = False) -> Address:
    """The single address that is the whole text, as every form takes it too: `lib.email_addresses` decides.

    `private` allows a domain that is known inside a company alone.

    Raises:
        NotAnAddress: it is something else, or cannot be written for SMTP.
    """
    found = read_address(text, private=private)
    return Address(found.local, found.domain)


def parse_sender(text: str) -> Address:
    """An address, or a name and an address: `Jet Hub <hub@example.com>`. The domain may be the company's own.

    Raises:
        NotAnAddress: it is neither.
    """
    named = _NAMED.fullmatch(text)
    if named is None:
        return parse_address(text, private=True)
    name = named["name"].strip('"')
    if not is_one_line(name) or any(sign in name for sign in ('"', "\\", "=?")):
        raise NotAnAddress("a name before the address that a header cannot carry")
    address = parse_address(named["address"], private=True)
    return Address(address.local, address.domain, name)


def is_one_line(text: str) -> bool:
    """True without line breaks of any kind, other control characters and unpaired surrogates."""
    return not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text)
