"""Which runs a thread of this process carries out: at most one thread a run."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class RunThreads:
    """The threads of this process, by the run they are for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._here: Counter[str] = Counter()
        self._moving: set[str] = set()

    @contextmanager
    def moving(self, run_id: str) -> Iterator[None]:
        """Carry out the run inside it. Waits for another thread of this process that has the run.

        There are two when a run was taken over from this process and came back while the first thread was in a step:
        that thread can no longer record the step, and ends.
        """
        with self._changed:
            self._here[run_id] += 1
            self._changed.wait_for(lambda: run_id not in self._moving)
            self._moving.add(run_id)
        try:
            yield
        finally:
            with self._changed:
                self._moving.discard(run_id)
                self._here[run_id] -= 1
                if not self._here[run_id]:
                    del self._here[run_id]
                self._changed.notify_all()

    def has(self, run_id: str) -> bool:
        """True while a thread carries out the run, or waits to."""
        with self._changed:
            return run_id in self._here

    def any(self) -> bool:
        """True while any run has a thread."""
        with self._changed:
            return bool(self._here)
