"""Split long work into pieces that an outside system or a database accepts at once."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in order, in lists of `size`. The last list may be shorter."""
    rest = iter(items)
    while piece := list(islice(rest, size)):
        yield piece
