"""Connections to the Hub database: SQLite (WAL) by default, PostgreSQL by URL."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, RootTransaction, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from lib.private import make_file, make_folder
from lib.store import (
    away,  # noqa: F401 - from here on no connection that broke is used again
    folding,
)

_MADE_AT = "made_at"
_CAN_WRITE = text("select current_setting('transaction_read_only') = 'off'")


_POSTGRES: dict[str, Any] = {
    # Prepared statements turn generic after a few runs and then ignore the trigram index (0.3 -> 255 ms).
    "prepare_threshold": None,
    # A server that is gone without a word is noticed in seconds, not in the quarter of an hour TCP would take.
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""How to connect to PostgreSQL, unless the URL says otherwise."""


def connect_args(url: str) -> dict[str, Any]:
    """How a driver is to connect to this database, where the URL does not say it; nothing for SQLite."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return {}
    return {name: value for name, value in _POSTGRES.items() if name not in parsed.query}


def make_engine(url: str) -> Engine:
    """An engine with the settings each database needs; makes the folder of a SQLite file.

    Write through `writing(engine)`: on SQLite it takes the write lock first, so a reader never turns writer half-way.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, parsed.database)
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(
        parsed,
        pool_pre_ping=True,
        pool_size=10,
        pool_timeout=10,
        hide_parameters=True,
        connect_args=connect_args(url),
    )

    @event.listens_for(engine, "connect")
    def _note(_connection: Any, record: Any) -> None:
        record.info[_MADE_AT] = time.monotonic()

    return engine


def _sqlite(url: str, database: str | None) -> Engine:
    if database:
        _make_private(database)
    # An error names the statement, never the values in it: they are customers' names and addresses.
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # SQLAlchemy's own BEGIN (below) decides when a transaction starts, not the driver.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "busy_timeout=30000", "foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        folding.prepare_sqlite(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _make_private(database: str) -> None:
    """A new file would have the mode of the umask, and SQLite gives its journals the mode of the database."""
    if database != ":memory:" and not database.startswith("file:"):
        make_folder(Path(database).parent)
        make_file(Path(database))


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that will write. On SQLite it holds the write lock from its first statement.

    A connection that was made while the database could only be read is dropped here, before anything is done.
    """
    connection, transaction = _begun(engine)
    with connection, transaction:
        yield connection


def _begun(engine: Engine) -> tuple[Connection, RootTransaction]:
    began, failed = time.monotonic(), False
    while True:
        connection = engine.connect().execution_options(write=True)
        try:
            transaction = connection.begin()
            # One that was made just now and can only read says what the server is now: let it refuse by itself.
            if _can_write(connection) or connection.info.get(_MADE_AT, began) >= began:
                return connection, transaction
            connection.invalidate()
        except BaseException as error:
            connection.close()
            if failed or not (isinstance(error, DBAPIError) and error.connection_invalidated):
                raise
            failed = True
        else:
            connection.close()


def _can_write(connection: Connection) -> bool:
    if connection.dialect.name != "postgresql":
        return True  # SQLite said so when it took the write lock
    return bool(connection.execute(_CAN_WRITE).scalar_one())


def database_now(connection: Connection) -> float:
    """Seconds since 1970 on the database's own clock, the one clock all replicas share."""
    if connection.dialect.name == "sqlite":
        moment = text("select (julianday('now') - 2440587.5) * 86400.0")
    else:
        moment = text("select extract(epoch from clock_timestamp())")
    return float(connection.execute(moment).scalar_one())
