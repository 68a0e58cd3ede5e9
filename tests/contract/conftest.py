"""One Zuora stand-in per test process, emptied for each test, and a client for it."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from starlette.requests import Request
from starlette.responses import Response

from lib.clients.zuora import Zuora, ZuoraConfig
from lib.standins.web import WebServer
from lib.standins.zuora import ContactRecord, Switches, ZuoraRecord, ZuoraStandin
from lib.standins.zuora.records import InvoiceRecord, RatePlanChargeRecord, RatePlanRecord, SubscriptionRecord

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
        connect_seconds=2,
        read_seconds=5,
        attempts=3,
        retry_seconds=3,
        backoff_seconds=0.01,
        action_seconds=5,
    )


@pytest.fixture
def make_zuora(config) -> Iterator[Callable[..., Zuora]]:
    """Builds clients with a changed configuration and closes them."""
    made: list[Zuora] = []

    def build(**changes) -> Zuora:
        made.append(Zuora(replace(config, **changes)))
        return made[-1]

    yield build
    for zuora in made:
        zuora.close()


@pytest.fixture
def zuora(make_zuora) -> Zuora:
    return make_zuora()


class Scripted:
    """A server that gives out replies made up by a test, and a token to whoever asks."""

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
    """The scripted server with nothing to say yet."""
    for made_up in ("replies", "token_replies", "seen", "bodies"):
        getattr(_running_script, made_up).clear()
    return _running_script


@pytest.fixture
def scripted_zuora(scripted, make_zuora) -> Zuora:
    return make_zuora(url=scripted.url)
