"""Reads whose failure is an answer like any other, alone or several at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lib.clients.errors import RemoteError

T = TypeVar("T")
AT_ONCE = 8


def outcome(read: Callable[[], T]) -> T | RemoteError:
    """What the read returned, or the error it raised, for whoever decides later what a failure means."""
    try:
        return read()
    except RemoteError as error:
        return error


def read_side_by_side(*reads: Callable[[], T]) -> list[T | RemoteError]:
    """What each of the reads returned, or the error it raised, in their order; one error loses no other.

    An error that is not from `lib.clients.errors` is a fault of ours. It is raised once all reads have ended.
    """
    if not reads:
        return []

    with ThreadPoolExecutor(min(AT_ONCE, len(reads)), thread_name_prefix="read") as pool:
        return list(pool.map(outcome, reads))
