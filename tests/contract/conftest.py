"""Stand-ins and real servers, one of each for a test process, and clients for them."""

import contextlib
import itertools
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from starlette.requests import Request
from starlette.responses import Response

from lib.clients.sbc import AuthRule, KamailioSbc, SbcConfig
from lib.clients.zuora import Zuora, ZuoraConfig
from lib.patience import Patience
from lib.standins.sbc import SbcStandin
from lib.standins.server.web import WebServer
from lib.standins.zuora import ContactRecord, Switches, ZuoraRecord, ZuoraStandin
from lib.standins.zuora.records import InvoiceRecord, RatePlanChargeRecord, RatePlanRecord, SubscriptionRecord
from tests.kamailio import Kamailio, sbc_database

CLIENT_ID = "5b0c1d2e-3f40-4a51-8b62-7c8d9e0f1a2b"
CLIENT_SECRET = "standin-secret-of-the-contract-tests"


def contact(**given: str) -> ContactRecord:
    return ContactRecord(**{"id": uuid.uuid4().hex, "first_name": "Ada", "last_name": "Lane", **given})


def record(number: str, name: str = "Acme Pty Ltd", **given) -> ZuoraRecord:
    person = contact()
    defaults = {
        "id": uuid.uuid4().hex,
        "account_number": number,
        "name": name,
        "bill_to": person,
        "sold_to": person,
        "balance": Decimal("1234.56"),
    }
    return ZuoraRecord(**{**defaults, **given})


START, END = date(2026, 1, 1), date(2026, 12, 31)


def charge(number: str, **given) -> RatePlanChargeRecord:
    defaults = {
        "id": uuid.uuid4().hex,
        "number": number,
        "name": "Seats",
        "product_rate_plan_charge_id": "c" * 32,
        "product_rate_plan_charge_number": "PRPC-1",
        "effective_start_date": START,
        "effective_end_date": END,
        "quantity": "3",
        "price": "12.30",
    }
    return RatePlanChargeRecord(**{**defaults, **given})


def rate_plan(*charges: RatePlanChargeRecord, **given) -> RatePlanRecord:
    defaults = {
        "id": uuid.uuid4().hex,
        "name": "Monthly",
        "product_name": "Telephony",
        "product_id": "a" * 32,
        "product_rate_plan_id": "b" * 32,
        "product_rate_plan_number": "PRP-1",
        "subscription_rate_plan_number": "SRP-1",
        "charges": charges,
    }
    return RatePlanRecord(**{**defaults, **given})


def subscription(account_id: str, number: str, *plans: RatePlanRecord, **given) -> SubscriptionRecord:
    defaults = {
        "id": uuid.uuid4().hex,
        "number": number,
        "account_id": account_id,
        "term_start_date": START,
        "term_end_date": END,
        "contract_effective_date": START,
        "subscription_start_date": START,
        "subscription_end_date": END,
        "rate_plans": plans,
    }
    return SubscriptionRecord(**{**defaults, **given})


def invoice(account_id: str, number: str, due: date, balance: str = "10.05", **given) -> InvoiceRecord:
    defaults = {
        "id": uuid.uuid4().hex,
        "number": number,
        "account_id": account_id,
        "amount": "100.00",
        "balance": balance,
        "invoice_date": due - timedelta(days=30),
        "due_date": due,
    }
    return InvoiceRecord(**{**defaults, **given})


@pytest.fixture(scope="session")
def _running_zuora(tmp_path_factory) -> Iterator[ZuoraStandin]:
    with ZuoraStandin(tmp_path_factory.mktemp("zuora"), CLIENT_ID, CLIENT_SECRET) as standin:
        yield standin


@pytest.fixture
def zuora_standin(_running_zuora) -> Iterator[ZuoraStandin]:
    """The running stand-in without an account, a fault or a counted request."""
    _running_zuora.state.clear()
    _running_zuora.switches.__dict__.update(vars(Switches()))
    yield _running_zuora
    _running_zuora.state.faults.clear()


