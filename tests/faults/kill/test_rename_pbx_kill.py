"""kill -9 while a PBX is renamed: every login changes once, and everybody gets one e-mail about it."""

import multiprocessing
from collections import Counter
from contextlib import contextmanager

import pytest
from sqlalchemy import insert, select

from lib.clients.mail import message_id
from lib.domain.emails import EmailState
from lib.store import audit, pbxs, runs, schema
from lib.store.engine import writing
from lib.store.items import items_of_step
from tests.actions.conftest import CLIENT_ID, CLIENT_SECRET, SBC_TOKEN, fill, wait_for
from tests.faults.kill.pbx_process import ACCOUNT, NEW, OLD, PBX, POINTS, serve
from tests.faults.soak.server import START_SECONDS, Server

DEAD_SECONDS = 10.0
USERS = {
    "999": "ada@example.com",
    "1001": "Ada@example.com",
    "1002": "ben@example.com",
    "1003": None,
    "1004": "cleo@example.com",
    "1005": "dan@example.com",
}
MAILBOXES = {"ada@example.com", "ben@example.com", "cleo@example.com", "dan@example.com"}
HAPPENED = {
    # point -> the group name, how many e-mails the mail server has
    "uncommitted": (OLD, 0),
    "changed": (NEW, 0),
    "between": (NEW, 0),
    "taken": (NEW, 2),
    # The answer to the second e-mail was lost with the server, so the next one sends it again.
    "mailed": (NEW, 3),
    "told": (NEW, 5),
}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def settings(engine, database_url, standin, sbc_standin, mail_standin, tmp_path):
    """The settings of a server over an account whose PBX has six extensions with four mailboxes."""
    fill(engine, standin)
    with writing(engine) as connection:
        owner = connection.execute(select(schema.account.c.id).where(schema.account.c.number == ACCOUNT)).scalar_one()
        row = {"id": PBX, "account_id": owner, "name": "Main", "group_name": OLD}
        connection.execute(insert(schema.pbx), row)
        own = {"account_id": owner, "pbx_id": PBX, "kind": "jet_phone"}
        people = [
            {"extension": one, "display_name": f"Person {one}", "email": email, "login": f"{one}@{OLD}"}
            for one, email in USERS.items()
        ]
        connection.execute(insert(schema.phone_user), [own | person for person in people])
    return {
        "data_dir": tmp_path,
        "database_url": database_url,
        "engine_database_url": f"sqlite:///{tmp_path / 'engine.db'}",
        "zuora_url": standin.url,
        "zuora_client_id": CLIENT_ID,
        "zuora_client_secret": CLIENT_SECRET,
        "sbc_url": sbc_standin.url,
        "sbc_token": SBC_TOKEN,
        "mail_host": mail_standin.host,
        "mail_port": mail_standin.port,
        "executor_beat_seconds": 0.25,
        "executor_dead_seconds": DEAD_SECONDS,
    }


@contextmanager
def server(settings, point=None):
    """A server with these settings, killed at the end."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([serve.__module__])
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(settings, settings["data_dir"] / "server.log", theirs, point))
    process.start()
    theirs.close()
    started = Server(process, ours, "")
    try:
        assert ours.poll(START_SECONDS), "the server did not start"
        started.executor = ours.recv()
        yield started
    finally:
        started.kill()


def kill_at(settings, point):
    """Kill a server at this point of the rename. On SQLite its lock is free at once, so nobody waits until it counts as
    dead.
    """
    with server(settings, point) as victim:
        assert victim.pipe.poll(START_SECONDS), f"the server did not come to {point}"
        assert victim.pipe.recv() == point


def the_run(engine):
    with engine.connect() as connection:
        return runs.get_run(connection, connection.execute(select(schema.action_run.c.id)).scalar_one())


def state_of(engine):
    """Group name and logins."""
    with engine.connect() as connection:
        name = pbxs.get_pbx(connection, ACCOUNT, PBX).group_name
        return name, {one.extension: one.login for one in pbxs.list_extensions(connection, PBX)}


def test_each_login_changes_once_and_each_person_gets_one_email(engine, settings, mail_standin):
    """One run, killed on each server that takes it over."""
    for point in POINTS:
        kill_at(settings, point)
        group_name, mailed = HAPPENED[point]
        assert state_of(engine) == (group_name, {one: f"{one}@{group_name}" for one in USERS}), point
        assert len(mail_standin.messages()) == mailed, point
    with server(settings):
        wait_for(lambda: the_run(engine).state, lambda state: state != "running", 30)
    run = the_run(engine)
    assert (run.state, run.error) == ("done", None)
    assert state_of(engine) == (NEW, {one: f"{one}@{NEW}" for one in USERS})
    check_audit(engine, run)
    check_mails(engine, run, mail_standin.messages())


def check_audit(engine, run):
    """The audit: each step ended well once, and each login is there once, with before and after."""
    with engine.connect() as connection:
        assert audit.verify_chain(connection) is None
        assert connection.execute(select(schema.action_claim)).all() == []
        events = audit.events_of_run(connection, run.id)
        kept = items_of_step(connection, run.id, "logins")
    assert [event.step for event in events if event.phase == "ok"] == ["logins", "mails"]
    assert [event.details["count"] for event in events if event.phase == "ok"] == [len(USERS), len(MAILBOXES)]
    # Only the step under way is done again, never one whose good end is recorded.
    assert [event.step for event in events if event.phase == "begin"] == ["logins"] * 3 + ["mails"] * 3
    assert Counter(event.phase for event in events if event.step is None) == {"started": 1, "done": 1}
    assert sorted(one for one in kept if "@" in one[0]) == sorted((f"{one}@{OLD}", f"{one}@{NEW}") for one in USERS)


def check_mails(engine, run, messages):
    """One e-mail to each mailbox. Only the one whose answer was lost was sent again, with the same Message-ID."""
    wanted = {message_id(f"{run.id}:mails:{mailbox}", "example.com") for mailbox in MAILBOXES}
    first = [mail for mail in messages if not mail.repeat]
    assert sorted(mail.recipients[0].casefold() for mail in first) == sorted(MAILBOXES)
    assert [mail.message_id for mail in messages if mail.repeat] == [first[1].message_id]
    with engine.connect() as connection:
        rows = connection.execute(select(schema.sent_email.c.message_id, schema.sent_email.c.state)).all()
    assert sorted(row.message_id for row in rows) == sorted(mail.message_id for mail in first)
    assert {row.state for row in rows} == {EmailState.ACCEPTED.value}
    assert {mail.message_id for mail in first} == wanted
    for mail in messages:
        own = [one for one, email in USERS.items() if email and email.casefold() == mail.recipients[0].casefold()]
        lines = [line for line in mail.text.splitlines() if " -> " in line]
        assert lines == [f"- Extension {one}: {one}@{OLD} -> {one}@{NEW}" for one in own]
    # An e-mail sent after the kill names the time of the change, not of the e-mail.
    assert len({line for mail in messages for line in mail.text.splitlines() if "Australia/" in line}) == 1
