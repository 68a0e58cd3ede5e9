"""The record of sent e-mails."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select

from lib.domain.emails import EmailKind, EmailState
from lib.store import schema
from lib.store.account_id import AccountGone
from lib.store.emails import (
    EmailFilter,
    SentEmail,
    count_emails,
    count_of_runs,
    find_by_message_id,
    find_email,
    learn_state,
    read_emails,
    read_of_run,
    record_sent,
    states_of_run,
)
from lib.store.engine import writing
from tests.common.factories import put_account

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ID = "<am.1@example.com>"


@pytest.fixture
def hub(engine):
    with writing(engine) as connection:
        for number in ("104233", "104234"):
            put_account(connection, number)
    return engine


def record(hub, **changes):
    given = {
        "account": "104233",
        "kind": EmailKind.SUSPENSION_NOTICE,
        "subject": "Your service is suspended",
        "recipient": "ada@example.com",
        "state": EmailState.ACCEPTED,
        "message_id": ID,
        "body": "Hello",
        "sent_at": NOW,
    }
    with writing(hub) as connection:
        return record_sent(connection, **{**given, **changes})


def find(hub, message_id=ID):
    with hub.connect() as connection:
        return find_by_message_id(connection, message_id)


def rows(hub):
    with hub.connect() as connection:
        return connection.execute(select(func.count()).select_from(schema.sent_email)).scalar_one()


def test_what_is_recorded_is_found_by_its_message_id(hub):
    assert find(hub) is None
    assert record(hub, account="104234") is True
    assert find(hub) == SentEmail(
        account="104234",
        kind=EmailKind.SUSPENSION_NOTICE,
        subject="Your service is suspended",
        recipient="ada@example.com",
        state=EmailState.ACCEPTED,
        message_id=ID,
        body="Hello",
        sent_at=NOW,
    )
    assert find(hub, "<am.2@example.com>") is None


def test_a_repeat_leaves_the_first_record(hub):
    record(hub)
    before = find(hub)
    assert record(hub, sent_at=NOW + timedelta(minutes=1), body="Other") is False
    assert record(hub, state=EmailState.FAILED) is False
    assert find(hub) == before
    assert rows(hub) == 1


def test_a_failed_mail_becomes_an_accepted_one_and_not_the_reverse(hub):
    later = NOW + timedelta(hours=1)
    assert record(hub, state=EmailState.FAILED) is True
    assert record(hub, state=EmailState.FAILED, sent_at=later) is False
    assert find(hub).sent_at == NOW
    assert record(hub, sent_at=later) is True
    assert (find(hub).state, find(hub).sent_at) == (EmailState.ACCEPTED, later)
    assert rows(hub) == 1


def learn(hub, state):
    with writing(hub) as connection:
        return learn_state(connection, ID, state)


def test_an_outcome_changes_only_the_state_and_never_an_accepted_one(hub):
    record(hub, state=EmailState.UNKNOWN)
    before = find(hub)
    assert learn(hub, EmailState.FAILED) is True
    assert find(hub) == before.model_copy(update={"state": EmailState.FAILED})
    assert learn(hub, EmailState.ACCEPTED) is True
    assert find(hub) == before.model_copy(update={"state": EmailState.ACCEPTED})
    assert [learn(hub, state) for state in EmailState] == [False] * 3
    assert find(hub).state is EmailState.ACCEPTED


def test_a_run_can_read_whom_it_mailed_and_with_which_outcome(hub):
    record(hub, run_id="a", state=EmailState.FAILED)
    record(hub, run_id="a", state=EmailState.UNKNOWN, message_id="<am.2@x>", recipient="ben@example.com")
    record(hub, run_id="b", message_id="<am.3@x>", recipient="cleo@example.com")
    record(hub, run_id="a", kind=EmailKind.REENABLED_NOTICE, message_id="<am.4@x>", recipient="dan@example.com")
    with hub.connect() as connection:
        told = states_of_run(connection, "a", EmailKind.SUSPENSION_NOTICE)
    assert told == {"ada@example.com": EmailState.FAILED, "ben@example.com": EmailState.UNKNOWN}


@pytest.mark.parametrize("kind", EmailKind)
def test_a_text_that_would_let_a_reader_sign_in_is_not_kept(hub, kind):
    record(hub, kind=kind)
    assert find(hub).kind is kind
    assert find(hub).body == (None if kind.holds_secret else "Hello")


def test_an_email_with_a_very_long_subject_is_recorded(hub):
    record(hub, subject="é" * 300)
    assert find(hub).subject == "é" * 254 + "…"


def test_an_unknown_account_is_an_error(hub):
    with pytest.raises(AccountGone):
        record(hub, account="999999")
    assert rows(hub) == 0


def test_the_emails_of_a_run_are_counted_and_listed_in_order(hub):
    for position in range(3):
        record(hub, message_id=f"<am.{position}@x>", run_id="a", sent_at=NOW - timedelta(minutes=position))
    record(hub, message_id="<am.9@x>", run_id="b")
    record(hub, message_id="<am.10@x>")
    with hub.connect() as connection:
        assert count_of_runs(connection, ["a", "b", "c"]) == {"a": 3, "b": 1}
        told = read_of_run(connection, "a", 2)
    assert [one.sent_at for one in told] == [NOW - timedelta(minutes=2), NOW - timedelta(minutes=1)]


# ------------------------------------------------------------------ whose an e-mail is to read
def id_of(hub, message_id):
    with hub.connect() as connection:
        found = select(schema.sent_email.c.id).where(schema.sent_email.c.message_id == message_id)
        return connection.execute(found).scalar_one()


def add_person(hub, name, *roles):
    with writing(hub) as connection:
        row = {"username": name.lower(), "email": f"{name}@example.com", "name": name}
        added = connection.execute(insert(schema.person).values(row).returning(schema.person.c.id)).scalar_one()
        for role in roles:
            connection.execute(insert(schema.person_role).values(person_id=added, role=role))


def read(hub, *, customer):
    with hub.connect() as connection:
        found = read_emails(connection, "104233", EmailFilter(), limit=100, customer=customer)
        assert count_emails(connection, "104233", EmailFilter(), most=100, customer=customer) == len(found)
        for one in found:
            assert find_email(connection, "104233", one.id, customer=customer) is not None
        return [one.recipient for one in found]


def test_a_customer_does_not_see_a_copy_that_staff_sent_to_themselves(hub):
    add_person(hub, "Lee", "support_lead")
    add_person(hub, "Ada", "account_admin")
    record(hub)
    first = id_of(hub, ID)
    sent = {
        "<copy@x>": {"recipient": "lee@EXAMPLE.com", "resent_from": first},
        "<copy-of-who-left@x>": {"recipient": "gone@example.com", "resent_from": first},
        "<first-hand-to-staff@x>": {"recipient": "Lee@example.com"},
        "<again@x>": {"recipient": "ada@example.com", "resent_from": first},
    }
    for message_id, values in sent.items():
        record(hub, message_id=message_id, **values)
    record(
        hub, message_id="<copy-again@x>", recipient="gone@example.com", resent_from=id_of(hub, "<copy-of-who-left@x>")
    )
    # An e-mail of another account does not make the address one of this account.
    record(hub, message_id="<other@x>", recipient="gone@example.com", account="104234")
    assert sorted(read(hub, customer=True)) == ["ada@example.com", "ada@example.com"]
    assert len(read(hub, customer=False)) == 6
    with hub.connect() as connection:
        assert find_email(connection, "104233", id_of(hub, "<copy@x>"), customer=True) is None
        assert find_email(connection, "104233", id_of(hub, "<copy@x>")) is not None
