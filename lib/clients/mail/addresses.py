"""E-mail addresses as SMTP carries them. The reason why one is refused never quotes the address."""

import re
import unicodedata
from dataclasses import dataclass

from lib.email_addresses import NotAnAddress, read_address

__all__ = ["Address", "NotAnAddress", "is_one_line", "parse_address", "parse_sender"]

_NAMED = re.compile(r"\s*(?P<name>[^<>]*?)\s*<(?P<address>[^<>]*)>\s*")


@dataclass(frozen=True)
class Address:
    """An address with its domain in ASCII, and the name of its owner where there is one."""

    local: str
    domain: str
    name: str = ""

    @property
    def spec(self) -> str:
        """`local@domain`, as in the envelope."""
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """True when the server needs SMTPUTF8 to carry it."""
        return not self.local.isascii()


def parse_address(text: str, *, private: bool = False) -> Address:
    """The one address that is the whole text, by the same rules as in every form: those of `lib.email_addresses`.

    `private` allows a domain that is known only inside a company.

    Raises:
        NotAnAddress: it is something else, or SMTP cannot carry it.
    """
    found = read_address(text, private=private)
    return Address(found.local, found.domain)


def parse_sender(text: str) -> Address:
    """An address, or a name and an address: `Jet Hub <hub@example.com>`. The domain may be private to the company.

    Raises:
        NotAnAddress: it is neither.
    """
    named = _NAMED.fullmatch(text)
    if named is None:
        return parse_address(text, private=True)
    name = named["name"].strip('"')
    if not is_one_line(name) or any(sign in name for sign in ('"', "\\", "=?")):
        raise NotAnAddress("the name before the address has characters that a header cannot carry")
    address = parse_address(named["address"], private=True)
    return Address(address.local, address.domain, name)


def is_one_line(text: str) -> bool:
    """True without line breaks of any kind, other control characters and unpaired surrogates."""
    return not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text)
