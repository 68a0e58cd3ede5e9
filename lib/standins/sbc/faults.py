"""The SBC's own faults."""

from dataclasses import dataclass
from typing import ClassVar

from lib.standins.server import faults
from lib.standins.server.faults import ANY_SYSTEM

__all__ = ["Fault"]


@dataclass
class Fault(faults.Fault):
    """One fault for the requests whose `METHOD /path` begins with `match`: see `server.faults.Fault`."""

    KINDS: ClassVar[frozenset[str]] = ANY_SYSTEM | {
        "database",  # 503, its database does not answer; nothing was done
        "unauthorized",  # 401, whatever the token
        "address",  # 403, from an address that is not allowed
        "html502",  # the page of a proxy in front of it
    }
