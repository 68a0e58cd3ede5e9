"""The faults the SBC has besides those of every system."""

from dataclasses import dataclass
from typing import ClassVar

from lib.standins.server import faults
from lib.standins.server.faults import ANY_SYSTEM

__all__ = ["Fault"]


@dataclass
class Fault(faults.Fault):
    """One fault for the requests whose `METHOD /path` begins with `match`, as `server.faults.Fault` says."""

    KINDS: ClassVar[frozenset[str]] = ANY_SYSTEM | {
        "database",  # 503, its database does not answer; nothing was done
        "unauthorized",  # 401 whatever the token
        "address",  # 403, asked from where nobody may ask
        "html502",  # the page of a proxy in front of it
    }
