"""A change is done when it can be read back. A read can lag behind the write."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
W = TypeVar("W")
LONGEST_WAIT = 2.0
_FIRST_PART = 100
"""The first wait is this part of the time given. Each further one is twice as long."""


def read_until(read: Callable[[], T], enough: Callable[[T], bool], seconds: float) -> tuple[T, bool]:
    """Read at once, and again for up to `seconds` until it is `enough`.

    Returns the last value read, and whether it was enough. Errors of `read` go to the caller.
    """
    until = time.monotonic() + seconds
    wait = seconds / _FIRST_PART
    while True:
        seen = read()
        if enough(seen):
            return seen, True
        left = until - time.monotonic()
        if left <= 0:
            return seen, False
        # The last read is at the very end of the time.
        time.sleep(min(wait, left, LONGEST_WAIT))
        wait *= 2


def write_and_read_back(
    write: Callable[[], W], read: Callable[[], T], shows: Callable[[T], bool], seconds: float
) -> tuple[W, bool]:
    """Make a change and look for it for `seconds`. Returns what the write answered, and whether the change was seen.

    Errors go to the caller. One of `read` comes after the change was accepted.
    """
    written = write()
    return written, read_until(read, shows, seconds)[1]
