"""Where the log goes and what it may say, for our events and for those of every library in the process."""

import logging
import sys
import threading
from collections.abc import MutableMapping
from contextlib import suppress
from types import TracebackType
from typing import Any

import structlog

from lib.logs.digest import digest
from lib.settings import SettingsError

_TRACEBACK = "Traceback (most recent call last)"
_makes_records = logging.LogRecord


def configure(level: str) -> None:
    """One line for each event on standard error. Log ids and kinds, never names, addresses or secrets.

    Errors that libraries log are also written as id, kind and place, whatever logger and handler they use.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.setLogRecordFactory(_record)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_digest,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=_to_standard_error,
        cache_logger_on_first_use=False,
    )


def take_over(level: str = "INFO") -> None:
    """Configure, and also log in one line what nobody caught. For a process of ours, not one of tests."""
    configure(level)
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _uncaught_in_thread
    # Otherwise a message that cannot be formatted is shown with its values.
    logging.raiseExceptions = False
    # Streamlit logs the error of a page before it asks us. We log it with the id that the person sees.
    logging.getLogger("streamlit.error_util").addFilter(_is_not_of_a_page)


def _is_not_of_a_page(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("Uncaught app execution")


def _record(*args: Any, **keywords: Any) -> logging.LogRecord:
    record = _makes_records(*args, **keywords)
    if isinstance(record.args, tuple):
        record.args = tuple(_safe(one) for one in record.args)
    record.stack_info = None
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    record.exc_info = None
    if error is None and _TRACEBACK not in str(record.msg):
        return record
    try:
        said = record.getMessage()
    except (TypeError, ValueError):
        said = str(record.msg)
    said = _first_words(said, record.name)
    record.msg = f"{said} {digest(error)}" if error is not None else said
    record.args = None
    return record


def _first_words(said: str, logger: str) -> str:
    """A library's first line about an error. The rest, such as futures and arguments of a callback, has values."""
    line = next((one.strip() for one in said.partition(_TRACEBACK)[0].splitlines() if one.strip()), "an error")
    return line.partition("(")[0] if logger == "asyncio" else line


def _safe(value: object) -> object:
    """An error among the values of a message becomes its digest."""
    return digest(value) if isinstance(value, BaseException) else value


def _add_digest(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if error is not None:
        found = digest(error)
        event.setdefault("id", found.id)
        event["error"] = found.kind
        event["where"] = found.where
    return event


def _to_standard_error(*_: object) -> structlog.PrintLogger:
    # Looked up for each event, because servers and tests replace it.
    return _Patient(sys.stderr)


class _Patient(structlog.PrintLogger):
    """When the log cannot be written, because the disk is full or its reader is gone, work goes on."""

    def msg(self, message: str) -> None:
        """Write the line, or go on without it."""
        with suppress(OSError, ValueError):
            super().msg(message)

    log = debug = info = warn = warning = error = critical = fatal = exception = failure = err = msg


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if isinstance(error, SettingsError):
        sys.stderr.write(f"Not started: {error}\n")
    elif issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error.with_traceback(None), None)
    else:
        structlog.get_logger(__name__).error("nobody caught this", exc_info=error.with_traceback(trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        thread = args.thread.name if args.thread else "?"
        structlog.get_logger(__name__).error("a thread ended", thread=thread, exc_info=args.exc_value)


def _unraisable(args: Any) -> None:
    if args.exc_value is not None:
        structlog.get_logger(__name__).error("an error at the end of an object", exc_info=args.exc_value)
