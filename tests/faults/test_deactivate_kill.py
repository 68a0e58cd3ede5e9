"""kill -9 amid deactivations: each ends as it was planned, nothing is done twice, and all that was done is told."""

import asyncio
import os
import secrets
import shutil
import signal
import threading
import time
from collections import Counter

import pytest
from sqlalchemy import func, select

from lib.actions.catalogue import ACTIONS
from lib.actions.engine.durable.step_engine import WORKERS
from lib.actions.engine.progress import progress_of
from lib.actions.engine.receipt import receipt_of
from lib.standins.zuora.manners.faults import Fault
from lib.store import accounts, audit, belongings, items, runs, schema
from lib.store.engine import make_engine
from tests.actions.conftest import wait_for
from tests.faults import machine
from tests.faults.soak import World, servers, soak, start
from tests.faults.soak_process import POINTS

KILLS = int(os.environ.get("SOAK_KILLS", "6"))
TROUBLES = tuple(os.environ.get("SOAK_TROUBLES", "").split())
"""What else happens to the machine; see `machine.py`. In the suite there are only kills."""
STEPS = [step.name for step in ACTIONS["deactivate"].steps]
ATTEMPTS = 4
"""Of the step engine, at a step that cannot use the database."""
WORDS = {
    "cancel": "cancelled, ends on ",
    "rules": "auth rule removed",
    "numbers": "in quarantine until ",
    **dict.fromkeys(belongings.KINDS, "removed"),
}
"""How the words begin that are kept of each item of a step."""


@pytest.fixture
def world(place, standin, sbc_standin, mail_standin):
    engine, database_url, folder, troubles = place
    made = World(engine, database_url, folder, standin, sbc_standin, mail_standin, troubles=troubles)
    made.add(closing=False)
    # Long enough that kills hit it, as they would hit the real one.
    standin.switches.order_seconds = 0.15
    yield made
    standin.switches.order_seconds = 0


@pytest.fixture
def place(engine, database_url, tmp_path):
    """The database, the folder of the servers, and what may happen there. Only the disk of SQLite can be filled."""
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
    """One run, which the kills follow from server to server."""
    world.dead_seconds = 1
    world.add()
    killed = {}
    for point in POINTS:
        victim = start(world, point)
        try:
            assert victim.told.poll(60), f"no server came to {point}"
            assert victim.told.recv() == point
        finally:
            killed[victim.executor] = victim.kill()
    with servers(world, 1):
        wait_for(world.settled, bool, 60)
    # All but the step whose end was in the audit were begun again.
    assert check(world, killed) == len(POINTS) - 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_process_that_lives_and_cannot_say_so_keeps_its_run(world):
    """As one that has to wait long for the database. Once it is killed the run goes on elsewhere."""
    world.dead_seconds = 0.5
    world.add()
    silent = start(world, "rules")
    try:
        assert silent.told.poll(60)
        assert silent.told.recv() == "rules"
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
    """The step is repeated before the first order has an outcome: Zuora must be able to tell that it is the same."""
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
    """The refusal is counted in the audit before the next order goes out, so the next process asks for that one."""
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


def check(world, killed, refused=()):
    """Everything that must hold afterwards; how many steps were done again. `refused` is what Zuora refused with."""
    with world.engine.connect() as connection:
        ids = connection.execute(select(schema.action_run.c.id)).scalars().all()
        done = [runs.get_run(connection, run_id) for run_id in ids]
        assert {(run.state, run.error) for run in done} == {("done", None)}
        # Each account has one run, and nobody holds it any more.
        assert Counter(run.account for run in done) == Counter(world.closing)
        assert count_rows(connection, schema.action_claim) == 0
        assert audit.verify_chain(connection) is None
        for run in done:
            check_account(connection, world, run)
            check_told(connection, world, run)
        check_bystanders(connection, world)
        repeated = check_repeats(connection, done, killed, world.hurt)
    check_outside(world, refused)
    return repeated


def check_account(connection, world, run):
    """The end that the plan spoke of."""
    standing = accounts.get_account(connection, run.account)
    assert (standing.standing, standing.changing_to) == ("deactivated", None)
    left = {what: belongings.list_labels(connection, run.account, what) for what in belongings.KINDS}
    assert left == {what: [] for what in belongings.KINDS}
    own = select(schema.account.c.id).where(schema.account.c.number == run.account).scalar_subquery()
    assert count_rows(connection, schema.allowance, schema.allowance.c.account_id == own) == 0
    numbers = belongings.list_numbers(connection, run.account)
    assert {one.label for one in numbers} == world.had[run.account]["numbers"]
    resting = {(one.state, one.quarantined_until.isoformat()) for one in numbers}
    assert resting == {("quarantined", run.plan["facts"]["until"])}
    change = schema.status_change
    query = select(change.c.from_status, change.c.to_status, change.c.run_id).where(change.c.account_id == own)
    assert connection.execute(query).all() == [("active", "deactivated", run.id)]
    signs_in = select(schema.person.c.active).where(schema.person.c.account_id == own)
    assert connection.execute(signs_in).scalars().all() == [False]


