"""For how long a value has not changed, on a clock that nobody can set."""

import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any


class Stillness:
    """Seconds without a change, for each of many values, as one process sees them.

    Recorded times are never compared: a wall clock may jump. And only time with looks counts: a process that could not
    look for a minute, because the database was away, does not know what was quiet in it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked: float | None = None
        self._seen: dict[Hashable, tuple[Any, float]] = {}

    def look(self, seen: Mapping[Hashable, Any], *, longest: float) -> None:
        """Record what each value is now, and forget the others. At most `longest` seconds count between two looks."""
        now = self._clock()
        passed = 0.0 if self._looked is None else min(now - self._looked, longest)
        self._looked = now
        before = self._seen
        self._seen = {
            key: (value, before[key][1] + passed if key in before and before[key][0] == value else 0.0)
            for key, value in seen.items()
        }

    def seconds(self, key: Hashable) -> float:
        """For how long this value has not changed; 0.0 for one that was missing from the last look."""
        return self._seen[key][1] if key in self._seen else 0.0
