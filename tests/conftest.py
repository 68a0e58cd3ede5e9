"""Fixtures every test may use: a fresh, migrated Hub database on SQLite and on a real PostgreSQL."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from sqlalchemy import Engine, make_url

from lib.store import migrate
from lib.store.engine import make_engine

# For `make unit`: a fifth of the examples. `make test` tries all of them.
settings.register_profile("quick", max_examples=20)

SUPERUSER = "postgres"
LONGEST_FIRST = (
    "tests/faults/soak/",
    "tests/browser/",
    "tests/actions/",
    "tests/faults/",
    "tests/calls/",
    "test_sections_zuora_down",
    "test_zuora_sequences",
    "test_anonymous",
    "tests/pages/",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """The longest files first: a worker that gets one last keeps the others waiting."""

    def place(item) -> int:
        return next((at for at, part in enumerate(LONGEST_FIRST) if part in item.nodeid), len(LONGEST_FIRST))

    # A test that does not depend on the database runs once.
    items[:] = [one for one in items if not {"sqlite_only", "postgres"} <= {mark.name for mark in one.iter_markers()}]
    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """On CI a skipped test is a failure: nobody reads the list of skipped tests there."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _fail_on_ci(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """The same for a whole module that is skipped."""
    report = yield
    if report.skipped:
        _fail_on_ci(report)
    return report


def _fail_on_ci(report) -> None:
    if os.environ.get("CI", "").lower() != "true":
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"CI runs every test, but this one did not run. {reason}"


@pytest.fixture(autouse=True)
def _own_main() -> Iterator[None]:
    """Streamlit replaces `__main__` by the page it runs; a process started later would run that page first."""
    ours = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = ours


def _postgres_programs() -> Path | None:
    """The newest PostgreSQL of this machine."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not found and (initdb := shutil.which("initdb")):
        found = [Path(initdb).resolve().parent]
    return max(found, key=lambda path: [int(part) for part in path.parts if part.isdigit()], default=None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server that belongs to this test process alone; the URL names its `postgres` database."""
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: no initdb in /usr/lib/postgresql/*/bin or on PATH")
    # In memory where possible: hundreds of databases are created and dropped.
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="am-pg-", dir=memory if os.access(memory, os.W_OK) else None))
    account = {}
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        shutil.chown(folder, SUPERUSER, SUPERUSER)
        account = {"user": SUPERUSER, "group": SUPERUSER, "extra_groups": []}

    def run(program: str, *arguments: str) -> None:
        command = [programs / program, "-D", folder / "data", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60, check=False, **account)
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    port = _free_port()
    options = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": folder,
        "max_connections": 200,
        # The databases are gone after the test run, so nothing has to reach the disk.
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
    }
    try:
        run("initdb", "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        given = " ".join(f"-c {name}={value}" for name, value in options.items())
        # A log file, because a server that keeps our pipe open would never let `run` return.
        run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", given)
        try:
            yield f"postgresql+psycopg://{SUPERUSER}@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "stop", "-w", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def administer(postgres_url: str, statement: str) -> None:
    """Run a statement of an administrator on this server."""
    plain = postgres_url.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement)


def named(postgres_url: str, database: str) -> str:
    """The URL of a database of this server."""
    return make_url(postgres_url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("template") / "hub.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _postgres_template(postgres_url) -> str:
    administer(postgres_url, "create database template_hub")
    migrate.upgrade(named(postgres_url, "template_hub"))
    return "template_hub"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_database_url(request, tmp_path) -> Iterator[str]:
    """A database without any table, once per kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        yield from _postgres_database(request.getfixturevalue("postgres_url"), "template0")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request, tmp_path) -> Iterator[str]:
    """A migrated database without any row, once per kind."""
    with database_of_kind(request, tmp_path) as url:
        yield url


@contextmanager
def database_of_kind(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """A migrated database without any row, of the kind that is the parameter of the fixture; dropped afterwards."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), folder / "hub.db")
        yield f"sqlite:///{folder / 'hub.db'}"
    else:
        template = request.getfixturevalue("_postgres_template")
        yield from _postgres_database(request.getfixturevalue("postgres_url"), template)


def _postgres_database(postgres_url: str, template: str) -> Iterator[str]:
    name = f"hub_{uuid.uuid4().hex}"
    administer(postgres_url, f"create database {name} template {template}")
    yield named(postgres_url, name)
    administer(postgres_url, f"drop database {name} with (force)")


@pytest.fixture
def engine(database_url) -> Iterator[Engine]:
    """The engine of a migrated, empty database."""
    made = make_engine(database_url)
    yield made
    made.dispose()
