"""Two servers deactivate accounts while their PostgreSQL is restarted, runs out of connections, and is read-only.

Not part of `make test`: `make soak` runs it. Nothing may be lost, done twice or failed, and work must go on at most a
minute after each trouble is over.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

from lib.store import audit, migrate, runs, schema
from lib.store.engine import make_engine
from tests.actions.conftest import wait_for
from tests.conftest import SUPERUSER, _free_port, _postgres_programs
from tests.faults.soak.checks import check_account, check_audit, check_outside
from tests.faults.soak.server import servers
from tests.faults.soak.world import World

ROUNDS = int(os.environ.get("SOAK_ROUNDS", "3"))
"""How often each trouble comes."""
SOON = 60.0
"""Seconds after the end of a trouble within which work must go on."""


class Cluster:
    """A PostgreSQL server of this test alone, and the troubles it can have."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs = _postgres_programs()
        self._port = _free_port()
        self._account = {}
        if os.geteuid() == 0:
            shutil.chown(folder, SUPERUSER, SUPERUSER)
            self._account = {"user": SUPERUSER, "group": SUPERUSER, "extra_groups": []}
        self._run("initdb", "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        (folder / "data" / "postgresql.auto.conf").write_text(
            f"listen_addresses = '127.0.0.1'\nport = {self._port}\nunix_socket_directories = '{folder}'\n"
            "max_connections = 60\nsuperuser_reserved_connections = 3\nfsync = off\n"
        )
        self.start()
        self.do("create role product login superuser")
        self.do("create database product owner product")
        self.url = f"postgresql+psycopg://product@127.0.0.1:{self._port}/product"

    def start(self) -> None:
        self._run("pg_ctl", "start", "-w", "-l", str(self._folder / "log"))

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-w", "-m", "immediate")

    def do(self, statement: str) -> None:
        plain = f"postgresql://{SUPERUSER}@127.0.0.1:{self._port}/postgres"
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, "-D", self._folder / "data", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=self._folder, timeout=60, check=False, **self._account
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    @contextmanager
    def restarted(self):
        """It stops without warning and is started again."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def full(self):
        """Every connection is ended, and others take all places."""
        taken = []
        self.do("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'product'")
        with suppress(psycopg.OperationalError):
            for _ in range(80):
                taken.append(psycopg.connect(self.url.replace("+psycopg", "").replace("/product", "/postgres")))
        try:
            yield
        finally:
            for one in taken:
                one.close()

    @contextmanager
    def read_only(self):
        """As after a failover to a standby; connections made in this time stay read-only."""
        for statement in ("alter database product set default_transaction_read_only = on", _END):
            self.do(statement)
        try:
            yield
        finally:
            self.do("alter database product reset default_transaction_read_only")


_END = "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'product'"


@pytest.fixture
def cluster():
    if _postgres_programs() is None:
        pytest.skip("PostgreSQL is not installed")
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="am-soak-", dir=memory if os.access(memory, os.W_OK) else None))
    made = None
    try:
        made = Cluster(folder)
        yield made
    finally:
        if made is not None:
            made.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(300 + ROUNDS * 400)
def test_databases_that_come_and_go(cluster, standin, sbc_standin, mail_standin, tmp_path):
    migrate.upgrade(cluster.url)
    engine = make_engine(cluster.url)
    world = World(engine, cluster.url, tmp_path, standin, sbc_standin, mail_standin)
    troubles = [cluster.restarted, cluster.full, cluster.read_only] * ROUNDS
    secrets.SystemRandom().shuffle(troubles)
    slowest = 0.0
    with servers(world, 2):
        for trouble in troubles:
            while world.waiting() < 2:
                world.add()
            before = _count(engine)
            wait_for(lambda seen=before: _count(engine), lambda now, seen=before: now > seen + 3, SOON)
            with trouble():
                time.sleep(secrets.SystemRandom().uniform(1, 12))
            over, at = time.monotonic(), _count(engine)
            wait_for(lambda: _count(engine), lambda now, seen=at: now > seen, SOON)
            slowest = max(slowest, time.monotonic() - over)
        wait_for(world.settled, bool, 300)
    _check(world)
    print(f"\n{len(troubles)} troubles, {len(world.closing)} accounts, the longest wait after one {slowest:.1f} s")
    engine.dispose()


def _count(engine) -> int:
    """How many events of steps there are: work goes on when the number grows."""
    event = schema.action_event
    with engine.connect() as connection:
        query = select(func.count()).select_from(event).where(event.c.step.is_not(None))
        return int(connection.execute(query).scalar_one())


def _check(world: World) -> None:
    with world.engine.connect() as connection:
        ids = connection.execute(select(schema.action_run.c.id)).scalars().all()
        ended = [runs.get_run(connection, run_id) for run_id in ids]
        assert {(run.state, run.error) for run in ended} == {("done", None)}
        assert sorted(run.account for run in ended) == sorted(world.closing)
        assert audit.verify_chain(connection) is None
        for run in ended:
            check_account(connection, world, run)
            check_audit(connection, world, run)
    check_outside(world, ())
