"""Single values of the environment, each checked before it goes into a configuration."""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path

LOOPBACK = "127.0.0.1"

_DESTINATION = re.compile(r"(?:sip:)?([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::([0-9]{1,5}))?")
_PATH = re.compile(r"/[A-Za-z0-9_./+@,=-]*")


class SiteError(ValueError):
    """The SBC cannot start with a value. The text names it, and never quotes a secret."""


def read_port(given: Mapping[str, str], name: str, default: int) -> int:
    """The port that the variable `name` names, or the default.

    Raises:
        SiteError: it is not set to one.
    """
    text = given.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise SiteError(f"{name} must be a port from 1 to 65535, not {text!r}.")
    return int(text)


def read_seconds(given: Mapping[str, str], name: str, default: int) -> int:
    """The whole number of seconds, from 5 to 180.

    Raises:
        SiteError: it is not set to one.
    """
    text = given.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 5 <= int(text) <= 180:
        raise SiteError(f"{name} must be a whole number of seconds from 5 to 180, not {text!r}.")
    return int(text)


def read_address(given: Mapping[str, str], name: str) -> str:
    """The IPv4 address of this machine, the loopback one if it is not set.

    Raises:
        SiteError: it is not set to one.
    """
    text = given.get(name, LOOPBACK)
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        address = None
    if address is None or address.is_unspecified or address.is_multicast:
        raise SiteError(f"{name} must be one IPv4 address of this machine, not {text!r}.")
    return str(address)


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach the address."""
    return ipaddress.IPv4Address(address).is_loopback


def read_sources(given: Mapping[str, str], name: str) -> str:
    """The IPv4 networks, with commas between them; "" if it is not set.

    Raises:
        SiteError: it is not set to one.
    """
    parts = given.get(name, "").replace(",", " ").split()
    try:
        return ",".join(str(ipaddress.IPv4Network(part)) for part in parts)
    except ValueError:
        raise SiteError(
            f"{name} must list IPv4 addresses or networks such as 192.0.2.0/24, not {given[name]!r}."
        ) from None


def read_destination(text: str, name: str) -> str:
    """A destination as `sip:host` or `sip:host:port`.

    Raises:
        SiteError: it is not set to one.
    """
    found = _DESTINATION.fullmatch(text)
    if not found or (found[2] and not 1 <= int(found[2]) <= 65535):
        raise SiteError(f"{name} must be an address such as 127.0.0.1:5090 or sip:pbx.example.com:5060, not {text!r}.")
    return f"sip:{found[1]}:{found[2]}" if found[2] else f"sip:{found[1]}"


def network_of(destination: str) -> str:
    """The network of the address in a destination; "" if it has a name."""
    try:
        return str(ipaddress.IPv4Network(destination.removeprefix("sip:").partition(":")[0]))
    except ValueError:
        return ""


def read_choice(given: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of these texts, the first if it is not set.

    Raises:
        SiteError: it is not set to one.
    """
    text = given.get(name, choices[0])
    if text not in choices:
        raise SiteError(f"{name} must be {' or '.join(choices)}, not {text!r}.")
    return text


def plain_path(path: Path, name: str) -> Path:
    """The absolute path, if a configuration can contain it.

    Raises:
        SiteError: it contains a space, a quotation mark or the like.
    """
    absolute = path.resolve()
    if not _PATH.fullmatch(str(absolute)):
        raise SiteError(f"{name} must be a path with only letters, digits and _ . / + @ , = -, not {str(absolute)!r}.")
    return absolute
