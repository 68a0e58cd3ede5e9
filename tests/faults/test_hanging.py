# ruff: noqa: F811 - the world of the action tests is a fixture here too
"""Zuora or the mail server takes a request and does not answer, in each step that asks it: the run stops soon and says
so.

Resume then finishes it. The request may have been done after all, late: it is not done twice.
"""

from dataclasses import replace
from datetime import date

import pytest

from lib.clients.mail import Mailer
from lib.clients.zuora import Zuora, ZuoraConfig
from lib.patience import Patience
from lib.standins.zuora.records import SubscriptionRecord
from tests.actions.conftest import CLIENT_ID, CLIENT_SECRET, LEAD, _engine_file, world, zuora_id  # noqa: F401
from tests.actions.emails.test_resend import put
from tests.actions.engine.test_claim import ANN, case_of
from tests.people import let_in

LONG = 60.0
"""Seconds without an answer: far longer than any time limit here."""
IN_ZUORA = {
    "rename": ("zuora", "PUT /v1/accounts"),
    "parent": ("zuora", "PUT /v1/accounts"),
    "edit_contact": ("zuora", "PUT /v1/contacts"),
    "deactivate": ("cancel", "POST /v1/orders"),
}
IN_THE_MAIL = ("suspend", "resend_email")
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def hurried(world):
    """The same world, with clients that wait only a short time."""
    zuora = Zuora(
        ZuoraConfig(
            url=world.standin.url,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            patience=Patience(connect_seconds=2, read_seconds=0.5, attempts=2, retry_seconds=1, backoff_seconds=0.01),
            action_seconds=0.5,
            read_back_seconds=0.5,
        )
    )
    mailer = Mailer(replace(world.services.mailer.config, read_seconds=0.4))
    object.__setattr__(world.services, "zuora", zuora)
    object.__setattr__(world.services, "mailer", mailer)
    let_in(world.services.engine, ANN)
    yield world
    zuora.close()


def start(world, case):
    return world.runner.start(case.plan(world, ANN), ANN, case.given)


def ended(world, run_id):
    world.runner.resume(run_id, LEAD)
    done = world.finish(run_id)
    assert (done.run.state, done.run.error) == ("done", None)
    assert world.runner.open_run(done.run.account) is None
    return done


@pytest.mark.parametrize("kind", IN_ZUORA)
def test_zuora_hangs(hurried, kind):
    step, match = IN_ZUORA[kind]
    case = case_of(hurried, kind)
    if kind == "deactivate":
        subscribe(hurried)
        case.params = {"zuora": "invoice_period"}
    hurried.fail(match, "latency", seconds=LONG)
    run_id = start(hurried, case)
    failed = hurried.finish(run_id)
    assert failed.run.state == "failed"
    assert "Zuora" in failed.run.error
    assert [one.state for one in failed.steps if one.name == step] == ["failed"]
    # The request that hung is now done, late.
    hurried.standin.state.faults.clear()
    ended(hurried, run_id)
    if kind == "rename":
        assert hurried.zuora_name() == hurried.hub_name() == "Wattle New"
    if kind == "parent":
        assert hurried.zuora_parent("2002") == hurried.hub_parent("2002") == "1001"
    if kind == "deactivate":
        assert len(hurried.standin.state.orders(9)) == 1
        assert hurried.standing("2002") == "deactivated"


@pytest.mark.parametrize("kind", IN_THE_MAIL)
def test_the_mail_server_hangs(hurried, kind):
    case = case_of(hurried, kind)
    if kind == "suspend":
        case.params = {"mail": True}
    else:
        case.params = {"email": put(hurried), "to": "original"}
    hurried.mail.latency = 3.0
    run_id = start(hurried, case)
    failed = hurried.finish(run_id)
    assert failed.run.state == "failed"
    assert "Mail server did not answer" in failed.run.error
    assert [one.state for one in failed.steps if one.name == "mail"] == ["failed"]
    # Everything before the e-mail is done and correct.
    if kind == "suspend":
        assert hurried.standing() == "suspended"
    hurried.mail.latency = 0.0
    ended(hurried, run_id)
    # A mail program shows it once, even when it gets it twice.
    assert len({mail.message_id for mail in hurried.mail.messages()}) == 1


def subscribe(world):
    """2002 has one subscription that can be cancelled."""
    one = SubscriptionRecord(
        id="s1",
        number="SUB-00000001",
        account_id=zuora_id("2002"),
        term_start_date=date(2026, 1, 1),
        term_end_date=date(2026, 12, 31),
    )
    world.standin.state.load_subscriptions([one])
