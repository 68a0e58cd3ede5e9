"""Say once in the log that something fails again and again, and then count: a line each second hides all others."""

import contextlib

import structlog

from lib.actions.durable import AWAY

log = structlog.get_logger(__name__)


class Trouble:
    """What the log hears of one duty that is done over and over: `<what> failed`, `<what> works again`."""

    def __init__(self, what: str, **told: object) -> None:
        self._what = what
        self._told = told
        self._why: str | None = None
        self._failures = 0

    def failed(self, error: Exception) -> None:
        """It failed: tells the first time, another reason, and from then on the tenth, the hundredth, and so on.

        A database that is away is one line. Anything else may be a bug, and its first line has a traceback.
        """
        why = reason(error)
        fresh = why != self._why
        self._why = why
        self._failures = 1 if fresh else self._failures + 1
        if fresh or set(str(self._failures)[1:]) == {"0"}:
            bug = fresh and not isinstance(error, (*AWAY, OSError))
            # A log that cannot be written (its disk is full, too) must not end the thread that looks after runs.
            with contextlib.suppress(OSError, ValueError):
                log.error(
                    f"{self._what} failed",
                    why=why,
                    failures=self._failures,
                    exc_info=error if bug else None,
                    **self._told,
                )

    def works(self) -> None:
        """It went well; told after failures."""
        if self._why is None:
            return
        with contextlib.suppress(OSError, ValueError):
            log.warning(f"{self._what} works again", why=self._why, failures=self._failures, **self._told)
        self._why, self._failures = None, 0


def reason(error: Exception) -> str:
    """The error in one line without values: a database that is away says which way, others their kind alone."""
    if isinstance(error, AWAY):
        text = str(getattr(error, "orig", None) or error).strip()
        return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
    return type(error).__name__
