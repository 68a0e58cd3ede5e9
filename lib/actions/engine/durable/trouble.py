"""Say once in the log that something fails again and again, and then count: a line each second hides all others."""

import contextlib

import structlog

from lib.store.away import is_away

log = structlog.get_logger(__name__)


class Trouble:
    """What the log says about one duty that is done over and over: `<what> failed`, `<what> works again`."""

    def __init__(self, what: str, **told: object) -> None:
        self._what = what
        self._told = told
        self._kind: str | None = None
        self._failures = 0

    def failed(self, error: Exception) -> None:
        """It failed. Logged the first time, and then the tenth, the hundredth, and so on.

        A database that is away is one line. Anything else may be a bug, and its first line says where it is.
        """
        # A database that goes away has many words for it, one after the other.
        away = is_away(error)
        kind = "away" if away else type(error).__name__
        self._failures = self._failures + 1 if kind == self._kind else 1
        self._kind = kind
        if str(self._failures).rstrip("0") == "1":
            bug = self._failures == 1 and not away and not isinstance(error, OSError)
            # A log that cannot be written (its disk is full, too) must not end the thread that looks after runs.
            with contextlib.suppress(OSError, ValueError):
                log.error(
                    f"{self._what} failed",
                    why=reason(error),
                    failures=self._failures,
                    exc_info=error if bug else None,
                    **self._told,
                )

    def works(self) -> None:
        """It went well; logged after failures."""
        if self._kind is None:
            return
        with contextlib.suppress(OSError, ValueError):
            log.warning(f"{self._what} works again", failures=self._failures, **self._told)
        self._kind, self._failures = None, 0


def reason(error: Exception) -> str:
    """The error in one line without values: a database that is away says which way, others their kind alone."""
    if is_away(error):
        text = str(getattr(error, "orig", None) or error).strip()
        return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
    return type(error).__name__
