"""Zuora's own faults."""

from dataclasses import dataclass
from typing import ClassVar

from lib.standins.server import faults
from lib.standins.server.faults import ANY_SYSTEM, Faults, InvalidFault

__all__ = ["Fault", "Faults", "InvalidFault"]


@dataclass
class Fault(faults.Fault):
    """One fault for the requests whose `METHOD /path` begins with `match`: see `server.faults.Fault`."""

    KINDS: ClassVar[frozenset[str]] = ANY_SYSTEM | {
        "429",  # over the limit; Retry-After from `retry_after`, ratelimit-reset from `reset`
        "lock",  # lock contention, category 50
        "temporary",  # temporary error, category 61
        "html502",  # a gateway's page
        "html504",
        "success_false",  # HTTP 200 that is a failure; `code` and `message` may be given
        "expired_token",  # the request's token counts as expired from now on
        "unauthorized",  # 401, whatever the token
    }

    retry_after: float | None = None
    reset: float | None = None
    code: int = 50000030
    message: str = "The operation is not allowed."
