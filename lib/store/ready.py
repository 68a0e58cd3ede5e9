"""Checks by a write that changes nothing whether a database can be written to."""

import asyncio
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitedTooLong

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from lib.store.away import is_away
from lib.store.engine import writing

CACHE_SECONDS = 3.0
"""How long an answer is reused: there is one write in this time, however often somebody asks."""
WAIT_SECONDS = 5.0
"""How long to wait for the answer. A slower database is not ready."""
SLOW = f"a database has not answered for {WAIT_SECONDS:.0f} seconds"
# A line in the write-ahead log that nobody reads. PostgreSQL accepts it from a read-only user, too.
_MESSAGE = text(
    "select case current_setting('transaction_read_only') when 'off' "
    "then pg_logical_emit_message(true, 'account-manager', 'ready') is not null else false end"
)


def touch(connection: Connection) -> bool:
    """Write without changing anything. False when the database can only be read. Call it inside `writing`.

    Any other problem is raised, at the end of that transaction at the latest.
    """
    if connection.dialect.name == "postgresql":
        return bool(connection.execute(_MESSAGE).scalar_one())
    kept = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    connection.exec_driver_sql(f"PRAGMA user_version = {int(kept)}")
    return True


class WriteCheck:
    """Checks several databases, once at a time, and remembers the answer for some seconds."""

    def __init__(self, engines: Mapping[str, Engine], *, cache_seconds: float = CACHE_SECONDS) -> None:
        """`engines` by the name that people read."""
        self._engines = dict(engines)
        self._cache_seconds = cache_seconds
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="write-check")
        self._lock = threading.Lock()
        self._asked: Future[str | None] | None = None
        self._answered_at = 0.0

    def problem(self) -> str | None:
        """Which database cannot be written to, in a sentence. None when all of them can."""
        try:
            return self._question().result(timeout=WAIT_SECONDS)
        except WaitedTooLong:
            return SLOW

    async def problem_soon(self) -> str | None:
        """The same for a server's event loop. Callers that wait for a slow database use no thread."""
        try:
            # Shielded: one caller that stops waiting does not cancel the check for the others.
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._question())), WAIT_SECONDS)
        except TimeoutError:
            return SLOW

    def _question(self) -> Future[str | None]:
        with self._lock:
            stale = time.monotonic() - self._answered_at >= self._cache_seconds
            if self._asked is None or (self._asked.done() and stale):
                self._asked = self._pool.submit(self._ask)
            return self._asked

    def close(self) -> None:
        """Stop checking."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self) -> str | None:
        try:
            return next((found for name, engine in self._engines.items() if (found := _why(name, engine))), None)
        finally:
            self._answered_at = time.monotonic()


def _why(name: str, engine: Engine) -> str | None:
    try:
        with writing(engine) as connection:
            if not touch(connection):
                return f"{name} cannot be written to, only read"
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        return f"{name} cannot be written to ({kind})" if is_away(error) else f"{name} is broken ({kind})"
    return None
