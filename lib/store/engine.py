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
    # Prepared statements get a generic plan after a few runs, which ignores the trigram index (0.3 -> 255 ms).
    "prepare_threshold": None,
    # A server that disappears is noticed in seconds, not in the quarter of an hour that TCP would take.
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""How to connect to PostgreSQL, unless the URL says something else."""


def connect_args(url: str) -> dict[str, Any]:
    """How the driver connects to this database, where the URL does not say it. Empty for SQLite."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return {}
    return {name: value for name, value in _POSTGRES.items() if name not in parsed.query}


def make_engine(url: str) -> Engine:
    """An engine with the settings that each database needs. Creates the folder of a SQLite file.

    Write through `writing(engine)`: on SQLite it takes the write lock first, so that no reader becomes a writer later.
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
    # An error quotes the statement without its values: those are customers' names and addresses.
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
    """Create the file for its owner alone. SQLite gives its journals the same mode."""
    if database != ":memory:" and not database.startswith("file:"):
        make_folder(Path(database).parent)
        make_file(Path(database))


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that will write. On SQLite it has the write lock from its first statement.

    A connection from a time when the database was read-only is discarded first.
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
            # If a new connection can only read, the server is read-only now: let the server refuse.
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
    """Seconds since 1970 on the database's clock, the only clock that all replicas share."""
    if connection.dialect.name == "sqlite":
        moment = text("select (julianday('now') - 2440587.5) * 86400.0")
    else:
        moment = text("select extract(epoch from clock_timestamp())")
    return float(connection.execute(moment).scalar_one())
