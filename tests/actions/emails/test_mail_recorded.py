"""An e-mail whose record cannot be written: the record waits for the database, and the e-mail is not sent again."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event, select

from lib.clients.mail import message_id
from lib.store import audit
from lib.store.schema import sent_email
from tests.actions.account.test_suspend import WHY, suspend
from tests.actions.conftest import LEAD, OTHER, wait_for
from tests.actions.contacts.test_contacts import NEW, edit
from tests.actions.emails.test_resend import again, put
from tests.actions.pbx.test_pbx import TYPED, house, rename  # noqa: F401 - a fixture

DOMAIN = "example.com"


@contextmanager
def away(world, table, word, times=None):
    """The database can only be read when the table is given this word; what had been mailed each time it was tried."""
    mailed: list[int] = []

    def refuse(connection, _cursor, statement, parameters, _context, _many):
        writes = statement.lower().startswith((f"insert into {table} ", f"update {table} "))
        given = parameters.values() if isinstance(parameters, dict) else parameters
        if writes and word in given and (times is None or len(mailed) < times):
            mailed.append(len(world.mail.messages()))
            sqlite = connection.dialect.name == "sqlite"
            connection.exec_driver_sql("pragma query_only = on" if sqlite else "set transaction read only")

    event.listen(world.services.engine, "before_cursor_execute", refuse)
    try:
        yield mailed
    finally:
        event.remove(world.services.engine, "before_cursor_execute", refuse)


def impatient(world):
    """From now on a run waits for four tries and no longer."""
    world.runner.close()
    object.__setattr__(world.services.settings, "database_patience_minutes", 0)
    world.runner.open()


def rows(world, *columns):
    with world.services.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(sent_email.c.id))]


def states(world):
    return [state for (state,) in rows(world, sent_email.c.state)]


def letters(world, kind):
    """A plan that mails, what confirms it, and how many e-mails it sends."""
    if kind == "suspend":
        return suspend(world, mail=True), WHY, 1
    if kind == "rename_pbx":
        return rename(world), TYPED, 2
    return again(world, put(world)), None, 1


@pytest.mark.parametrize("kind", ["suspend", "resend_email", "rename_pbx"])
@pytest.mark.parametrize("fault", [None, "recipient"])
@pytest.mark.sqlite_only
def test_an_outcome_that_cannot_be_recorded_is_not_a_reason_to_send_again(house, kind, fault):  # noqa: F811
    plan, given, count = letters(house, kind)
    if fault:
        house.mail.fail(fault, times=1)
    with away(house, "sent_email", "failed" if fault else "accepted", times=2) as tried:
        done = house.finish(house.runner.start(plan, LEAD, given))
    assert len(tried) == 2
    assert done.run.state == ("failed" if fault else "done"), done.run.error
    assert len(house.mail.messages()) == (count - 1 if fault else count)
    assert not any(mail.repeat for mail in house.mail.messages())
    assert states(house)[-count:] == ["failed" if fault else "accepted", *["accepted"] * (count - 1)]


@pytest.mark.parametrize("kind", ["suspend", "resend_email", "rename_pbx"])
def test_nothing_leaves_before_its_row_with_its_text_is_there(house, kind):  # noqa: F811
    plan, given, count = letters(house, kind)
    before = len(states(house))
    with away(house, "sent_email", "unknown", times=2) as mailed:
        run_id = house.runner.start(plan, LEAD, given)
        assert house.finish(run_id).run.state == "done"
    assert mailed == [0, 0]
    assert len(house.mail.messages()) == count
    kept = rows(house, sent_email.c.state, sent_email.c.run_id, sent_email.c.body)[before:]
    assert [(state, run) for state, run, _ in kept] == [("accepted", run_id)] * count
    assert all(body for _, _, body in kept)


@pytest.mark.sqlite_only
def test_while_it_is_under_way_its_row_says_unknown(world):
    world.mail.latency = 0.5
    run_id = world.runner.start(suspend(world, mail=True), LEAD, WHY)
    ((state, recipient, body),) = wait_for(
        lambda: rows(world, sent_email.c.state, sent_email.c.recipient, sent_email.c.body), bool
    )
    assert (state, recipient) == ("unknown", "ada@example.com")
    assert "suspended" in body
    assert world.finish(run_id).run.state == "done"
    assert states(world) == ["accepted"]


@pytest.mark.sqlite_only
def test_a_record_that_waits_too_long_leaves_unknown_and_a_resume_sends_the_same_one(world):
    impatient(world)
    plan = suspend(world, mail=True)
    with away(world, "sent_email", "accepted"):
        failed = world.finish(world.runner.start(plan, LEAD, WHY))
    assert failed.run.state == "failed"
    assert failed.run.error.startswith("The mail server accepted the e-mail. The Hub database was away")
    assert "sends the same e-mail again" in failed.run.error
    assert states(world) == ["unknown"]
    assert len(world.mail.messages()) == 1
    world.runner.resume(failed.run.id, LEAD)
    assert world.finish(failed.run.id).run.state == "done"
    assert [mail.repeat for mail in world.mail.messages()] == [False, True]
    assert world.mail.count(message_id(f"{plan.id}:mail", DOMAIN)) == 2
    assert states(world) == ["accepted"]


@pytest.mark.sqlite_only
def test_a_lost_answer_whose_failure_cannot_be_recorded_is_not_sent_again_unasked(world):
    plan = suspend(world, mail=True)
    world.mail.fail("drop_after", times=1)
    with away(world, "action_event", "failed", times=2) as tried:
        failed = world.finish(world.runner.start(plan, LEAD, WHY))
    assert len(tried) == 2
    assert failed.run.state == "failed"
    assert len(world.mail.messages()) == 1
    assert states(world) == ["unknown"]


@pytest.mark.sqlite_only
def test_a_good_end_that_cannot_be_recorded_is_not_a_reason_to_begin_again(world):
    run_id = world.runner.start(world.runner.plan("rename", "1001", {"name": "Wattle New"}, LEAD), LEAD)
    with away(world, "action_event", "ok", times=2) as tried:
        assert world.finish(run_id).run.state == "done"
    with world.services.engine.connect() as connection:
        begun = [one for one in audit.events_of_run(connection, run_id) if one.phase == "begin"]
    assert len(begun) == len({one.step for one in begun})
    assert len(tried) == 2


def refused(world):
    """A suspension that is done but for its letter; the contact's address is corrected since."""
    plan = suspend(world, mail=True)
    world.mail.fail("recipient", times=1)
    run = world.finish(world.runner.start(plan, LEAD, WHY)).run
    assert run.state == "failed"
    assert world.finish(world.runner.start(edit(world, OTHER, work_email=NEW), OTHER)).run.state == "done"
    return run


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("word", "sent"), [("accepted", 2), ("unknown", 1)])
def test_a_letter_to_a_corrected_address_is_not_turned_back_to_the_refused_one(world, word, sent):
    """By an attempt at the corrected address that has no end: its letter may have arrived, or never left."""
    impatient(world)
    run = refused(world)
    with away(world, "sent_email", word):
        world.runner.resume(run.id, LEAD)
        assert world.finish(run.id).run.state == "failed"
    world.runner.resume(run.id, LEAD)
    assert world.finish(run.id).run.state == "done"
    assert [list(mail.recipients) for mail in world.mail.messages()] == [[NEW]] * sent
    kept = rows(world, sent_email.c.recipient, sent_email.c.state)
    assert kept == [("ada@example.com", "failed"), (NEW, "accepted")]
