import logging
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, inspect, select, text

from lib.store import migrate
from lib.store.audit import append_event
from lib.store.engine import make_engine, writing
from lib.store.runs import recent_runs
from lib.store.schema import action_run, metadata


def _shape(engine):
    """Everything the database says about our tables, comparable between two databases."""
    inspector = inspect(engine)
    shape = {}
    for table in metadata.tables:
        columns = [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)]
        indexes = [
            {**index, "dialect_options": {key: str(value) for key, value in index["dialect_options"].items()}}
            for index in inspector.get_indexes(table)
            if index["name"] != migrate.TRIGRAM_INDEX
        ]
        shape[table] = {
            "columns": columns,
            "primary key": inspector.get_pk_constraint(table),
            "indexes": sorted(indexes, key=lambda index: index["name"]),
            "unique": sorted(inspector.get_unique_constraints(table), key=lambda u: u["name"]),
            "checks": sorted(inspector.get_check_constraints(table), key=lambda c: c["name"]),
            "foreign keys": sorted(inspector.get_foreign_keys(table), key=lambda f: f["name"]),
        }
    return shape


@pytest.fixture
def migrated(empty_database_url):
    migrate.upgrade(empty_database_url)
    engine = make_engine(empty_database_url)
    yield engine
    engine.dispose()


def test_upgrade_makes_exactly_the_tables_of_the_schema(migrated):
    by_migration = _shape(migrated)
    with migrated.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            table.drop(connection)
        metadata.create_all(connection)
    assert by_migration == _shape(migrated)


def test_nothing_differs_after_an_upgrade(migrated, empty_database_url):
    assert migrate.check(empty_database_url) == []
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={**migrate.OPTIONS, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_check_names_what_differs(migrated, empty_database_url):
    with migrated.begin() as connection:
        connection.execute(text("drop index ix_search_term_kind_term"))
    (line,) = migrate.check(empty_database_url)
    assert "ix_search_term_kind_term" in line


def test_check_of_an_empty_database_names_the_revision(empty_database_url):
    assert "revision is None" in migrate.check(empty_database_url)[0]


def test_tables_of_the_step_engine_are_not_ours(migrated, empty_database_url):
    with migrated.begin() as connection:
        connection.execute(text("create table dbos_workflows (id integer primary key)"))
    assert migrate.check(empty_database_url) == []


def test_upgrading_twice_changes_nothing(migrated, empty_database_url):
    migrate.upgrade(empty_database_url)
    assert migrate.check(empty_database_url) == []


@pytest.mark.process
def test_processes_that_start_together_all_succeed(empty_database_url):
    code = "import sys; from lib.store import migrate; migrate.upgrade(sys.argv[1])"
    command = [sys.executable, "-c", code, empty_database_url]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    errors = [process.communicate(timeout=60)[1] for process in started]
    assert [process.returncode for process in started] == [0] * 4, errors
    assert migrate.check(empty_database_url) == []


def test_a_migration_that_fails_leaves_nothing_behind(empty_database_url):
    with pytest.raises(ZeroDivisionError), migrate.migrating(empty_database_url) as connection:
        metadata.create_all(connection)
        raise ZeroDivisionError
    engine = make_engine(empty_database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_migration_that_breaks_a_foreign_key_is_undone(tmp_path):
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    migrate.upgrade(url)
    orphan = "insert into snapshot values (7, 'zuora', 'account', '{}', '2026-01-01')"
    with pytest.raises(RuntimeError, match="breaks 1 foreign keys"), migrate.migrating(url) as connection:
        connection.execute(text(orphan))
    with migrate.migrating(url) as connection:
        assert connection.execute(text("select count(*) from snapshot")).scalar_one() == 0


def test_upgrade_leaves_logging_alone(empty_database_url):
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("lib.store").disabled)
    migrate.upgrade(empty_database_url)
    assert (root.level, list(root.handlers), logging.getLogger("lib.store").disabled) == before


def test_older_runs_get_the_order_of_the_audit(migrated, empty_database_url):
    """A clock was set back between the two, so by their times the order would be wrong."""
    run = {
        "kind": "rename",
        "account": "104233",
        "actor": "lead@example.com",
        "actor_name": "Lee",
        "params": {},
        "plan": {},
        "steps": [],
        "state": "done",
        "touched": 1.0,
    }
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with writing(migrated) as connection:
        for name, at in (("first", noon), ("second", noon - timedelta(hours=1))):
            connection.execute(insert(action_run).values(id=name, created_at=at, closed_at=at, **run))
            append_event(connection, kind="rename", phase="started", actor="lead@example.com", run_id=name)
    config = migrate._config()
    with migrate.migrating(empty_database_url) as connection:
        config.attributes["connection"] = connection
        # One step below the migration that numbers them, even after later migrations.
        command.downgrade(config, "0010-1")
    migrate.upgrade(empty_database_url)
    with migrated.connect() as connection:
        counted = select(action_run.c.id, action_run.c.sequence).order_by(action_run.c.sequence)
        assert connection.execute(counted).all() == [("first", 1), ("second", 2)]
        assert [one.id for one in recent_runs(connection, "104233")] == ["second", "first"]
