"""A step that sends an e-mail, repeated in every possible way: one e-mail, one row."""

from datetime import UTC, datetime

import pytest

from lib.actions.emails.mailing import send_mail
from lib.actions.engine.action import Job
from lib.clients.errors import Rejected, Unreachable
from lib.clients.mail import MailConfig, Mailer, message_id
from lib.domain.emails import EmailKind, EmailState
from lib.services import Services
from lib.settings import Settings
from lib.standins.mail import MailStandin
from lib.store.emails import find_by_message_id
from lib.store.engine import writing
from tests.common.factories import make_run, put_account

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
RUN = "enable-104233-abcdefgh"
TO = "ada@example.com"


class Killed(BaseException):
    """The process ended here."""


@pytest.fixture
def hub(engine):
    with writing(engine) as connection:
        put_account(connection, "104233")
    return engine


@pytest.fixture(scope="module")
def _running(tmp_path_factory):
    with MailStandin(tmp_path_factory.mktemp("mail")) as standin:
        yield standin


@pytest.fixture
def standin(_running):
    yield _running
    _running.clear()


def mailer(standin):
    return Mailer(
        MailConfig(host=standin.host, port=standin.port, security="none", sender="hub@example.com", connect_seconds=2)
    )


class Deadly(Mailer):
    """The process ends when the mail server has accepted the e-mail, or just before it is sent."""

    def __init__(self, config, *, sends):
        super().__init__(config)
        self._sends = sends

    def send(self, mail):
        if self._sends:
            super().send(mail)
        raise Killed


def step(hub, standin, *, run=RUN, client=None):
    """The step of an action that sends an e-mail: "nothing" when it has nothing to do, else "done"."""
    services = Services(settings=Settings(), engine=hub, zuora=None, sbc=None, mailer=client or mailer(standin))
    context = Job(services, make_run(run, "enable", "104233"), "mail", key=f"{run}:mail")
    values = {"account_number": "104233", "account_name": "Acme"}
    return send_mail(context, EmailKind.REENABLED_NOTICE, TO, values).outcome


def recorded(hub, key):
    with hub.connect() as connection:
        return find_by_message_id(connection, key)


def test_a_repeated_step_sends_nothing(hub, standin):
    key = message_id(f"{RUN}:mail", "example.com")
    assert [step(hub, standin) for _ in range(3)] == ["done", "nothing", "nothing"]
    assert standin.count(key) == 1
    assert recorded(hub, key).state is EmailState.ACCEPTED


def test_another_run_sends_another_mail(hub, standin):
    step(hub, standin)
    step(hub, standin, run="enable-104233-bcdefghj")
    assert len({received.message_id for received in standin.messages()}) == 2


def test_a_refused_mail_is_sent_when_the_step_is_repeated(hub, standin):
    key = message_id(f"{RUN}:mail", "example.com")
    standin.fail("recipient")
    with pytest.raises(Rejected):
        step(hub, standin)
    assert recorded(hub, key).state is EmailState.FAILED
    assert [step(hub, standin), step(hub, standin)] == ["done", "nothing"]
    assert recorded(hub, key).state is EmailState.ACCEPTED
    assert standin.count(key) == 1


def test_a_lost_answer_is_reported_as_unknown_and_its_repeat_is_recognisable(hub, standin):
    key = message_id(f"{RUN}:mail", "example.com")
    standin.fail("drop_after")
    with pytest.raises(Unreachable) as caught:
        step(hub, standin)
    assert caught.value.maybe_done
    assert recorded(hub, key).state is EmailState.UNKNOWN
    assert step(hub, standin) == "done"
    assert [received.message_id for received in standin.messages()] == [key, key]
    assert [received.repeat for received in standin.messages()] == [False, True]


@pytest.mark.parametrize("sends", [True, False])
def test_killed_before_its_outcome_is_stored_it_is_unknown_and_comes_with_the_same_id(hub, standin, sends):
    key = message_id(f"{RUN}:mail", "example.com")
    with pytest.raises(Killed):
        step(hub, standin, client=Deadly(mailer(standin).config, sends=sends))
    left = recorded(hub, key)
    assert (left.state, left.recipient) == (EmailState.UNKNOWN, TO)
    assert "104233" in left.body
    # It is refused now, but the first one may have arrived.
    standin.fail("recipient")
    with pytest.raises(Rejected):
        step(hub, standin)
    assert recorded(hub, key) == left
    assert [step(hub, standin), step(hub, standin)] == ["done", "nothing"]
    assert [received.repeat for received in standin.messages()] == ([False, True] if sends else [False])
    assert recorded(hub, key).state is EmailState.ACCEPTED
