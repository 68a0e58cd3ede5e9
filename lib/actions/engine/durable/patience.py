"""How long a run waits for a database that is away: minutes, then it ends as failed and can be resumed.

One place waits. A failover takes minutes, and a run that failed each time would have to be resumed by hand; a run that
waited for ever would hold one of the few workers. Nothing waits in a process that ends: the run goes on in another.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from lib.store.away import is_away

LONGEST_WAIT = 3.0
"""Seconds between two tries at most. A database that is back is used again this soon."""

GONE = "The Hub database could not be reached for too long. Resume when it answers again."

LONG_TRY = 60.0
"""Seconds after which a try that failed has worked before, not waited: no connection takes this long to time out."""

REFUSED = "What was done could not be recorded ({}). Look at the steps, then resume or abandon."


class Ending(BaseException):
    """This process is about to end, and what waits here is to end with it and without a record.

    Not an `Exception`: whoever keeps the errors of a step must not keep this one.
    """


class DatabaseGone(Exception):
    """Waiting has not helped, or would not; `str()` is the sentence for the run."""


class Patience:
    """The waiting of one process's runs."""

    def __init__(
        self, seconds: float, *, attempts: int, first_wait: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Wait for `seconds` from the first failure on, and try at least `attempts` times.

        When a try works for long, the database was back: its failure counts as the first one again.
        """
        self._seconds = seconds
        self._attempts = attempts
        self._first_wait = first_wait
        self._clock = clock
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
                raise  # the work has waited for itself
            except Exception as error:
                now = self._clock()
                if now - began > LONG_TRY:
                    made, wait, end = 0, self._first_wait, 0.0
                made += 1
                end = end or now + self._seconds
                if not is_away(error):
                    if isinstance(error, SQLAlchemyError):
                        # As it is, the engine would take it for its own trouble, and try for ever.
                        raise DatabaseGone(REFUSED.format(type(error).__name__)) from error
                    raise
                if made >= self._attempts and now >= end:
                    raise DatabaseGone(GONE) from error
            self.sleep(wait)
            wait *= 2
