"""How much Zuora takes at once and in a time: concurrent requests by kind, sign-ins of an address, requests an hour."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MINUTE, HOUR = 60, 3600
REQUESTS_AN_HOUR = 2_250_000
POLICY = f"{REQUESTS_AN_HOUR}, 50000;w=60, {REQUESTS_AN_HOUR};w={HOUR}"
"""The header `ratelimit-limit`: the limit that counts now, and those by window in seconds."""


@dataclass(frozen=True)
class Place:
    """A request's place among those of its kind that are under way. `taken` is False when there was no place left."""

    kind: str
    limit: int
    remaining: int
    taken: bool


class Limits:
    """Counts what is under way and what came in; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._signed_in: dict[str, list[float]] = {}
        self._hour = 0
        self._requests = 0

    @contextmanager
    def place(self, kind: str, limit: int) -> Iterator[Place]:
        """A place for one request of this kind until it ends, of at most `limit` at a time."""
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
        """Count a sign-in from this address: how many are left in a minute, and the seconds to wait if none was.

        The second number is 0 when the sign-in may go on.
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
        """Count a request: how many are left in this hour, and in how many seconds the next one begins."""
        with self._lock:
            hour, into = divmod(int(time.time()), HOUR)
            if hour != self._hour:
                self._hour, self._requests = hour, 0
            self._requests += 1
            return max(0, REQUESTS_AN_HOUR - self._requests), HOUR - into

    def forget(self) -> None:
        """Forget the sign-ins and requests so far; what is under way keeps its place."""
        with self._lock:
            self._signed_in.clear()
            self._requests = 0
