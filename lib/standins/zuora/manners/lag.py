"""Reads that lag behind writes: for a number of reads a changed record still shows its old values.

Only requests lag. The state itself, which tests read, is always current, and a change made there shows at once. Lists
of object queries do not lag.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
_readings: ContextVar[int] = ContextVar("readings", default=0)
_counted: ContextVar[set[tuple[str, str]] | None] = ContextVar("counted", default=None)


@dataclass
class _Old:
    row: Row
    left: int


class ReadLag:
    """The old values of records, for the reads that still show them."""

    def __init__(self) -> None:
        self._old: dict[tuple[str, str], _Old] = {}

    @contextmanager
    def writing(self, readings: int) -> Iterator[None]:
        """Enter it around a request that changes something. Its changes lag for that many reads."""
        token = _readings.set(readings)
        try:
            yield
        finally:
            _readings.reset(token)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Enter it around a request that reads. It counts once for each record it shows."""
        token = _counted.set(set())
        try:
            yield
        finally:
            _counted.reset(token)

    def keep(self, table: str, key: str, row: Row) -> None:
        """Keep `row` before the record changes. A change from outside shows at once."""
        readings = _readings.get()
        if readings < 1:
            self._old.pop((table, key), None)
            return
        before = self._old.get((table, key))
        self._old[table, key] = _Old(before.row if before else row, readings)

    def shown(self, table: str, key: str, row: Row) -> Row:
        """`row` as a read shows it."""
        counted, old = _counted.get(), self._old.get((table, key))
        if counted is None or old is None:
            return row
        if (table, key) not in counted:
            counted.add((table, key))
            old.left -= 1
            if old.left < 0:
                del self._old[table, key]
                return row
        return old.row

    def forget(self) -> None:
        """Show everything as it is now."""
        self._old.clear()
