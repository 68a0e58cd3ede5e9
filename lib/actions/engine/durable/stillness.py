"""For how long something that ought to move has stood still, on a clock that nobody can set."""

import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any


class Stillness:
    """Seconds without a change, for each of many values, as one process sees them.

    It never compares a time that was written down with another one: a wall clock may jump between the two. And only
    time in which somebody looked counts: who could not look for a minute, because the database was away, cannot know
    of a minute of silence.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked: float | None = None
        self._seen: dict[Hashable, tuple[Any, float]] = {}

    def look(self, seen: Mapping[Hashable, Any], *, longest: float) -> None:
        """Take in what each value is now. What is not among them is forgotten.

        `longest`: at most this many seconds count between two looks.
        """
        now = self._clock()
        passed = 0.0 if self._looked is None else min(now - self._looked, longest)
        self._looked = now
        before = self._seen
        self._seen = {
            key: (value, before[key][1] + passed if key in before and before[key][0] == value else 0.0)
            for key, value in seen.items()
        }

    def seconds(self, key: Hashable) -> float:
        """For how long this value has been what it is; 0.0 for one that was not among the last look's."""
        return self._seen[key][1] if key in self._seen else 0.0
