"""A Hub with a family of accounts, stand-ins of Zuora, SBC and mail that know them, and a runner over all."""

import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, insert, select

from lib.actions.catalogue import ACTIONS
from lib.actions.engine.durable import step_engine
from lib.actions.engine.progress import Progress
from lib.actions.engine.runner import Runner
from lib.actions.numbers.keeper import RuleKeeper
from lib.clients.mail import MailConfig, Mailer
from lib.clients.sbc import KamailioSbc, SbcConfig
from lib.clients.zuora import Zuora, ZuoraConfig
from lib.domain.permissions import Role
from lib.patience import Patience
from lib.services import Services
from lib.settings import Settings
from lib.standins.mail import MailStandin
from lib.standins.sbc import Fault as SbcFault
from lib.standins.sbc import RuleRecord, SbcStandin
from lib.standins.zuora import ContactRecord, ZuoraRecord, ZuoraStandin
from lib.standins.zuora.manners.faults import Fault
from lib.store.accounts import get_account
from lib.store.engine import writing
from lib.store.schema import account, phone_number, rule_change
from tests.common.factories import put_account
from tests.conftest import administer, named
from tests.people import let_in, somebody

CLIENT_ID = "5b0c1d2e-3f40-4a51-8b62-7c8d9e0f1a2b"
CLIENT_SECRET = "standin-secret-of-the-action-tests"
SBC_TOKEN = "token-of-the-action-tests"
LEAD = somebody("lead@example.com", "Lee Lead", Role.SUPPORT_LEAD)
OTHER = somebody("olga@example.com", "Olga Other", Role.SUPPORT_LEAD)
VIEWER = somebody("viewer@example.com", "Vic Viewer", Role.READ_ONLY)
BILLING = somebody("bo@example.com", "Bo Billing", Role.BILLING)
ADMIN = somebody("adi@example.com", "Adi Admin", Role.ADMIN)
EVERYBODY = (LEAD, OTHER, VIEWER, BILLING, ADMIN)

# number -> (name, parent)
ACCOUNTS = {
    "1001": ("Wattle Plumbing", None),
    "1002": ("Banksia Bakery", "1001"),
    "1003": ("Grevillea Gas", "1002"),
    "2001": ("Mallee Motors", None),
    "2002": ("Saltbush Saddles", "2001"),
}


# account -> its numbers in E.164; the others have none
NUMBERS = {
    "1001": ("+61370100001", "+61370100002", "+61491570006"),
    "2001": ("+61370100101", "+61370100102"),
}


@pytest.fixture(scope="session")
def _running_sbc(tmp_path_factory) -> Iterator[SbcStandin]:
    with SbcStandin(tmp_path_factory.mktemp("sbc"), SBC_TOKEN) as standin:
        yield standin


@pytest.fixture
def sbc_standin(_running_sbc) -> Iterator[SbcStandin]:
    _running_sbc.state.clear()
    yield _running_sbc
    _running_sbc.state.faults.clear()


@pytest.fixture(scope="session")
def _running_mail(tmp_path_factory) -> Iterator[MailStandin]:
    with MailStandin(tmp_path_factory.mktemp("mail")) as standin:
        yield standin


@pytest.fixture
def mail_standin(_running_mail) -> Iterator[MailStandin]:
    _running_mail.clear()
    yield _running_mail
    _running_mail.clear()


@pytest.fixture(scope="session")
def _running(tmp_path_factory) -> Iterator[ZuoraStandin]:
    with ZuoraStandin(tmp_path_factory.mktemp("zuora"), CLIENT_ID, CLIENT_SECRET) as standin:
        yield standin


@pytest.fixture
def standin(_running) -> Iterator[ZuoraStandin]:
    _running.state.clear()
    # Zuora's readings may lag behind its writes: every action has to bear it.
    _running.switches.read_lag = 1
    yield _running
    _running.switches.read_lag = 0
    _running.state.faults.clear()


def zuora_id(number: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, number).hex


def fill(engine: Engine, standin: ZuoraStandin) -> None:
    """The same accounts on both sides."""
    ids: dict[str, int] = {}
    with writing(engine) as connection:
        for number, (name, parent) in ACCOUNTS.items():
            ids[number] = put_account(
                connection,
                number,
                name=name,
                parent_id=ids[parent] if parent else None,
                zuora_id=zuora_id(number),
                zuora_number=f"A{number}",
            )
    let_in(engine, *EVERYBODY)
    with writing(engine) as connection:
        for number, owned in NUMBERS.items():
            for e164 in owned:
                connection.execute(
                    insert(phone_number).values(account_id=ids[number], e164=e164, kind="local", trunk="syd-1")
                )
        # The SBC below is filled with the same rules.
        connection.execute(delete(rule_change))
    person = ContactRecord(id=uuid.uuid4().hex, first_name="Ada", last_name="Lane", work_email="ada@example.com")
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


