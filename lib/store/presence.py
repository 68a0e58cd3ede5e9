"""Whether a process is alive, by a lock that the operating system releases the moment its holder dies.

Only for SQLite, whose processes are all on one machine. There only the lock decides, not a beat or a clock: a process
that waits long for the database beats too late. On PostgreSQL nothing is locked and nothing is known.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from lib.store.engine import writing
from lib.store.runs import touch_run


class Presence:
    """The lock of one process, in a file next to the database."""

    def __init__(self, engine: Engine, executor_id: str) -> None:
        self._path = _path(engine, executor_id)
        self._file: int | None = None

    def hold(self) -> None:
        """Count as alive from now on. Locks again if somebody removed the file.

        Raises:
            OSError: the file cannot be made.
        """
        if self._path is None or (self._file is not None and _is_at(self._path, self._file)):
            return
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            # Another process that checks the lock holds it for a moment, and may remove the file.
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_at(self._path, file):
                break
            os.close(file)
        if self._file is not None:
            os.close(self._file)
        self._file = file

    def release(self) -> None:
        """End in an orderly way."""
        if self._path is None or self._file is None:
            return
        self._path.unlink(missing_ok=True)
        os.close(self._file)
        self._file = None


def is_known(engine: Engine) -> bool:
    """True when `is_present` decides whether a process is alive. Otherwise its beats do."""
    return _path(engine, "any") is not None


def is_present(engine: Engine, executor_id: str) -> bool:
    """True when the process is known to be alive. The file of a dead one is removed."""
    path = _path(engine, executor_id)
    if path is None:
        return False
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        if _is_at(path, file):
            path.unlink(missing_ok=True)
        return False
    finally:
        os.close(file)


@contextmanager
def taking_over(engine: Engine, run_id: str, executor_id: str | None) -> Iterator[None]:
    """Stop other processes from taking this run over from the dead process `executor_id`; None: from itself.

    PostgreSQL locks the run's row. SQLite could only lock out all writers, so there we hold the dead process's lock:
    others take it for alive.
    """
    if not is_known(engine):
        with writing(engine) as connection:
            touch_run(connection, run_id)
            yield
        return
    if executor_id is None:
        yield
        return
    dead = Presence(engine, executor_id)
    dead.hold()
    try:
        yield
    finally:
        dead.release()


def _is_at(path: Path, file: int) -> bool:
    """True when the open file is the one under this name."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    own = os.fstat(file)
    return (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino)


def _path(engine: Engine, executor_id: str) -> Path | None:
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return None
    database = Path(engine.url.database)
    return database.with_name(f"{database.name}-{re.sub(r'[^A-Za-z0-9.-]', '_', executor_id)}.alive")
