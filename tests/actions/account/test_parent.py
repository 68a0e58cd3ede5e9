import pytest
from sqlalchemy import insert, select, update

from lib.actions.engine.errors import AccountBusy, Blocked
from lib.store.engine import writing
from lib.store.schema import account
from tests.actions.conftest import LEAD, OTHER, zuora_id


def move(world, child, parent, actor=LEAD, **params):
    return world.runner.plan("parent", child, {"parent": parent, **params}, actor)


def run(world, plan, actor=LEAD):
    return world.finish(world.runner.start(plan, actor))


def test_a_parent_is_added_in_zuora_and_in_the_hub(world):
    plan = move(world, "2001", "1001")
    assert [(effect.system, effect.before, effect.after) for effect in plan.effects] == [
        ("Zuora", "none", "1001 - Wattle Plumbing"),
        ("Hub", "none", "1001 - Wattle Plumbing"),
    ]
    done = run(world, plan)
    assert done.run.state == "done"
    assert [step.state for step in done.steps] == ["done", "done"]
    assert (world.zuora_parent("2001"), world.hub_parent("2001")) == ("1001", "1001")


def test_a_parent_is_replaced(world):
    run(world, move(world, "2002", "1001"))
    assert (world.zuora_parent("2002"), world.hub_parent("2002")) == ("1001", "1001")


@pytest.mark.parametrize("empty_parent", ["clear", "ignore"])
def test_a_parent_is_removed_and_read_back_even_where_zuora_ignores_the_empty_field(world, monkeypatch, empty_parent):
    monkeypatch.setattr(world.standin.switches, "empty_parent", empty_parent)
    done = run(world, move(world, "1003", None))
    assert done.run.state == "done", done.run.error
    assert (world.zuora_parent("1003"), world.hub_parent("1003")) == (None, None)


def test_a_removal_that_zuora_ignores_is_a_failure_and_the_hub_keeps_the_parent(world, monkeypatch):
    monkeypatch.setattr(world.standin.switches, "empty_parent", "ignore")
    monkeypatch.setattr(world.standin.switches, "fields_to_null", "ignore")
    failed = run(world, move(world, "1003", None))
    assert failed.run.state == "failed"
    assert (world.zuora_parent("1003"), world.hub_parent("1003")) == ("1002", "1002")


@pytest.mark.sqlite_only
def test_what_is_not_allowed_is_a_blocker(world):
    plan = move(world, "1001", "1003")
    assert "loop" in " ".join(plan.blockers)
    with pytest.raises(Blocked):
        world.runner.start(plan, LEAD)
    assert (world.hub_parent("1002"), world.hub_parent("1001")) == ("1001", None)


def test_a_sixth_level_is_refused(world):
    run(world, move(world, "2001", "1003"))  # 1001 - 1002 - 1003 - 2001 - 2002 are five
    with writing(world.services.engine) as connection:
        connection.execute(insert(account).values(**{**row_of(connection, "1001"), "number": "3001", "name": "Sixth"}))
    assert "6 levels" in " ".join(move(world, "3001", "2002").blockers)


def row_of(connection, number):
    row = dict(connection.execute(select(account).where(account.c.number == number)).one()._mapping)
    del row["id"]
    return row | {"zuora_id": None, "zuora_number": None, "parent_id": None}


def test_a_parent_that_zuora_does_not_know_is_refused(world):
    with writing(world.services.engine) as connection:
        connection.execute(update(account).where(account.c.number == "2001").values(zuora_id="f" * 32))
    assert "Correct the link to Zuora first." in move(world, "1001", "2001").blockers[0]


def test_two_runs_can_never_build_a_loop_between_them(world):
    """1001 under 2002 and 2001 under 1003 are each allowed, together they are a loop: the roots are claimed."""
    first, second = move(world, "1001", "2002"), move(world, "2001", "1003", OTHER)
    assert not first.blockers
    assert not second.blockers
    world.fail("PUT /v1/accounts", "latency", seconds=1)
    run_id = world.runner.start(first, LEAD)
    with pytest.raises(AccountBusy, match="Lee Lead"):
        world.runner.start(second, OTHER)
    assert world.finish(run_id).run.state == "done"
    assert "loop" in move(world, "2001", "1003", OTHER).blockers[0]


def test_a_difference_in_zuora_alone_is_brought_in_line(world):
    world.services.zuora.set_parent(zuora_id("1003"), None, track="test")
    world.catch_up()
    plan = move(world, "1003", "1002")
    assert plan.steps == ("zuora",)
    assert run(world, plan).run.state == "done"
    assert world.zuora_parent("1003") == "1002"
