"""A change is done when it can be read back, and a reading can lag behind the write."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
W = TypeVar("W")
LONGEST_WAIT = 2.0
_FIRST_PART = 100
"""The first wait is this part of the patience, and each further one is twice as long."""


def read_until(read: Callable[[], T], enough: Callable[[T], bool], seconds: float) -> tuple[T, bool]:
    """Read at once and, while it is not `enough`, again and again for `seconds`.

    Returns the last reading, and whether it was enough. An error of `read` is the caller's.
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
        # The last look is at the end of the patience, not somewhere before it.
        time.sleep(min(wait, left, LONGEST_WAIT))
        wait *= 2


def write_and_read_back(
    write: Callable[[], W], read: Callable[[], T], shows: Callable[[T], bool], seconds: float
) -> tuple[W, bool]:
    """Make a change, and look for it for `seconds`; what the write said, and whether the change was seen.

    Every error is the caller's. One of `read` comes after the change was accepted.
    """
    written = write()
    return written, read_until(read, shows, seconds)[1]
