"""Every change in Zuora bears readings that lag behind it, and says so where they lag too long."""

import pytest

from lib.domain.contacts import ContactRole
from tests.actions.conftest import LEAD, zuora_id

pytestmark = pytest.mark.sqlite_only
LONG = 1000


def rename(world):
    return "1001", world.runner.plan("rename", "1001", {"name": "Wattle Renamed"}, LEAD)


def move(world):
    return "2002", world.runner.plan("parent", "2002", {"parent": "1001"}, LEAD)


def release(world):
    return "2002", world.runner.plan("parent", "2002", {"parent": None}, LEAD)


def edit(role):
    def plan(world):
        account = world.services.zuora.account(zuora_id("1001"))
        contact = account.bill_to if role is ContactRole.BILL_TO else account.sold_to
        params = {
            "role": role.value,
            "contact": contact.id,
            "changes": {"first_name": "Grace"},
            "base": {"first_name": contact.first_name},
        }
        return "1001", world.runner.plan("edit_contact", "1001", params, LEAD)

    return plan


CHANGES = {
    "rename": rename,
    "parent": move,
    "no parent": release,
    "bill to": edit(ContactRole.BILL_TO),
    "sold to": edit(ContactRole.SOLD_TO),
}


def shown(world, number):
    account = world.standin.state.account(zuora_id(number))
    return account["name"], account["parent_id"], world.standin.state.contact(account["bill_to_id"])["first_name"]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("lag", [1, 4])
def test_a_short_lag_is_waited_out(world, change, lag):
    world.standin.switches.read_lag = lag
    number, plan = CHANGES[change](world)
    before = shown(world, number)
    done = world.finish(world.runner.start(plan, LEAD))
    assert done.run.state == "done", done.run.error
    assert done.steps[0].state == "done"
    assert shown(world, number) != before


@pytest.mark.parametrize("change", CHANGES)
def test_a_long_lag_is_told_and_resume_looks_first(world, change):
    world.standin.switches.read_lag = LONG
    number, plan = CHANGES[change](world)
    before = shown(world, number)
    failed = world.finish(world.runner.start(plan, LEAD))
    assert failed.run.state == "failed"
    assert "accepted" in failed.run.error
    # It is written all the same, and that is what the sentence says.
    assert shown(world, number) != before
    writes = [line for line in world.standin.state.faults.requests()[1] if line.startswith("PUT")]
    world.catch_up()
    world.runner.resume(failed.run.id, LEAD)
    done = world.finish(failed.run.id)
    assert done.run.state == "done", done.run.error
    assert done.steps[0].state == "done"
    assert [line for line in world.standin.state.faults.requests()[1] if line.startswith("PUT")] == writes
