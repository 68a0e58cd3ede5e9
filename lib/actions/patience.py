"""How long a run waits for a database that is away: minutes, then it ends as failed and can be resumed.

One place waits. A failover takes minutes, and a run that failed each time would have to be resumed by hand; a run that
waited for ever would hold one of the few workers. Nothing waits in a process that ends: the run goes on in another.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from lib.store.away import is_away

LONGEST_WAIT = 3.0
"""Seconds between two tries at most: so soon after its return is a database used again."""


class Ending(BaseException):
    """This process is about to end, and what waits here is to end with it and without a record.

    Not an `Exception`: whoever keeps the errors of a step must not keep this one.
    """


class Patience:
    """The waiting of one process's runs."""

    def __init__(self, seconds: float, *, attempts: int, first_wait: float) -> None:
        """Wait for `seconds` from the first failure on, and in any case for so many `attempts`."""
        self._seconds = seconds
        self._attempts = attempts
        self._first_wait = first_wait
        self._ending = threading.Event()

    def end(self) -> None:
        """Wait no longer: whoever waits raises `Ending`."""
        self._ending.set()

    def sleep(self, seconds: float) -> None:
        """Wait, but not for long.

        Raises:
            Ending: the process ends.
        """
        if self._ending.wait(min(seconds, LONGEST_WAIT)):
            raise Ending

    def carry(self, work: Callable[..., Any], *given: Any) -> Any:
        """Do it, again and again while a database is away.

        Raises:
            Ending: the process ends before the database is back.
            Exception: the last error, when patience is at an end, and at once any that means something else.
        """
        made, wait, end = 0, self._first_wait, 0.0
        while True:
            try:
                return work(*given)
            except Exception as error:
                made += 1
                now = time.monotonic()
                end = end or now + self._seconds
                if not is_away(error) or (made >= self._attempts and now >= end):
                    raise
            self.sleep(wait)
            wait *= 2
