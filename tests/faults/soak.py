"""Deactivations under `kill -9`: a world of accounts, servers that deactivate them, and kills at random moments.

`make soak` runs it with many kills through `test_deactivate_kill.py`, which checks what is left, and prints a table.
It also fills the disk of the servers now and then, and sets all clocks by an hour, forward and back: see
`machine.py`.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, insert, select

from lib.domain.numbers import national
from lib.settings import PROJECT
from lib.standins.mail import MailStandin
from lib.standins.sbc import RuleRecord, SbcStandin
from lib.standins.zuora import ContactRecord, SubscriptionRecord, ZuoraRecord, ZuoraStandin
from lib.store import audit, belongings, runs, schema
from lib.store.engine import writing
from tests.actions.conftest import CLIENT_ID, CLIENT_SECRET, LEAD, SBC_TOKEN, wait_for, zuora_id
from tests.faults import machine
from tests.faults.soak_process import AT_ONCE, CLOSING, OPEN, serve
from tests.people import let_in

NUMBERS, USERS, QUEUES, CALLFLOWS, PORTAL_USERS, SUBSCRIPTIONS = 220, 120, 20, 30, 8, 3
RESERVED = [
    f"+61{area}{block}{last:04}" for area in (2, 3, 7, 8) for block in ("5550", "7010") for last in range(10_000)
]
"""Numbers reserved for fiction."""
BEAT_SECONDS = 0.25
START_SECONDS = 60


@dataclass
class World:
    """A Hub whose accounts are furnished alike, the outside systems, and what each account had by step."""

    engine: Engine
    database_url: str
    folder: Path
    zuora: ZuoraStandin
    sbc: SbcStandin
    mail: MailStandin
    dead_seconds: float = 10.0
    """As in the product: on a busy machine a beat may wait for seconds, and who lives must not be taken for dead."""
    had: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    bystanders: set[str] = field(default_factory=set)
    troubles: tuple[str, ...] = ()
    """What else happens to the machine, beside kills."""
    hurt: dict[str, list[int]] = field(default_factory=dict)
    """Server that lived while the disk was full -> the newest event when that began, for each time."""

    def __post_init__(self) -> None:
        let_in(self.engine, LEAD)

    @property
    def closing(self) -> set[str]:
        """The accounts that are to be deactivated."""
        return self.had.keys() - self.bystanders

    def add(self, *, closing: bool = True) -> str:
        """One more account with hundreds of things; servers see it only when it is complete everywhere."""
        position = len(self.had)
        number = str(3001 + position)
        name = f"{CLOSING if closing else 'Staying'} {number}"
        owned = RESERVED[position * NUMBERS : (position + 1) * NUMBERS]
        assert len(owned) == NUMBERS, "there are no more reserved numbers: fewer kills"
        subscriptions = [f"SUB-{number}-{last}" for last in range(SUBSCRIPTIONS)]
        person = ContactRecord(id=zuora_id(f"person {number}"), first_name="Ada", last_name="Lane")
        self.zuora.state.load(
            [ZuoraRecord(id=zuora_id(number), account_number=f"A{number}", name=name, bill_to=person, sold_to=person)]
        )
        self.zuora.state.load_subscriptions(
            SubscriptionRecord(
                id=zuora_id(subscription),
                number=subscription,
                account_id=zuora_id(number),
                term_start_date=date(2026, 1, 1),
                term_end_date=date(2026, 12, 31),
            )
            for subscription in subscriptions
        )
        self.sbc.state.load(RuleRecord(number=e164, account=number) for e164 in owned)
        with writing(self.engine) as connection:
            _furnish(connection, number, name, owned, subscriptions)
            had = {what: set(belongings.list_labels(connection, number, what)) for what in belongings.KINDS}
        had["cancel"] = set(subscriptions)
        had["rules"] = had["numbers"] = {national(e164) for e164 in owned}
        had["portal_users"] |= {f"sign-in owner{number}"}
        self.had[number] = had
        if not closing:
            self.bystanders.add(number)
        return number

    @property
    def log(self) -> Path:
        """What the servers say. Not on the disk that is filled, so that nothing of it is lost."""
        return (self.folder.parent if "disk" in self.troubles else self.folder) / "server.log"

    def settings(self) -> dict[str, Any]:
        """The settings of a server of this world."""
        local = self.database_url.startswith("sqlite")
        return {
            "data_dir": self.folder,
            "database_url": self.database_url,
            "engine_database_url": f"sqlite:///{self.folder / 'engine.db'}" if local else "",
            "zuora_url": self.zuora.url,
            "zuora_client_id": CLIENT_ID,
            "zuora_client_secret": CLIENT_SECRET,
            "sbc_url": self.sbc.url,
            "sbc_token": SBC_TOKEN,
            "mail_host": self.mail.host,
            "mail_port": self.mail.port,
            "executor_beat_seconds": BEAT_SECONDS,
            "executor_dead_seconds": self.dead_seconds,
        }

    def waiting(self) -> int:
        """How many accounts nobody has begun with."""
        with self.engine.connect() as connection:
            begun = connection.execute(select(func.count()).select_from(schema.action_run)).scalar_one()
        return len(self.closing) - int(begun)

    def settled(self) -> bool:
        """True when nothing is left to do: every account has a run, all have ended, no number waits for its rule."""
        with self.engine.connect() as connection:
            states = list(connection.execute(select(schema.action_run.c.state)).scalars())
            noted = connection.execute(select(func.count()).select_from(schema.rule_change)).scalar_one()
        return "failed" in states or (states == ["done"] * len(self.closing) and not noted)

    def newest(self) -> int:
        """The number of the newest event of the audit."""
        with self.engine.connect() as connection:
            return audit.head(connection).sequence

    def age(self, executor: str) -> None:
        """Let a killed server be forgotten as one that left, so that a soak need not wait for its silence."""
        with writing(self.engine) as connection:
            runs.forget_executor(connection, executor)


@dataclass
class Server:
    """One life of a server, from its start to its kill."""

    process: BaseProcess
    told: Any
    executor: str
    world: World | None = None
    opened: bool = False

    def wait_until_open(self) -> None:
        """Come back when it has started: with a full disk no server can, and somebody has to start it again."""
        if not self.opened:
            assert self.told.poll(START_SECONDS), "the server did not open"
            assert self.told.recv() == OPEN
            self.opened = True

    def kill(self) -> int:
        """kill -9 to its process group; the newest event before that. It is gone when this returns."""
        newest = self.world.newest() if self.world else 0
        # One that ended before has no number any more that is its own.
        if self.process.pid is not None and self.process.is_alive():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.join(30)
        self.told.close()
        return newest


def start(world: World, point: str | None = None) -> Server:
    """A server that lives in a process of its own."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([serve.__module__])
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(world.settings(), world.log, theirs, point))
    process.start()
    theirs.close()
    try:
        assert ours.poll(START_SECONDS), "the server did not start"
        return Server(process, ours, ours.recv(), world)
    except BaseException:
        process.kill()
        process.join(30)
        raise


