"""Faults that tests switch on in a stand-in, and a count of its requests."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Self

ANY_SYSTEM = frozenset(
    {
        "latency",  # answers after `seconds`
        "drop_before",  # the connection ends and nothing was done
        "drop_after",  # the connection ends and everything was done
        "truncate",  # done, and the connection ends after half of the answer
        "broken_json",  # done, and half of the answer arrives as if it were complete
    }
)
"""The kinds that every stand-in has. `lib.standins.server.gateway` makes them happen."""
_REQUESTS_KEPT = 1000
_LONGEST_WAIT_SECONDS = 10


class InvalidFault(ValueError):
    """The description of a fault is wrong. The text says where."""


@dataclass
class Fault:
    """One fault for the requests whose `METHOD /path` begins with `match`. `times` None is until removed.

    It spares the first `after` of those requests. Each system has a subclass with its own kinds.
    """

    KINDS: ClassVar[frozenset[str]] = ANY_SYSTEM

    match: str
    kind: str
    times: int | None = None
    seconds: float = 0.0
    after: int = 0

    def __post_init__(self) -> None:
        if self.kind not in self.KINDS:
            raise InvalidFault(f"kind is one of {', '.join(sorted(self.KINDS))}")
        if self.times is not None and (not isinstance(self.times, int) or self.times < 1):
            raise InvalidFault("times is a positive whole number or null")
        if not isinstance(self.after, int) or self.after < 0:
            raise InvalidFault("after is a whole number from 0")

    @classmethod
    def from_json(cls, body: Any) -> Self:
        """The fault that a request describes.

        Raises:
            InvalidFault: a field is unknown, missing or wrong.
        """
        try:
            return cls(**body)
        except TypeError as error:
            raise InvalidFault(str(error).replace("Fault.__init__()", "a fault")) from None


class Faults:
    """The active faults and the requests so far, shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered = threading.Condition(self._lock)
        self._under_way = 0
        self._active: list[Fault] = []
        self._requests: deque[str] = deque(maxlen=_REQUESTS_KEPT)
        self._count = 0
        self._era = 0

    def add(self, fault: Fault) -> None:
        """Switch on a fault. Of several that match, the first one happens, besides any latency."""
        with self._lock:
            self._active.append(fault)

    def clear(self) -> None:
        """Switch off every fault. Requests that wait for a latency go on at once.

        Returns when every current request is answered, at the latest after ten seconds, so that none of them disturbs
        what comes next. Do not call it in the thread that serves the requests: it would wait for itself.
        """
        with self._answered:
            self._active.clear()
            self._era += 1
            self._answered.wait_for(lambda: self._under_way == 0, _LONGEST_WAIT_SECONDS)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Enter it around a request, from before its faults until its answer."""
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._answered:
                self._under_way -= 1
                self._answered.notify_all()

    @property
    def era(self) -> int:
        """How often the faults were cleared."""
        return self._era

    def strike(self, request: str) -> list[Fault]:
        """The faults for `METHOD /path`: any latencies, then at most one other. Counts their `times`."""
        struck: list[Fault] = []
        with self._lock:
            for fault in list(self._active):
                done = any(other.kind != "latency" for other in struck)
                if not request.startswith(fault.match) or (done and fault.kind != "latency"):
                    continue
                if fault.after:
                    fault.after -= 1
                    continue
                struck.append(fault)
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._active.remove(fault)
        return sorted(struck, key=lambda fault: fault.kind != "latency")

    def note(self, request: str) -> None:
        """Count a request. The last thousand are kept by name."""
        with self._lock:
            self._count += 1
            self._requests.append(request)

    def forget_requests(self) -> None:
        """Count from 0 again."""
        with self._lock:
            self._requests.clear()
            self._count = 0

    def requests(self) -> tuple[int, list[str]]:
        """The number of requests, and `METHOD /path` of the latest."""
        with self._lock:
            return self._count, list(self._requests)