def check_told(connection, world, run):
    """Each step ended well once, and what is kept of it is all there was, however often it was begun."""
    had = world.had[run.account]
    told = audit.events_of_run(connection, run.id)
    ended = [event for event in told if event.phase == "ok"]
    assert [event.step for event in ended] == run.steps == STEPS
    assert {event.phase for event in told} <= {"started", "begin", "progress", "ok", "done"}
    assert Counter(event.phase for event in told if event.step is None) == {"started": 1, "done": 1}
    kept = {step: items.items_of_step(connection, run.id, step) for step in STEPS}
    for event in ended:
        assert Counter(item for item, _ in kept[event.step]) == Counter(had.get(event.step, ())), event.step
        for item, words in kept[event.step]:
            assert words.startswith("closed" if item.startswith("sign-in") else WORDS[event.step]), event.step
        # The audit holds the hash of exactly these.
        assert event.details.get("items") == items.digest_of(connection, run.id, event.step)
        assert (event.details["outcome"], event.details["count"]) == ("done", len(had.get(event.step, ("status",))))
    progress = progress_of(run, told, ACTIONS["deactivate"].titles)
    receipt = receipt_of(progress, kept).markdown("Australia/Melbourne")
    assert f"Receipt: {run.id}" in receipt
    assert all(f"| {step.title} | Done" in receipt for step in progress.steps)


def check_repeats(connection, done, killed, hurt):
    """How often a step was begun again, each time because of a kill.

    The bound is exact for each kill and each run: at most one step is begun again, only after the kill, and none
    whose good end is recorded. For a run belongs to one process at a time, which does one step of it at a time: a kill
    leaves at most that one step without its end. So one kill repeats as many steps as the process had runs under
    way, which are no more than the step engine's workers, and never two of one run. A disk that was full is like a
    kill to each run of a server that lived through it; the engine tries a step again a few times by itself. Such a
    server goes on to other runs, and when it is killed later, those count as well.
    """
    charged = Counter()
    for run in done:
        last = {}
        for event in audit.events_of_run(connection, run.id):
            if event.step is None:
                continue
            before = last.get(event.step)
            if event.phase != "begin":
                assert before.executor == event.executor, f"two processes at {event.step}"
            elif before is not None:
                assert before.phase in ("begin", "progress"), f"{event.step} was begun again after its end"
                causes = hurt.get(before.executor, []) + [killed[one] for one in [before.executor] if one in killed]
                assert causes, f"{event.step} was begun again and nobody was killed"
                assert event.sequence > min(causes), f"{event.step} was begun again before the kill"
                charged[run.id, before.executor] += 1
            last[event.step] = event
    for (_, executor), repeated in charged.items():
        most = 1 + ATTEMPTS * len(hurt.get(executor, []))
        assert repeated <= most, "two steps of one run were begun again after one kill"
    runs_of_a_kill = Counter(executor for _, executor in charged)
    for executor, repeated in runs_of_a_kill.items():
        assert repeated <= WORKERS * (1 + len(hurt.get(executor, []))), "more runs were hurt than were under way"
    return charged.total()


def check_outside(world, refused):
    """The SBC has rules of the bystanders alone, Zuora has cancelled each subscription once, no mail went out."""
    staying = {number: len(world.had[number]["rules"]) for number in world.bystanders}
    for rules in (world.sbc.state.live(), world.sbc.state.rules()):
        assert Counter(rule.account for rule in rules.values()) == staying
    cancelled = [subscription for number in world.closing for subscription in world.had[number]["cancel"]]
    orders = world.zuora.state.orders(len(cancelled) + 1)
    ordered = [part["subscriptionNumber"] for order in orders for part in order["subscriptions"]]
    assert Counter(ordered) == Counter(cancelled)
    # Zuora keeps its answer to each idempotency key: each intention had one, and one more for each of the refusals.
    answers = world.zuora.state.rows("SELECT status FROM answer")
    assert sorted(answer["status"] for answer in answers) == [200] * len(cancelled) + list(refused)
    assert {world.zuora.state.subscription(one)["version"] for one in cancelled} == {2}
    assert world.mail.messages() == []


def check_bystanders(connection, world):
    """Who was not to be deactivated has everything."""
    for number in world.bystanders:
        had = world.had[number]
        assert accounts.get_account(connection, number).standing == "active"
        for what in belongings.KINDS:
            assert had[what] - {f"sign-in owner{number}"} == set(belongings.list_labels(connection, number, what))
        in_use = {one.label for one in belongings.list_numbers(connection, number) if one.state == "in_use"}
        assert in_use == had["numbers"]
        assert {world.zuora.state.subscription(one)["version"] for one in had["cancel"]} == {1}


def count_rows(connection, table, *conditions):
    return connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()
