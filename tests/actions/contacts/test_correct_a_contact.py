"""A run whose letter was refused waits; the contact is corrected meanwhile, and Resume writes to the right address."""

import contextlib
import threading

import pytest
from sqlalchemy import select

from lib.actions.engine.errors import AccountBusy, ActionError
from lib.store import runs
from lib.store.schema import sent_email
from tests.actions.account.test_suspend import WHY, suspend
from tests.actions.conftest import LEAD, OTHER, wait_for
from tests.actions.contacts.test_contacts import NEW, bill_to, edit


def letters(world) -> list[tuple[str, str]]:
    with world.services.engine.connect() as connection:
        query = select(sent_email.c.recipient, sent_email.c.state).order_by(sent_email.c.id)
        return [tuple(row) for row in connection.execute(query)]


@pytest.fixture
def refused(world):
    """A suspension that is done but for its letter."""
    plan = suspend(world, mail=True)
    world.mail.fail("recipient", None)
    failed = world.finish(world.runner.start(plan, LEAD, WHY))
    assert failed.run.state == "failed"
    world.mail.clear()
    return failed.run


def correct(world, address=NEW, actor=OTHER) -> str:
    return world.runner.start(edit(world, actor, work_email=address), actor)


def test_the_contact_is_corrected_while_the_run_waits_and_the_letter_goes_to_the_new_address(world, refused):
    assert world.finish(correct(world)).run.state == "done"
    assert world.runner.open_run("1001").id == refused.id
    world.runner.resume(refused.id, LEAD)
    assert world.finish(refused.id).run.state == "done"
    assert [list(mail.recipients) for mail in world.mail.messages()] == [[NEW]]
    assert letters(world) == [("ada@example.com", "failed"), (NEW, "accepted")]


def test_a_contact_without_an_address_stops_the_letter_and_says_where_to_correct_it(world, refused):
    world.services.zuora.update_contact(bill_to(world).id, {"work_email": ""}, track="test")
    wait_for(lambda: bill_to(world).work_email, lambda email: email == "")
    world.runner.resume(refused.id, LEAD)
    failed = world.finish(refused.id)
    assert failed.run.state == "failed"
    assert "Correct it on Account contacts, then resume." in failed.run.error
    assert world.mail.messages() == []


def test_a_letter_that_may_have_arrived_is_repeated_to_the_same_address(world):
    plan = suspend(world, mail=True)
    world.mail.fail("drop_after", None)
    failed = world.finish(world.runner.start(plan, LEAD, WHY)).run
    world.mail.clear()
    assert world.finish(correct(world)).run.state == "done"
    world.runner.resume(failed.id, LEAD)
    assert world.finish(failed.id).run.state == "done"
    assert {address for mail in world.mail.messages() for address in mail.recipients} == {"ada@example.com"}
    assert letters(world) == [("ada@example.com", "accepted")]


def test_zuora_away_at_resume_sends_nothing_anywhere(world, refused):
    world.fail("GET /v1/accounts", "drop_before")
    world.runner.resume(refused.id, LEAD)
    assert world.finish(refused.id).run.state == "failed"
    assert world.mail.messages() == []


@pytest.mark.sqlite_only
def test_nothing_else_goes_beside_a_run_that_waits(world, refused):
    plan = world.runner.plan("rename", "1001", {"name": "New", "base": "Wattle Plumbing"}, OTHER)
    with pytest.raises(AccountBusy) as busy:
        world.runner.start(plan, OTHER)
    assert refused.id in str(busy.value)


def test_a_change_of_a_contact_that_stopped_is_settled_before_the_other_goes_on(world, refused):
    world.fail("PUT /v1/contacts", "success_false", times=1)
    edited = correct(world)
    assert world.finish(edited).run.state == "failed"
    assert {run.id for run in world.runner.open_runs("1001")} == {refused.id, edited}
    with pytest.raises(AccountBusy) as busy:
        world.runner.resume(refused.id, LEAD)
    assert edited in str(busy.value)
    with pytest.raises(AccountBusy):
        correct(world, "third@example.com")
    world.runner.resume(edited, OTHER)
    assert world.finish(edited).run.state == "done"
    world.runner.resume(refused.id, LEAD)
    assert world.finish(refused.id).run.state == "done"


def test_a_contact_is_not_changed_while_another_run_moves(world):
    plan = edit(world, OTHER, work_email=NEW)
    world.break_sbc("latency", "PUT /v1/rules", seconds=1)
    run_id = world.runner.start(suspend(world), LEAD, WHY)
    with pytest.raises(AccountBusy):
        world.runner.start(plan, OTHER)
    assert world.finish(run_id).run.state == "done"


def test_of_a_resume_and_a_correction_at_one_moment_only_one_moves(world, refused):
    """Whoever comes second waits or is refused; never do both run at once."""
    plan = edit(world, OTHER, work_email=NEW)
    together = []
    world.fail("PUT /v1/contacts", "latency", seconds=0.3)

    def watch(done: threading.Event) -> None:
        while not done.is_set():
            with world.services.engine.connect() as connection:
                together.append([run.state for run in runs.open_runs(connection, "1001")].count("running"))

    def act(what) -> None:
        start.wait()
        with contextlib.suppress(ActionError):
            what()

    start, done = threading.Barrier(2), threading.Event()
    watching = threading.Thread(target=watch, args=(done,))
    acting = [
        threading.Thread(target=act, args=(what,))
        for what in (lambda: world.runner.resume(refused.id, LEAD), lambda: world.runner.start(plan, OTHER))
    ]
    watching.start()
    for one in acting:
        one.start()
    for one in acting:
        one.join()
    wait_for(lambda: world.runner.open_runs("1001"), lambda open_: all(run.state != "running" for run in open_))
    done.set()
    watching.join()
    assert max(together) == 1
