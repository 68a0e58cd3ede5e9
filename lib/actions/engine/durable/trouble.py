"""Log a repeated failure once and then count it: one line a second would hide all others."""

import contextlib

import structlog

from lib.store.away import is_away

log = structlog.get_logger(__name__)


class Trouble:
    """What the log says about one duty that is repeated: `<what> failed`, `<what> works again`."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._kind: str | None = None
        self._failures = 0

    def failed(self, error: Exception) -> None:
        """It failed. Logged the first time, and then the tenth, the hundredth, and so on.

        A database that is away is one line. Anything else may be a bug, and its first line says where it is.
        """
        # A database that goes away raises several kinds of error, one after the other.
        away = is_away(error)
        kind = "away" if away else type(error).__name__
        self._failures = self._failures + 1 if kind == self._kind else 1
        self._kind = kind
        if str(self._failures).rstrip("0") == "1":
            bug = self._failures == 1 and not away and not isinstance(error, OSError)
            # A log that cannot be written, as its disk is full too, must not end the thread that looks after runs.
            with contextlib.suppress(OSError, ValueError):
                log.error(
                    f"{self._what} failed",
                    why=reason(error),
                    failures=self._failures,
                    exc_info=error if bug else None,
                )

    def works(self) -> None:
        """It worked; logged after failures."""
        if self._kind is None:
            return
        with contextlib.suppress(OSError, ValueError):
            log.warning(f"{self._what} works again", failures=self._failures)
        self._kind, self._failures = None, 0


def reason(error: Exception) -> str:
    """The error in one line without values: in full for a database that is away, else only its kind."""
    if is_away(error):
        text = str(getattr(error, "orig", None) or error).strip()
        return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
    return type(error).__name__
