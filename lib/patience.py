"""How long to wait for an outside system: one value from the settings to the HTTP client."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for an outside system, and how often to ask it. All times are in seconds.

    One attempt, from connecting to the last byte of the answer, takes at most `read_seconds`. There are at most
    `attempts`, and none begins later than `retry_seconds` after the first. The wait before the second is random and at
    most `backoff_seconds`; that limit doubles with each attempt. `concurrency` is the number of requests at a time.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 60.0
    attempts: int = 4
    retry_seconds: float = 60.0
    backoff_seconds: float = 1.0
    concurrency: int = 20
