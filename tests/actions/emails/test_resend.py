"""Sending an e-mail of the history again, and reading that history."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from lib.actions.engine.errors import Blocked, NotAllowed
from lib.clients.mail import message_id
from lib.domain.emails import EmailKind
from lib.store import emails
from lib.store.emails import EmailFilter
from lib.store.engine import writing
from lib.store.schema import sent_email
from tests.actions.conftest import BILLING, LEAD
from tests.common.factories import make_email

FIRST = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)


def put(world, position=0, *, kind=EmailKind.SUSPENSION_NOTICE, account="1001", **values):
    """An e-mail in the history; returns its id."""
    given = {
        "subject": f"Subject {position}",
        "message_id": f"<put-{account}-{position}@example.com>",
        "body": "Dear <b>Ada</b>,\nyour service is suspended.\n",
        "sent_at": FIRST + timedelta(minutes=position),
        **values,
    }
    with writing(world.services.engine) as connection:
        make_email(connection, account=account, kind=kind, **given)
        query = select(sent_email.c.id).where(sent_email.c.message_id == given["message_id"])
        return connection.execute(query).scalar_one()


def again(world, email, to="original", actor=LEAD, account="1001"):
    return world.runner.plan("resend_email", account, {"email": email, "to": to}, actor)


def listed(world, wanted=None, **how):
    with world.services.engine.connect() as connection:
        return emails.read_emails(connection, "1001", wanted or EmailFilter(), limit=50, **how)


@pytest.mark.parametrize(("to", "recipient"), [("original", "ada@example.com"), ("me", LEAD.email)])
def test_it_goes_out_word_for_word_and_gets_its_own_row(world, to, recipient):
    first = put(world)
    plan = again(world, first, to)
    assert plan.effects[0].after == recipient
    done = world.finish(world.runner.start(plan, LEAD))
    assert done.run.state == "done", done.run.error
    (mail,) = world.mail.messages()
    assert mail.recipients == (recipient,)
    assert mail.subject == "Subject 0"
    assert "Dear <b>Ada</b>," in mail.text
    assert "&lt;b&gt;" in mail.html
    with world.services.engine.connect() as connection:
        newest = emails.find_email(connection, "1001", listed(world)[0].id)
    assert (newest.resent_from, newest.recipient, newest.kind) == (first, recipient, "suspension_notice")
    assert [one.id for one in listed(world)][1:] == [first]


def test_what_cannot_be_sent_again_says_why(world):
    secret = put(world, kind=EmailKind.ONE_TIME_CODE, body="Your code is 123456")
    with world.services.engine.connect() as connection:
        assert emails.find_email(connection, "1001", secret).body is None
    for email, says in (
        (secret, "used to sign in"),
        (put(world, 3, account="2001"), "no longer in the history"),
    ):
        plan = again(world, email)
        assert says in plan.blockers[0]
        with pytest.raises(Blocked):
            world.runner.start(plan, LEAD)
    with pytest.raises(NotAllowed):
        again(world, secret, actor=BILLING)
    assert world.mail.messages() == []


def test_a_mail_server_away_is_told_and_resumed(world):
    plan = again(world, put(world))
    world.mail.fail("connect", times=1)
    failed = world.finish(world.runner.start(plan, LEAD))
    assert failed.run.state == "failed"
    assert [one.state for one in listed(world)] == ["failed", "accepted"]
    world.runner.resume(failed.run.id, LEAD)
    assert world.finish(failed.run.id).run.state == "done"
    assert len(world.mail.messages()) == 1
    assert [one.state for one in listed(world)] == ["accepted", "accepted"]


def test_a_lost_answer_is_not_called_a_failure_and_comes_again_as_the_same_email(world):
    plan = again(world, put(world))
    world.mail.fail("drop_after", times=1)
    unsure = world.finish(world.runner.start(plan, LEAD))
    assert unsure.run.state == "failed"
    assert [one.state for one in listed(world)] == ["unknown", "accepted"]
    world.runner.resume(unsure.run.id, LEAD)
    assert world.finish(unsure.run.id).run.state == "done"
    first, second = world.mail.messages()
    assert (first.message_id, second.repeat) == (second.message_id, True)
    assert [one.state for one in listed(world)] == ["accepted", "accepted"]


def test_one_that_an_earlier_attempt_sent_is_not_sent_again(world):
    first = put(world)
    plan = again(world, first)
    put(world, 1, message_id=message_id(f"{plan.id}:mail", world.services.mailer.config.domain))
    done = world.finish(world.runner.start(plan, LEAD))
    assert done.run.state == "done"
    assert world.mail.messages() == []


def test_the_history_is_read_in_pages_filtered_and_counted_up_to_a_bound(world):
    moments = [0, 1, 1, 1, 2]
    ids = [put(world, place, sent_at=FIRST + timedelta(days=day)) for place, day in enumerate(moments)]
    put(world, 7, account="2001")
    put(world, 8, kind=EmailKind.PBX_LOGIN_CHANGE, subject="100 % new", recipient="Ben@example.com", sent_at=FIRST)
    wanted = EmailFilter(text="subject")
    with world.services.engine.connect() as connection:
        seen, after = [], None
        while rows := emails.read_emails(connection, "1001", wanted, after=after, limit=2):
            seen += [one.id for one in rows]
            after = rows[-1].place
        assert seen == [ids[4], *sorted(ids[1:4], reverse=True), ids[0]]
        assert emails.count_emails(connection, "1001", wanted, most=10) == 5
        assert emails.count_emails(connection, "1001", wanted, most=3) == 3
    walked = emails.walk_emails(world.services.engine, "1001", wanted, chunk=2)
    assert [one.id for rows in walked for one in rows] == seen
    for wanted, found in (
        (EmailFilter(text="%"), ["100 % new"]),
        (EmailFilter(recipient="BEN@"), ["100 % new"]),
        (EmailFilter(kind="pbx_login_change"), ["100 % new"]),
        (EmailFilter(since=FIRST + timedelta(days=2)), ["Subject 4"]),
        (EmailFilter(before=FIRST), []),
    ):
        assert [one.subject for one in listed(world, wanted)] == found