@contextlib.contextmanager
def servers(world: World, count: int) -> Iterator[list[Server]]:
    """So many servers; whichever live at the end, however it comes about, are ended."""
    living: list[Server] = []
    try:
        for _ in range(count):
            living.append(start(world))
        yield living
    finally:
        for server in living:
            server.kill()


def soak(world: World, living: list[Server], kills: int, seed: int) -> dict[str, int]:
    """Kill a random server at a random moment and start it again, `kills` times.

    Returns executor id -> the newest event when it was killed, once every account is done or a run has failed. That
    is a minute after the last kill at the most, and as long as the work takes.
    """
    chance = random.Random(seed)
    killed: dict[str, int] = {}
    end = time.monotonic() + 60 + (15 + 5 * len(world.troubles)) * kills
    while len(killed) < kills and time.monotonic() < end:
        position = chance.randrange(len(living))
        victim = living[position]
        # Most kills hit a server amid its steps, some hit one that is starting or taking over.
        amid = chance.random() < 0.8
        wait_for(lambda ready=(victim, amid): _is_ready(world, len(living), *ready), bool, START_SECONDS)
        time.sleep(chance.uniform(0, 0.8))
        if "clock" in world.troubles and chance.random() < 0.5:
            machine.set_clock(chance.choice((-3600, 0, 3600)))
            time.sleep(chance.uniform(0, 0.8))
        assert victim.process.is_alive(), "a server ended that nobody killed"
        if "disk" in world.troubles and chance.random() < 0.4:
            _fill_disk(world, living, chance, lambda last=victim: killed.update({last.executor: last.kill()}))
        else:
            killed[victim.executor] = victim.kill()
        living[position] = start(world)
        world.age(victim.executor)
    wait_for(world.settled, bool, max(end - time.monotonic(), 1))
    return killed


def _fill_disk(world: World, living: list[Server], chance: random.Random, kill: Callable[[], None]) -> None:
    """A full disk for some seconds, with the kill at its end: while it is full no server could be started again."""
    for server in living:
        server.wait_until_open()
    newest = world.newest()
    for server in living:
        world.hurt.setdefault(server.executor, []).append(newest)
    with machine.full(world.folder):
        time.sleep(chance.uniform(0.5, 4))
        if chance.random() < 0.5:
            kill()
            return
    # Those that live have to come to their work again by themselves.
    time.sleep(chance.uniform(0, 3))
    kill()


