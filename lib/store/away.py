"""Tells a database that is away from a bug of ours. Away: it does not answer, is full, or is read-only now.

Both come as errors of the driver. A database that is away comes back, so a step waits for it, a page says so and tries
again, and no connection from before is used again: one of SQLite would stay read-only.
"""

import contextlib
import sqlite3
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

_PERM, _BUSY, _LOCKED, _READ_ONLY, _IO, _FULL, _CANNOT_OPEN, _PROTOCOL = 3, 5, 6, 8, 10, 13, 14, 15
_SQLITE_AWAY = {_PERM, _BUSY, _LOCKED, _READ_ONLY, _IO, _FULL, _CANNOT_OPEN, _PROTOCOL}
_SQLITE_BROKEN = {_READ_ONLY, _IO, _FULL, _CANNOT_OPEN, _PROTOCOL}
_POSTGRES_READ_ONLY = "25006"
# Connection, rollback of a transaction, resources, operator intervention, system error.
_POSTGRES_AWAY = ("08", "40", "53", "55P03", "57", "58", "25P03", _POSTGRES_READ_ONLY)
_QUERY_CANCELLED = "57014"
_DEEP = 10


def is_away(error: BaseException | None) -> bool:
    """True when this error, or its cause, says that a database is away. It may be back at the next try."""
    for _ in range(_DEEP):
        if error is None:
            return False
        if isinstance(error, PoolExhausted) or (isinstance(error, DBAPIError) and _is_away(error)):
            return True
        error = error.__cause__
    return False


def _is_away(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    if (code := _sqlite_code(error.orig)) is not None:
        return code in _SQLITE_AWAY
    if state := getattr(error.orig, "sqlstate", None):
        return str(state).startswith(_POSTGRES_AWAY) and state != _QUERY_CANCELLED
    # No code of the server: it was never reached, or is gone.
    return isinstance(error, OperationalError | InterfaceError)


def _sqlite_code(error: BaseException | None) -> int | None:
    """The primary code of an error of SQLite, None for any other error."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF


def _drop_broken(context: Any) -> None:
    """Discard the connection that saw such an error, and all that were made before it.

    The step engine tries again what failed, too.
    """
    error = context.original_exception
    read_only = getattr(error, "sqlstate", None) == _POSTGRES_READ_ONLY
    broken = _sqlite_code(error) in _SQLITE_BROKEN
    if read_only or broken:
        context.is_disconnect = True
    if broken and context.connection is not None:
        # Closing alone would keep the write lock while somebody keeps the error: its frames refer to a cursor.
        with contextlib.suppress(sqlite3.Error):
            context.connection.connection.dbapi_connection.rollback()


# For every engine of the process: the step engine makes its own.
event.listen(Engine, "handle_error", _drop_broken)
