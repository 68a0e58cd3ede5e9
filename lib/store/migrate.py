"""Bring the Hub database to the schema of this code, or say how they differ.

`python -m lib migrate` calls it.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.schema import SchemaItem

from lib.private import make_file
from lib.store.engine import make_engine, writing
from lib.store.schema import metadata

FOLDER = Path(__file__).parent / "migrations"
TRIGRAM_INDEX = "ix_search_term_trigram"
FULL_TEXT_TABLE = "search_term_fts"
# Any constant that nothing else uses in this PostgreSQL database.
_ADVISORY_LOCK = 0x4143_4D47


def _ours(thing: SchemaItem, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """False for the tables of the search and of the step engine, which no metadata describes."""
    if kind == "table":
        foreign = getattr(thing, "schema", None) == "dbos" or str(name).startswith(("dbos", FULL_TEXT_TABLE))
        return not foreign
    return not (kind == "index" and name == TRIGRAM_INDEX)


OPTIONS: dict[str, Any] = {"include_object": _ours, "compare_type": True, "render_as_batch": True}
"""Options of every comparison and every new migration."""


def upgrade(url: str) -> None:
    """Create or upgrade the database. Any number of processes may call this at the same time."""
    config = _config()
    with migrating(url) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check(url: str) -> list[str]:
    """How the database differs from the schema, one line each. Empty when it is up to date."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts=OPTIONS)
            older = revision_difference(connection)
            found = [older] if older is not None else []
            return found + [repr(difference) for difference in compare_metadata(context, metadata)]
    finally:
        engine.dispose()


def revision_difference(connection: Connection) -> str | None:
    """Which schema the database has and which it should have. None when it has the newest."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    current = MigrationContext.configure(connection, opts=OPTIONS).get_current_revision()
    return None if current == head else f"revision is {current}, should be {head}"


@contextmanager
def migrating(url: str) -> Iterator[Connection]:
    """One transaction to migrate in. A second process waits here until the first is done."""
    engine = make_engine(url)
    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        # Batch mode drops and recreates tables, which foreign keys would refuse. They are checked below.
        event.listen(engine, "connect", _without_foreign_keys)
    try:
        with _only_one_process(url) if sqlite else nullcontext(), writing(engine) as connection:
            if not sqlite:
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield connection
            if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                raise RuntimeError(f"The migration was undone: it breaks {len(broken)} foreign keys: {broken[:3]}")
    finally:
        engine.dispose()


@contextmanager
def _only_one_process(url: str) -> Iterator[None]:
    """A lock file next to the SQLite file: switching a new file to WAL does not wait for SQLite's locks."""
    path = make_url(url).database
    if not path or path == ":memory:":
        yield
        return
    lock_file = Path(f"{path}-migrate")
    make_file(lock_file)
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _without_foreign_keys(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.close()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
