"""Faults that tests switch on in the mail server."""

import threading

FAULTS = frozenset(
    {
        "connect",  # the connection ends before the greeting
        "busy",  # 451 to the sender: try later
        "auth",  # 535 to the right password
        "recipient",  # 550 to the recipient, quoting it as real servers do
        "drop_before",  # the connection ends at DATA, and nothing was kept
        "data",  # 554 to the message
        "drop_after",  # the message was kept, and the connection ends without an answer
    }
)


class Faults:
    """How often each fault will still happen, shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[str, int | None] = {}

    def add(self, kind: str, times: int | None) -> None:
        """Let it happen `times` times, None for until cleared.

        Raises:
            ValueError: there is no such fault, or `times` is below 1.
        """
        if kind not in FAULTS:
            raise ValueError(f"a fault is one of {', '.join(sorted(FAULTS))}")
        if times is not None and times < 1:
            raise ValueError("times is a positive whole number or None")
        with self._lock:
            self._left[kind] = times

    def clear(self) -> None:
        """Switch off every fault."""
        with self._lock:
            self._left.clear()

    def strikes(self, kind: str) -> bool:
        """True when the fault happens now. Counts it."""
        with self._lock:
            if kind not in self._left:
                return False
            left = self._left[kind]
            if left is not None:
                self._left[kind] = left - 1
                if left == 1:
                    del self._left[kind]
            return True