def _is_ready(world: World, count: int, victim: Server, amid: bool) -> bool:
    """True when there is work for so many servers, and if it is to be killed `amid` steps, it has begun one."""
    # Looked at again and again: another server may have been faster with all there was.
    while world.waiting() < AT_ONCE * count:
        world.add()
    event = schema.action_event
    begun = select(event.c.sequence).where(event.c.executor == victim.executor, event.c.phase == "begin").limit(1)
    with world.engine.connect() as connection:
        return not amid or connection.execute(begun).first() is not None


def _furnish(connection: Connection, number: str, name: str, owned: list[str], subscriptions: list[str]) -> None:
    now = datetime.now(UTC)
    values = {"number": number, "name": name, "status": "active", "created_at": now, "changed_at": now}
    zuora = {"zuora_id": zuora_id(number), "zuora_number": f"A{number}"}
    own = connection.execute(insert(schema.account).values(**values, **zuora).returning(schema.account.c.id))
    account_id = own.scalar_one()

    def add(table: Table, rows: list[dict[str, Any]]) -> list[int]:
        query = insert(table).returning(table.c.id, sort_by_parameter_order=True)
        return list(connection.execute(query, [{"account_id": account_id} | row for row in rows]).scalars())

    billed = add(schema.subscription, [{"number": subscription} for subscription in subscriptions])
    add(schema.allowance, [{"subscription_id": one, "kind": "pbx_extensions", "granted": 60} for one in billed])
    groups = [f"closing{number}{letter}" for letter in "ab"]
    offices = add(schema.pbx, [{"name": "Office", "group_name": one, "subscription_id": billed[0]} for one in groups])
    people = [
        {"pbx_id": office, "extension": str(100 + at), "login": f"{100 + at}@{group}", "kind": "desk_phone"}
        for office, group in zip(offices, groups, strict=True)
        for at in range(USERS // len(groups))
    ]
    users = add(schema.phone_user, [{"display_name": f"Person {at}"} | one for at, one in enumerate(people)])
    # Several of one name, so that each has to be told apart.
    queues = add(schema.call_queue, [{"name": f"Reception {at % 5}"} for at in range(QUEUES)])
    members = zip(queues * (USERS // QUEUES), users, strict=True)
    connection.execute(
        insert(schema.queue_member), [{"queue_id": queue, "phone_user_id": user} for queue, user in members]
    )
    lines = [{"e164": e164, "kind": "local", "trunk": "syd-1", "subscription_id": billed[1]} for e164 in owned]
    ids = add(schema.phone_number, lines)
    # The SBC has their rules.
    connection.execute(delete(schema.rule_change).where(schema.rule_change.c.e164.in_(owned)))
    flows = [{"phone_number_id": ids[at], "target_phone_user_id": users[at]} for at in range(CALLFLOWS)]
    add(schema.callflow, [{"name": f"Day {at}", "kind": "ivr"} | flow for at, flow in enumerate(flows)])
    add(schema.call_parking, [{"name": f"Park {at}"} for at in range(4)])
    add(schema.music_on_hold, [{"name": f"Song {at}"} for at in range(3)])
    add(schema.integration, [{"name": f"CRM {at}", "vendor": "Acme"} for at in range(3)])
    add(schema.web_tracker_code, [{"code": f"WT-{number}-{at}", "site": "www.closing.example"} for at in range(4)])
    add(schema.portal_user, [{"email": f"user{at}@example.com", "name": f"User {at}"} for at in range(PORTAL_USERS)])
    owner = f"owner{number}"
    sign_in = add(schema.person, [{"username": owner, "email": f"{owner}@example.com", "name": "Owner"}])
    connection.execute(insert(schema.person_role).values(person_id=sign_in[0], role="account_admin"))


def _selection(only: str) -> str:
    every = "(random_moments or come_and_go)"
    return f"{every} and ({only})" if only else every


def main() -> int:
    """Run the tests at random moments with so many kills each; they print a table."""
    parser = argparse.ArgumentParser(description="Kill servers amid deactivations, and check what is left.")
    parser.add_argument("--kills", type=int, default=100, help="on each database, with one server and with two")
    parser.add_argument("--seed", type=int, help="of the random moments; otherwise each test has one of its own")
    parser.add_argument("--only", default="", metavar="WORDS", help="as pytest's -k, such as 'sqlite and two'")
    given = parser.parse_args()
    environment = os.environ | {"SOAK_KILLS": str(given.kills)}
    if given.seed is not None:
        environment["SOAK_SEED"] = str(given.seed)
    command = [sys.executable, "-m", "pytest", "-s", "-p", "no:randomly", "-k", _selection(given.only)]
    tests = Path(__file__).with_name("test_deactivate_kill.py")
    with machine.prepared() as (troubles, preload):
        print(f"Beside kills: {', '.join(troubles) or 'nothing; see tests/faults/machine.py'}", flush=True)
        environment |= preload | {"SOAK_TROUBLES": " ".join(troubles)}
        return subprocess.run(
            [*command, tests, tests.with_name("soak_databases.py")], cwd=PROJECT, env=environment, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
