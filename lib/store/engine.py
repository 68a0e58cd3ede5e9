"""Connections to the Hub database: SQLite (WAL) by default, PostgreSQL by URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

from lib.private import make_file, make_folder
from lib.store import folding


def make_engine(url: str) -> Engine:
    """An engine with the settings each database needs; makes the folder of a SQLite file.

    Write through `writing(engine)`: on SQLite it takes the write lock first, so a reader never turns writer half-way.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, parsed.database)
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    # Prepared statements turn generic after a few runs and then ignore the trigram index (0.3 -> 255 ms).
    return create_engine(
        parsed, pool_pre_ping=True, pool_size=10, hide_parameters=True, connect_args={"prepare_threshold": None}
    )


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
    """A transaction that will write. On SQLite it holds the write lock from its first statement."""
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        yield connection


def database_now(connection: Connection) -> float:
    """Seconds since 1970 on the database's own clock, the one clock all replicas share."""
    if connection.dialect.name == "sqlite":
        moment = text("select (julianday('now') - 2440587.5) * 86400.0")
    else:
        moment = text("select extract(epoch from clock_timestamp())")
    return float(connection.execute(moment).scalar_one())
