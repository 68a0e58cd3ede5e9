"""Which host a request is for, and which page it comes from."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """A host as a browser names it, with its port if it names one."""

    name: str
    port: int | None = None

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port is None else f"{name}:{self.port}"


def read_host(text: str) -> Address | None:
    """A Host header or an entry of `AM_ALLOWED_HOSTS`; None when it is neither a name nor an IP address.

    Upper and lower case, a dot at the end and the spellings of an IPv6 address make no difference.
    """
    found = _HOST.fullmatch(text)
    if found is None:
        return None
    name = _name(found["name"])
    port = int(found["port"]) if found["port"] else None
    if name is None or (port is not None and not 0 < port < 65536):
        return None
    return Address(name, port)


def is_allowed(host: Address, allowed: Iterable[Address]) -> bool:
    """Whether one of the entries names this host. An entry without a port allows every port."""
    return any(one.name == host.name and one.port in (None, host.port) for one in allowed)


def is_same_origin(origin: str, host: Address, *, encrypted: bool) -> bool:
    """Whether a page with this Origin belongs to the host that the request is for.

    `encrypted` is True when the request is known to have come over TLS: then a page without TLS is refused. It is not
    always known, because a proxy may end TLS in front of us.
    """
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in _DEFAULT_PORTS or origin != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
        return False
    if encrypted and parts.scheme != "https":
        return False
    page = read_host(parts.netloc)
    usual = _DEFAULT_PORTS[parts.scheme]
    return page is not None and page.name == host.name and (port or usual) == (host.port or usual)


def _name(text: str) -> str | None:
    if text.startswith("["):
        try:
            return ipaddress.IPv6Address(text[1:-1]).compressed
        except ValueError:
            return None
    return text.lower().removesuffix(".") or None
