import pytest
from sqlalchemy import update

from lib.actions.engine.errors import Blocked, NotAllowed, PlanChanged
from lib.store.engine import writing
from lib.store.schema import account
from tests.actions.conftest import BILLING, LEAD, VIEWER, zuora_id

NEW = "invoices@example.com"


def bill_to(world):
    return world.services.zuora.account(zuora_id("1001")).bill_to


def edit(world, actor=LEAD, role="bill_to", base=None, **changes):
    contact = bill_to(world)
    seen = base or {field: getattr(contact, field) for field in changes}
    params = {"role": role, "contact": contact.id, "changes": changes or {"work_email": NEW}, "base": seen}
    return world.runner.plan("edit_contact", "1001", params, actor)


@pytest.fixture
def plan(world):
    return edit(world, work_email=f"  {NEW} ")


def test_a_new_address_for_invoices_reaches_zuora_and_is_read_back(world, plan):
    assert [(one.text, one.before, one.after) for one in plan.effects] == [("E-mail", "ada@example.com", NEW)]
    done = world.finish(world.runner.start(plan, LEAD))
    assert (done.run.state, done.steps[0].state, done.steps[0].after) == ("done", "done", f"E-mail: {NEW}")
    assert done.steps[0].request_ids
    assert (bill_to(world).work_email, bill_to(world).first_name) == (NEW, "Ada")


def test_one_record_for_both_is_said_and_changes_for_both(world, plan):
    assert "the same contact" in plan.warnings[0]
    world.finish(world.runner.start(plan, LEAD))
    assert world.services.zuora.account(zuora_id("1001")).sold_to.work_email == NEW


def test_only_the_changed_field_is_sent(world, plan):
    world.services.zuora.update_contact(bill_to(world).id, {"city": "Carlton"}, track="test")
    world.catch_up()
    assert world.finish(world.runner.start(plan, LEAD)).run.state == "done"
    assert (bill_to(world).work_email, bill_to(world).city) == (NEW, "Carlton")


@pytest.mark.sqlite_only
def test_a_bad_value_is_a_blocker_and_changes_nothing(world):
    before = bill_to(world)
    made = edit(world, work_email="nobody")
    assert "E-mail: " in made.blockers[0]
    with pytest.raises(Blocked):
        world.runner.start(made, LEAD)
    assert bill_to(world) == before


def test_a_change_between_plan_and_start_is_told(world, plan):
    world.services.zuora.update_contact(bill_to(world).id, {"work_email": "theirs@example.com"}, track="test")
    world.catch_up()
    with pytest.raises((PlanChanged, Blocked)):
        world.runner.start(plan, LEAD)
    assert bill_to(world).work_email == "theirs@example.com"


def test_a_change_by_somebody_else_while_the_run_waits_is_not_overwritten(world, plan):
    world.fail("PUT /v1/contacts", "success_false", message="No way")
    failed = world.finish(world.runner.start(plan, LEAD))
    assert failed.run.state == "failed"
    assert bill_to(world).work_email == "ada@example.com"
    world.standin.state.faults.clear()
    world.services.zuora.update_contact(bill_to(world).id, {"work_email": "theirs@example.com"}, track="test")
    world.catch_up()
    world.runner.resume(failed.run.id, LEAD)
    again = world.finish(failed.run.id)
    assert "Somebody else has changed E-mail" in (again.run.error or "")
    assert bill_to(world).work_email == "theirs@example.com"


def test_a_lost_answer_is_not_written_twice(world, plan):
    world.fail("PUT /v1/contacts", "drop_after", times=1)
    assert world.finish(world.runner.start(plan, LEAD)).run.state == "done"
    assert bill_to(world).work_email == NEW


def test_undo_takes_it_back_and_is_not_offered_after_a_later_update(world, plan):
    first = world.finish(world.runner.start(plan, LEAD)).run
    params = world.runner.undo_params(first, LEAD)
    back = world.runner.plan("edit_contact", "1001", params, LEAD)
    assert [(one.before, one.after) for one in back.effects] == [(NEW, "ada@example.com")]
    world.finish(world.runner.start(back, LEAD))
    assert bill_to(world).work_email == "ada@example.com"
    assert world.runner.undo_params(first, LEAD) is None


def test_undo_of_a_value_changed_in_zuora_itself_is_refused(world, plan):
    first = world.finish(world.runner.start(plan, LEAD)).run
    world.services.zuora.update_contact(bill_to(world).id, {"work_email": "theirs@example.com"}, track="test")
    world.catch_up()
    back = world.runner.plan("edit_contact", "1001", world.runner.undo_params(first, LEAD), LEAD)
    assert "“theirs@example.com”" in back.blockers[0]


def test_billing_may_and_a_viewer_may_not(world):
    assert not edit(world, BILLING, work_email=NEW).blockers
    with pytest.raises(NotAllowed, match="contacts:edit"):
        edit(world, VIEWER, work_email=NEW)


def set_bill_to(world, **values):
    world.standin.state.update_contact(bill_to(world).id, values)


def test_a_value_is_removed_only_where_the_person_said_so(world):
    set_bill_to(world, work_phone="03 5550 1234", address1="1 High Street")
    made = edit(world, work_phone="", address1=" ")
    with pytest.raises(Blocked):
        world.runner.start(made, LEAD)
    params = {**made.params, "emptied": ["work_phone", "address1"]}
    whole = world.runner.plan("edit_contact", "1001", params, LEAD)
    assert world.finish(world.runner.start(whole, LEAD)).run.state == "done"
    assert (bill_to(world).work_phone, bill_to(world).address1) == ("", "")


def test_undo_of_a_value_that_was_added_removes_it(world):
    first = world.finish(world.runner.start(edit(world, work_phone="03 5550 1234"), LEAD)).run
    back = world.runner.plan("edit_contact", "1001", world.runner.undo_params(first, LEAD), LEAD)
    assert [(one.before, one.after) for one in back.effects] == [("03 5550 1234", "empty")]
    assert world.finish(world.runner.start(back, LEAD)).run.state == "done"
    assert bill_to(world).work_phone == ""


@pytest.mark.parametrize(
    ("before", "typed", "stored"),
    [
        ("", {"country": "AUS", "state": "vic"}, {"country": "Australia", "state": "vic"}),
        ("", {"country": "usa", "state": "ca"}, {"country": "United States", "state": "California"}),
        ("Canada", {"state": "Québec"}, {"state": "Quebec"}),
    ],
)
def test_a_country_is_what_zuora_turns_it_into_and_the_run_ends_well(world, before, typed, stored):
    set_bill_to(world, country=before)
    plan = edit(world, **typed)
    assert not plan.blockers
    assert world.finish(world.runner.start(plan, LEAD)).run.state == "done"
    assert {field: getattr(bill_to(world), field) for field in stored} == stored


def test_a_country_no_list_knows_stays_while_other_fields_change(world):
    set_bill_to(world, country="Terra Australis")
    plan = edit(world, city="Carlton")
    assert world.finish(world.runner.start(plan, LEAD)).run.state == "done"
    assert (bill_to(world).city, bill_to(world).country) == ("Carlton", "Terra Australis")


def test_a_contact_of_a_cancelled_account_is_changed(world):
    world.standin.state.update_account(zuora_id("1001"), {"status": "Canceled"})
    with writing(world.services.engine) as connection:
        connection.execute(update(account).where(account.c.number == "1001").values(status="deactivated"))
    plan = edit(world, work_email=NEW)
    assert not plan.blockers
    assert world.finish(world.runner.start(plan, LEAD)).run.state == "done"
    assert bill_to(world).work_email == NEW