@pytest.fixture
def config(zuora_standin) -> ZuoraConfig:
    return ZuoraConfig(
        url=zuora_standin.url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        patience=Patience(connect_seconds=2, read_seconds=5, attempts=3, retry_seconds=3, backoff_seconds=0.01),
        action_seconds=5,
        read_back_seconds=0.2,
    )


def with_patience(usual: Patience, changes: dict) -> dict:
    """Changes of a client's configuration, with those of its patience in one value."""
    of_patience = {field.name for field in fields(Patience)} & changes.keys()
    patience = replace(usual, **{name: changes[name] for name in of_patience})
    return {"patience": patience, **{name: value for name, value in changes.items() if name not in of_patience}}


@pytest.fixture
def make_zuora(config) -> Iterator[Callable[..., Zuora]]:
    """Builds clients with a changed configuration and closes them."""
    made: list[Zuora] = []

    def build(**changes) -> Zuora:
        made.append(Zuora(replace(config, **with_patience(config.patience, changes))))
        return made[-1]

    yield build
    for zuora in made:
        zuora.close()


@pytest.fixture
def zuora(make_zuora) -> Zuora:
    return make_zuora()


class Scripted:
    """A server that answers with a test's replies, and gives everybody a token."""

    def __init__(self) -> None:
        self.replies: list[Response] = []
        self.token_replies: list[Response] = []
        self.seen: list[Request] = []
        self.bodies: list[bytes] = []
        self._server = WebServer(self._app)

    @property
    def url(self) -> str:
        return self._server.url

    def start(self) -> None:
        self._server.start()
        self.seen.clear()

    def stop(self) -> None:
        self._server.stop()

    async def _app(self, scope, receive, send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        if request.url.path == "/oauth/token":
            ok = Response('{"access_token": "scripted-token-value", "expires_in": 3599}')
            reply = self.token_replies.pop(0) if self.token_replies else ok
        elif request.url.path.startswith("/_standin/"):
            reply = Response("{}")
        else:
            self.seen.append(request)
            self.bodies.append(body)
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        await reply(scope, receive, send)


@pytest.fixture(scope="session")
def _running_script() -> Iterator[Scripted]:
    server = Scripted()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def scripted(_running_script) -> Scripted:
    """The scripted server without replies yet."""
    for made_up in ("replies", "token_replies", "seen", "bodies"):
        getattr(_running_script, made_up).clear()
    return _running_script


@pytest.fixture
def scripted_zuora(scripted, make_zuora) -> Zuora:
    return make_zuora(url=scripted.url)


SBC_TOKEN = "sbc-token-of-the-contract-tests"
# Every number is from a range reserved for fiction.
FICTION = tuple(f"+61{area}{range_}{n:04}" for area in "2378" for range_ in ("5550", "7010") for n in range(10_000))
ACCOUNTS = itertools.count(1)


def auth_rule(number: str, account: str = "104233", **given) -> AuthRule:
    return AuthRule(
        **{"number": number, "account": account, "state": "allowed", "trunk": "syd-1", "revision": 1, **given}
    )


@dataclass
class SbcServer:
    """A running SBC, a stand-in or a real one, and ways for a test to change its database directly.

    Tests share it, so each takes numbers and accounts that no other test has.
    """

    url: str
    log: Callable[[], str]
    _execute: Callable[..., None]
    _unused: Iterator[str] = field(default_factory=lambda: iter(FICTION))

    def numbers(self, count: int) -> list[str]:
        """Unused numbers, in their order."""
        return list(itertools.islice(self._unused, count))

    def rules(self, count: int, **given) -> list[AuthRule]:
        """Rules of one new account for as many new numbers."""
        account = new_account()
        return [auth_rule(number, account, **given) for number in self.numbers(count)]

    def change_row(self, rule: AuthRule) -> None:
        """Change a row in its database directly."""
        self.remove_row(rule.number)
        row = (rule.number, rule.account, rule.state, rule.trunk, rule.revision)
        self._execute("insert into {table} (number, account, state, trunk, rev) values ({values})", row)

    def remove_row(self, number: str) -> None:
        """Delete a row from its database directly."""
        self._execute("delete from {table} where number = {values}", (number,))


def new_account() -> str:
    return f"T{next(ACCOUNTS)}"


def in_sqlite(path: Path, table: str) -> Callable[..., None]:
    def execute(statement: str, values: tuple) -> None:
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as connection, connection:
            connection.execute(statement.format(table=table, values=", ".join("?" * len(values))), values)

    return execute


def in_postgresql(url: str) -> Callable[..., None]:
    def execute(statement: str, values: tuple) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.format(table="sbc_rule", values=", ".join(["%s"] * len(values))), values)

    return execute


