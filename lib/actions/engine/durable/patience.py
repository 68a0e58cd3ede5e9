"""How long a run waits for a database that is away: minutes, then it fails and can be resumed.

A failover takes minutes, and nobody wants to resume every run by hand after one. A run that waited for ever would block
one of the few workers. Nothing waits in a process that ends: the run goes on in another.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from lib.store.away import is_away

LONGEST_WAIT = 3.0
"""At most this many seconds between two tries, so a database that is back is soon used again."""

GONE = "The Hub database was away for too long. Resume when it is back."

LONG_TRY = 60.0
"""A try that took more seconds than this worked before it failed: no connection takes this long to time out."""

REFUSED = "The outcome could not be recorded ({}). Check the steps, then resume or abandon."


class Ending(BaseException):
    """This process is about to end; what waits here ends with it, without a record.

    Not an `Exception`, so that nothing records it as the error of a step.
    """


class DatabaseGone(Exception):
    """Waiting did not help, or would not; `str()` is the sentence for the run."""


class Patience:
    """The waiting of one process's runs."""

    def __init__(
        self, seconds: float, *, attempts: int, first_wait: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Wait for `seconds` from the first failure on, and try at least `attempts` times.

        After a try that worked for long, the database was back: its failure counts as the first one again.
        """
        self._seconds = seconds
        self._attempts = attempts
        self._first_wait = first_wait
        self._clock = clock
        self._ending = threading.Event()

    def end(self) -> None:
        """End all waiting: it raises `Ending`."""
        self._ending.set()

    def sleep(self, seconds: float) -> None:
        """Wait for these seconds, at most `LONGEST_WAIT`.

        Raises:
            Ending: the process ends.
        """
        if self._ending.wait(min(seconds, LONGEST_WAIT)):
            raise Ending

    def carry(self, work: Callable[..., Any], *given: Any) -> Any:
        """Do it, and try again while a database is away.

        Raises:
            Ending: the process ends before the database is back.
            DatabaseGone: it was away for too long, also for the work itself, or the database refuses this for good.
            Exception: any other error, at once.
        """
        made, wait, end = 0, self._first_wait, 0.0
        while True:
            began = self._clock()
            try:
                return work(*given)
            except DatabaseGone:
                raise  # the work has already waited
            except Exception as error:
                now = self._clock()
                if now - began > LONG_TRY:
                    made, wait, end = 0, self._first_wait, 0.0
                made += 1
                end = end or now + self._seconds
                if not is_away(error):
                    if isinstance(error, SQLAlchemyError):
                        # Unchanged, the engine would take it for an error of its own and try for ever.
                        raise DatabaseGone(REFUSED.format(type(error).__name__)) from error
                    raise
                if made >= self._attempts and now >= end:
                    raise DatabaseGone(GONE) from error
            self.sleep(wait)
            wait *= 2
