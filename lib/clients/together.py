"""Reads whose failure is a value like any other, one at a time or several at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lib.clients.errors import RemoteError

T = TypeVar("T")
AT_ONCE = 8


def outcome(read: Callable[[], T]) -> T | RemoteError:
    """What the read returned, or the error it raised, for a caller who decides later what a failure means."""
    try:
        return read()
    except RemoteError as error:
        return error


def read_side_by_side(*reads: Callable[[], T]) -> list[T | RemoteError]:
    """What each of the reads returned, or the error it raised, in their order.

    An error that is not from `lib.clients.errors` is a bug. It is raised when all reads have ended.
    """
    if not reads:
        return []

    with ThreadPoolExecutor(min(AT_ONCE, len(reads)), thread_name_prefix="read") as pool:
        return list(pool.map(outcome, reads))
