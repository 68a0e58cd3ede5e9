"""A step that sends a mail, repeated in every way a step can be: one e-mail, one row."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from lib.clients.errors import Rejected, Unreachable
from lib.clients.mail import MailConfig, Mailer, OutgoingMail, message_id, render
from lib.domain.emails import EmailKind, EmailState
from lib.standins.mail import MailStandin
from lib.store import schema
from lib.store.emails import find_by_message_id, record_sent
from lib.store.engine import writing

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
RUN = "enable-104233-abcdefgh"
TO = "ada@example.com"


class Killed(BaseException):
    """The process ended here."""


@pytest.fixture
def hub(engine):
    with writing(engine) as connection:
        row = {"number": "104233", "name": "Acme", "status": "active", "created_at": NOW, "changed_at": NOW}
        connection.execute(insert(schema.account).values(row))
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


def step(hub, standin, *, run=RUN, killed_before_record=False):
    """What an action does in its step: look, send, record."""
    client = mailer(standin)
    key = message_id(f"{run}:mail", client.config.domain)
    with hub.connect() as connection:
        found = find_by_message_id(connection, key)
    if found is not None and found.state is EmailState.ACCEPTED:
        return "nothing"
    words = render("reenabled_notice", {"account_number": "104233", "account_name": "Acme", "contact": "1300 975 707"})
    state = EmailState.FAILED
    try:
        client.send(OutgoingMail(TO, words.subject, words.text, words.html, key))
        state = EmailState.ACCEPTED
        if killed_before_record:
            raise Killed
    finally:
        if not killed_before_record:
            with writing(hub) as connection:
                record_sent(
                    connection,
                    account="104233",
                    kind=EmailKind.REENABLED_NOTICE,
                    subject=words.subject,
                    recipient=TO,
                    state=state,
                    message_id=key,
                    body=words.text,
                    sent_at=NOW,
                )
    return "sent"


def recorded(hub, key):
    with hub.connect() as connection:
        return find_by_message_id(connection, key)


def test_a_repeated_step_sends_nothing(hub, standin):
    key = message_id(f"{RUN}:mail", "example.com")
    assert [step(hub, standin) for _ in range(3)] == ["sent", "nothing", "nothing"]
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
    assert [step(hub, standin), step(hub, standin)] == ["sent", "nothing"]
    assert recorded(hub, key).state is EmailState.ACCEPTED
    assert standin.count(key) == 1


def test_a_lost_answer_is_told_as_unknown_and_its_repeat_is_recognisable(hub, standin):
    key = message_id(f"{RUN}:mail", "example.com")
    standin.fail("drop_after")
    with pytest.raises(Unreachable) as caught:
        step(hub, standin)
    assert caught.value.maybe_done
    assert step(hub, standin) == "sent"
    assert [received.message_id for received in standin.messages()] == [key, key]
    assert [received.repeat for received in standin.messages()] == [False, True]


def test_killed_before_the_record_it_arrives_again_under_the_same_id(hub, standin):
    key = message_id(f"{RUN}:mail", "example.com")
    with pytest.raises(Killed):
        step(hub, standin, killed_before_record=True)
    assert recorded(hub, key) is None
    assert [step(hub, standin), step(hub, standin)] == ["sent", "nothing"]
    assert [received.repeat for received in standin.messages()] == [False, True]
