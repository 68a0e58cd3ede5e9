"""Zuora's limits: concurrent requests of a kind, sign-ins of an address in a minute, requests in an hour."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MINUTE, HOUR = 60, 3600
REQUESTS_AN_HOUR = 2_250_000
POLICY = f"{REQUESTS_AN_HOUR}, 50000;w=60, {REQUESTS_AN_HOUR};w={HOUR}"
"""The header `ratelimit-limit`: the current limit, and the limits by window in seconds."""


@dataclass(frozen=True)
class Place:
    """A request among the current ones of its kind. `taken` is False when there were too many."""

    kind: str
    limit: int
    remaining: int
    taken: bool


class Limits:
    """Counts current and past requests. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._signed_in: dict[str, list[float]] = {}
        self._hour = 0
        self._requests = 0

    @contextmanager
    def place(self, kind: str, limit: int) -> Iterator[Place]:
        """Enter it around a request: at most `limit` of this kind at a time."""
        with self._lock:
            taken = self._running[kind] < limit
            self._running[kind] += taken
            found = Place(kind, limit, max(0, limit - self._running[kind]), taken)
        try:
            yield found
        finally:
            with self._lock:
                self._running[kind] -= taken

    def sign_in(self, address: str, limit: int) -> tuple[int, float]:
        """Count a sign-in from this address. Returns how many are left in the minute, and the seconds to wait.

        The seconds are 0 when the sign-in may go on.
        """
        with self._lock:
            now = time.monotonic()
            recent = [at for at in self._signed_in.get(address, ()) if now - at < MINUTE]
            wait = MINUTE - (now - recent[0]) if len(recent) >= limit else 0.0
            if not wait:
                recent.append(now)
            self._signed_in[address] = recent
            return max(0, limit - len(recent)), wait

    def count(self) -> tuple[int, int]:
        """Count a request. Returns how many are left in this hour, and in how many seconds the next hour begins."""
        with self._lock:
            hour, into = divmod(int(time.time()), HOUR)
            if hour != self._hour:
                self._hour, self._requests = hour, 0
            self._requests += 1
            return max(0, REQUESTS_AN_HOUR - self._requests), HOUR - into

    def forget(self) -> None:
        """Forget past sign-ins and requests, but not the current ones."""
        with self._lock:
            self._signed_in.clear()
            self._requests = 0