@pytest.fixture(scope="session")
def _running_sbc(tmp_path_factory) -> Iterator[SbcStandin]:
    with SbcStandin(tmp_path_factory.mktemp("sbc"), SBC_TOKEN) as standin:
        yield standin


@pytest.fixture
def sbc_standin(_running_sbc) -> Iterator[SbcStandin]:
    """The running stand-in without a rule, a fault or a counted request."""
    _running_sbc.state.clear()
    yield _running_sbc
    _running_sbc.state.faults.clear()


@pytest.fixture(scope="session")
def _standin_as_server(tmp_path_factory) -> Iterator[SbcServer]:
    folder = tmp_path_factory.mktemp("sbc")
    with SbcStandin(folder, SBC_TOKEN) as standin:

        def log() -> str:
            return "".join(f"{change}\n" for change in standin.state.changes())

        yield SbcServer(standin.url, log, in_sqlite(folder / "sbc.db", "rule"))


@pytest.fixture(scope="session")
def _kamailio_on_sqlite(tmp_path_factory) -> Iterator[SbcServer]:
    folder = tmp_path_factory.mktemp("kamailio")
    with Kamailio(folder, token=SBC_TOKEN) as kamailio:
        yield SbcServer(kamailio.url, kamailio.log.read_text, in_sqlite(folder / "data" / "rules.db", "sbc_rule"))


@pytest.fixture(scope="session")
def _kamailio_on_postgresql(tmp_path_factory, postgres_url) -> Iterator[SbcServer]:
    folder = tmp_path_factory.mktemp("kamailio")
    with sbc_database(postgres_url) as database, Kamailio(folder, database, token=SBC_TOKEN) as kamailio:
        yield SbcServer(kamailio.url, kamailio.log.read_text, in_postgresql(database))


@pytest.fixture(
    params=[
        "_standin_as_server",
        "_kamailio_on_sqlite",
        pytest.param("_kamailio_on_postgresql", marks=pytest.mark.postgres),
    ],
    ids=lambda name: name.strip("_"),
)
def sbc_server(request) -> SbcServer:
    """The stand-in, and the real SBC on both of its databases: a test with it runs on all three."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def make_sbc() -> Iterator[Callable[..., KamailioSbc]]:
    """Builds clients for an address and closes them."""
    made: list[KamailioSbc] = []
    patient = Patience(connect_seconds=2, read_seconds=10, attempts=3, retry_seconds=3, backoff_seconds=0.01)

    def build(url: str, **changes) -> KamailioSbc:
        made.append(KamailioSbc(SbcConfig(**{"url": url, "token": SBC_TOKEN, **with_patience(patient, changes)})))
        return made[-1]

    yield build
    for sbc in made:
        sbc.close()


@pytest.fixture
def sbc(make_sbc, sbc_server) -> KamailioSbc:
    return make_sbc(sbc_server.url)


@pytest.fixture
def scripted_sbc(scripted, make_sbc) -> KamailioSbc:
    return make_sbc(scripted.url)