def fill_sbc(standin: SbcStandin) -> None:
    """The right rule for every number."""
    standin.state.load(
        RuleRecord(number=e164, account=number, state="allowed", trunk="syd-1")
        for number, owned in NUMBERS.items()
        for e164 in owned
    )


@dataclass
class World:
    """Everything a test of an action looks at."""

    services: Services
    standin: ZuoraStandin
    sbc: SbcStandin
    mail: MailStandin
    runner: Runner

    def rules(self) -> dict[str, tuple[str, str, str]]:
        """What calls would use now: number -> account, state, trunk."""
        return {number: (one.account, one.state, one.trunk) for number, one in self.sbc.state.live().items()}

    def states(self, number: str = "1001") -> set[str]:
        """The states of all rules the SBC has for the account."""
        return {state for owner, state, _ in self.rules().values() if owner == number}

    def standing(self, number: str = "1001") -> str:
        with self.services.engine.connect() as connection:
            return get_account(connection, number).status_words

    def break_sbc(self, kind: str, match: str = "", **how) -> None:
        """From now on the SBC fails these requests in this way."""
        self.sbc.state.faults.add(SbcFault(match=match, kind=kind, **how))

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

    def catch_up(self) -> None:
        """What was changed in Zuora by somebody else some time ago shows now."""
        self.standin.state.lag.forget()

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


PATIENCE = Patience(connect_seconds=2, read_seconds=2, attempts=2, retry_seconds=3, backoff_seconds=0.01)


def make_client(url: str) -> Zuora:
    return Zuora(
        ZuoraConfig(
            url=url,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            patience=PATIENCE,
            read_back_seconds=0.5,
        )
    )


def make_sbc(url: str, token: str = SBC_TOKEN) -> KamailioSbc:
    return KamailioSbc(
        SbcConfig(
            url=url,
            token=token,
            patience=PATIENCE,
        )
    )


def make_mailer(host: str, port: int) -> Mailer:
    return Mailer(
        MailConfig(
            host=host,
            port=port,
            security="none",
            username="",
            password="",
            sender="Account Manager <no-reply@example.com>",
            connect_seconds=2,
            read_seconds=2,
        )
    )


def make_services(settings: Settings, engine: Engine, token: str = SBC_TOKEN) -> Services:
    return Services(
        settings=settings,
        engine=engine,
        zuora=make_client(settings.zuora_url),
        sbc=make_sbc(settings.sbc_url, token),
        mailer=make_mailer(settings.mail_host, settings.mail_port),
    )


def make_runner(services: Services) -> Runner:
    """A runner with everything the product has, as its start makes it."""
    return Runner(services, ACTIONS, background=[RuleKeeper])


class _NoHooks:
    """For an engine that only makes its tables."""

    def run_step(self, run_id, step):
        raise NotImplementedError

    finish = fail = run_step


def _make_engine_tables(url: str) -> None:
    settings = Settings(engine_database_url=url, step_attempts=1, step_retry_seconds=0.1)
    step_engine.launch(settings, "template", _NoHooks())
    step_engine.stop()


@pytest.fixture(scope="session")
def _engine_file(tmp_path_factory) -> Path:
    """The step engine's own database. In a new one it takes a second until the engine looks for work."""
    path = tmp_path_factory.mktemp("engine") / "engine.db"
    _make_engine_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _postgres_template(_postgres_template, postgres_url) -> str:
    """The same for PostgreSQL, where the step engine has its tables beside those of the Hub."""
    administer(postgres_url, f"create database template_engine template {_postgres_template}")
    _make_engine_tables(named(postgres_url, "template_engine"))
    return "template_engine"


@pytest.fixture
def world(request, engine, database_url, standin, sbc_standin, mail_standin, tmp_path) -> Iterator[World]:
    fill(engine, standin)
    if database_url.startswith("sqlite"):
        shutil.copy(request.getfixturevalue("_engine_file"), tmp_path / "engine.db")
    fill_sbc(sbc_standin)
    settings = Settings(
        data_dir=tmp_path,
        database_url=database_url,
        engine_database_url=f"sqlite:///{tmp_path / 'engine.db'}" if database_url.startswith("sqlite") else "",
        zuora_url=standin.url,
        sbc_url=sbc_standin.url,
        mail_host=mail_standin.host,
        mail_port=mail_standin.port,
        executor_beat_seconds=0.2,
        executor_dead_seconds=1.5,
        step_retry_seconds=0.1,
        zuora_page_seconds=2,
        sbc_page_seconds=2,
        zuora_read_back_seconds=0.5,
    )
    services = make_services(settings, engine)
    runner = make_runner(services)
    runner.open()
    yield World(services, standin, sbc_standin, mail_standin, runner)
    runner.close()
    services.zuora.close()
    services.sbc.close()
