"""A Hub with a family of accounts, the Zuora stand-in with the same ones, and a runner over both."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select

from lib.actions.action import Services
from lib.actions.progress import Progress
from lib.actions.runner import Runner
from lib.clients.zuora import Zuora, ZuoraConfig
from lib.domain.permissions import Identity, Role
from lib.settings import Settings
from lib.standins.zuora import ContactRecord, ZuoraRecord, ZuoraStandin
from lib.standins.zuora.faults import Fault
from lib.store.engine import writing
from lib.store.schema import account

CLIENT_ID = "5b0c1d2e-3f40-4a51-8b62-7c8d9e0f1a2b"
CLIENT_SECRET = "standin-secret-of-the-action-tests"
LEAD = Identity(email="lead@example.com", name="Lee Lead", roles=frozenset({Role.SUPPORT_LEAD}), source="test")
OTHER = Identity(email="olga@example.com", name="Olga Other", roles=frozenset({Role.SUPPORT_LEAD}), source="test")
VIEWER = Identity(email="viewer@example.com", name="Vic Viewer", roles=frozenset({Role.READ_ONLY}), source="test")

# number -> (name, parent)
ACCOUNTS = {
    "1001": ("Wattle Plumbing", None),
    "1002": ("Banksia Bakery", "1001"),
    "1003": ("Grevillea Gas", "1002"),
    "2001": ("Mallee Motors", None),
    "2002": ("Saltbush Saddles", "2001"),
}


@pytest.fixture(scope="session")
def _running(tmp_path_factory) -> Iterator[ZuoraStandin]:
    with ZuoraStandin(tmp_path_factory.mktemp("zuora"), CLIENT_ID, CLIENT_SECRET) as standin:
        yield standin


@pytest.fixture
def standin(_running) -> Iterator[ZuoraStandin]:
    _running.state.clear()
    yield _running
    _running.state.faults.clear()


def zuora_id(number: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, number).hex


def fill(engine: Engine, standin: ZuoraStandin) -> None:
    """The same accounts on both sides."""
    now = datetime.now(UTC)
    ids: dict[str, int] = {}
    with writing(engine) as connection:
        for number, (name, parent) in ACCOUNTS.items():
            ids[number] = connection.execute(
                insert(account)
                .values(
                    number=number,
                    name=name,
                    status="active",
                    parent_id=ids[parent] if parent else None,
                    zuora_id=zuora_id(number),
                    zuora_number=f"A{number}",
                    created_at=now,
                    changed_at=now,
                )
                .returning(account.c.id)
            ).scalar_one()
    person = ContactRecord(id=uuid.uuid4().hex, first_name="Ada", last_name="Lane")
    standin.state.load(
        ZuoraRecord(
            id=zuora_id(number),
            account_number=f"A{number}",
            name=name,
            parent_id=zuora_id(parent) if parent else None,
            bill_to=person,
            sold_to=person,
        )
        for number, (name, parent) in ACCOUNTS.items()
    )


@dataclass
class World:
    """Everything a test of an action looks at."""

    services: Services
    standin: ZuoraStandin
    runner: Runner

    def hub_name(self, number: str = "1001") -> str:
        with self.services.engine.connect() as connection:
            return connection.execute(select(account.c.name).where(account.c.number == number)).scalar_one()

    def hub_parent(self, number: str) -> str | None:
        parent = account.alias()
        with self.services.engine.connect() as connection:
            return connection.execute(
                select(parent.c.number)
                .select_from(account.outerjoin(parent, account.c.parent_id == parent.c.id))
                .where(account.c.number == number)
            ).scalar_one()

    def zuora_name(self, number: str = "1001") -> str:
        return self.services.zuora.account(zuora_id(number)).name

    def zuora_parent(self, number: str) -> str | None:
        parent = self.services.zuora.account(zuora_id(number)).parent_id
        return next((one for one in ACCOUNTS if zuora_id(one) == parent), parent)

    def fail(self, match: str, kind: str, **how) -> None:
        """From now on Zuora fails these requests in this way."""
        self.standin.state.faults.add(Fault(match=match, kind=kind, **how))

    def finish(self, run_id: str, seconds: float = 20) -> Progress:
        """Wait until the run has ended or failed."""
        return wait_for(lambda: self.runner.progress(run_id), lambda now: now.run.state != "running", seconds)


def wait_for(look: Callable, enough: Callable, seconds: float = 20):
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if enough(seen):
            return seen
        assert time.monotonic() < end, f"still {seen!r}"
        time.sleep(0.05)


def make_client(url: str) -> Zuora:
    return Zuora(
        ZuoraConfig(
            url=url,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            connect_seconds=2,
            read_seconds=2,
            attempts=2,
            retry_seconds=3,
            backoff_seconds=0.01,
        )
    )


def make_services(engine: Engine, database_url: str, standin: ZuoraStandin, folder: Path) -> Services:
    settings = Settings(
        data_dir=folder,
        database_url=database_url,
        engine_database_url=f"sqlite:///{folder / 'engine.db'}" if database_url.startswith("sqlite") else "",
        zuora_url=standin.url,
        executor_beat_seconds=0.2,
        executor_dead_seconds=1.5,
        step_retry_seconds=0.1,
        zuora_page_seconds=2,
    )
    return Services(settings=settings, engine=engine, zuora=make_client(standin.url))


@pytest.fixture
def world(engine, database_url, standin, tmp_path) -> Iterator[World]:
    fill(engine, standin)
    services = make_services(engine, database_url, standin, tmp_path)
    runner = Runner(services)
    runner.open()
    yield World(services, standin, runner)
    runner.close()
    services.zuora.close()
