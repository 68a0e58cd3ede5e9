"""kill -9 during deactivations: each ends as planned, nothing is done twice, and the audit has all that was done."""

import asyncio
import os
import secrets
import shutil
import signal
import threading
import time

import pytest
from sqlalchemy import select

from lib.standins.zuora.manners.faults import Fault
from lib.store import schema
from lib.store.engine import make_engine
from tests.actions.conftest import wait_for
from tests.faults import machine
from tests.faults.soak.checks import check
from tests.faults.soak.kills import soak
from tests.faults.soak.process import POINTS
from tests.faults.soak.server import servers, start
from tests.faults.soak.world import World

KILLS = int(os.environ.get("SOAK_KILLS", "6"))
TROUBLES = tuple(os.environ.get("SOAK_TROUBLES", "").split())
"""What else happens to the machine; see `tests/faults/machine.py`. `make test` only kills."""


@pytest.fixture
def world(place, standin, sbc_standin, mail_standin):
    engine, database_url, folder, troubles = place
    made = World(engine, database_url, folder, standin, sbc_standin, mail_standin, troubles=troubles)
    made.add(closing=False)
    # Long enough that some kills happen during an order, as with the real Zuora.
    standin.switches.order_seconds = 0.15
    yield made
    standin.switches.order_seconds = 0


@pytest.fixture
def place(engine, database_url, tmp_path):
    """The database, the folder of the servers, and the troubles they may have. Only the disk of SQLite can be
    filled.
    """
    if "disk" not in TROUBLES or engine.dialect.name != "sqlite":
        yield engine, database_url, tmp_path, tuple(one for one in TROUBLES if one != "disk")
        return
    folder = tmp_path / "small"
    folder.mkdir()
    with machine.small_disk(folder):
        shutil.copy(engine.url.database, folder / "hub.db")
        url = f"sqlite:///{folder / 'hub.db'}"
        small = make_engine(url)
        yield small, url, folder, TROUBLES
        small.dispose()


@pytest.fixture(scope="module")
def table():
    """What each soak did, printed at the end."""
    rows = []
    yield rows
    print(f"\n\n{'database':12}{'servers':>8}{'kills':>7}{'accounts':>10}{'steps repeated':>16}{'seconds':>9}")
    for database, count, kills, deactivated, repeated, seconds in rows:
        print(f"{database:12}{count:8}{kills:7}{deactivated:10}{repeated:16}{seconds:9.0f}")


@pytest.mark.timeout(180 + 35 * KILLS)
@pytest.mark.parametrize("count", [1, 2], ids=["one server", "two servers"])
def test_kills_at_random_moments(world, table, count):
    seed = int(os.environ.get("SOAK_SEED", secrets.randbelow(1_000_000)))
    database = world.engine.dialect.name
    print(f"\n{database}, servers: {count}, kills: {KILLS}, SOAK_SEED={seed}", flush=True)
    began = time.monotonic()
    with servers(world, count) as living:
        killed = soak(world, living, KILLS, seed)
    assert len(killed) == KILLS
    repeated = check(world, killed)
    table.append((database, count, KILLS, len(world.closing), repeated, time.monotonic() - began))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_kill_between_each_deed_and_its_record(world):
    """One run, killed on each server that takes it over."""
    world.dead_seconds = 1
    world.add()
    killed = {}
    for point in POINTS:
        victim = start(world, point)
        try:
            assert victim.pipe.poll(60), f"no server came to {point}"
            assert victim.pipe.recv() == point
        finally:
            killed[victim.executor] = victim.kill()
    with servers(world, 1):
        wait_for(world.settled, bool, 60)
    # All but the step whose end was in the audit were begun again.
    assert check(world, killed) == len(POINTS) - 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_process_that_lives_and_cannot_say_so_keeps_its_run(world):
    """Such as a process that waits long for the database. Once it is killed, another one takes the run over."""
    world.dead_seconds = 0.5
    world.add()
    silent = start(world, "rules")
    try:
        assert silent.pipe.poll(60)
        assert silent.pipe.recv() == "rules"
        os.kill(silent.process.pid, signal.SIGSTOP)
        with servers(world, 1):
            time.sleep(2)
            with world.engine.connect() as connection:
                begun = select(schema.action_event.c.executor).where(schema.action_event.c.phase == "begin")
                assert set(connection.execute(begun).scalars()) == {silent.executor}
            killed = {silent.executor: silent.kill()}
            wait_for(world.settled, bool, 60)
    finally:
        silent.kill()
    assert check(world, killed) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_kill_while_zuora_is_at_it(world, monkeypatch):
    """The step is repeated before the first order has an outcome: the idempotency key must show that it is the same
    order.
    """
    world.dead_seconds = 1
    world.add()
    done = threading.Event()

    async def at_it(_scope, _seconds):
        while not done.is_set():
            await asyncio.sleep(0.02)

    def orders():
        return world.zuora.state.faults.requests()[1].count("POST /v1/orders")

    monkeypatch.setattr("lib.standins.zuora.subscriptions.orders.linger", at_it)
    try:
        with servers(world, 1) as (victim,):
            wait_for(orders, lambda sent: sent == 1, 60)
            killed = {victim.executor: victim.kill()}
        with servers(world, 1):
            wait_for(orders, lambda sent: sent == 2, 60)
            done.set()
            wait_for(world.settled, bool, 60)
    finally:
        done.set()
    assert check(world, killed) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_kill_after_a_refusal_leads_on_with_the_key_after_it(world, monkeypatch):
    """The audit counts the refusal before the next order is sent, so the next process uses the key of that order."""
    world.dead_seconds = 1
    world.add()
    world.zuora.state.faults.add(Fault("POST /v1/orders", "lock", 1))
    done = threading.Event()

    async def at_it(_scope, _seconds):
        while not done.is_set():
            await asyncio.sleep(0.02)

    def orders():
        return world.zuora.state.faults.requests()[1].count("POST /v1/orders")

    monkeypatch.setattr("lib.standins.zuora.subscriptions.orders.linger", at_it)
    try:
        with servers(world, 1) as (victim,):
            wait_for(orders, lambda sent: sent == 2, 60)
            killed = {victim.executor: victim.kill()}
        with servers(world, 1):
            wait_for(orders, lambda sent: sent > 2, 60)
            done.set()
            wait_for(world.settled, bool, 60)
    finally:
        done.set()
    assert check(world, killed, refused=[409]) == 1
