import pytest
from sqlalchemy import select

from lib.actions.engine.errors import Blocked, NotAllowed
from lib.domain.emergency import EmergencyRecord
from lib.store import emergency
from lib.store.engine import writing
from lib.store.schema import emergency_record
from tests.actions.conftest import BILLING, LEAD, OTHER, VIEWER
from tests.unit.emergency.test_emergency import GOOD


def versions(world, number="1001"):
    with world.services.engine.connect() as connection:
        return emergency.list_versions(connection, number)


def save(world, record=None, after=0, actor=LEAD, **changes):
    details = (record or GOOD.model_copy(update={"contact_number": "+61491570156"})).model_dump() | changes
    return world.runner.plan("save_emergency", "1001", {"details": details, "after": after}, actor)


def run(world, plan, actor=LEAD):
    return world.finish(world.runner.start(plan, actor))


def test_saving_keeps_a_version_with_who_and_when(world):
    assert run(world, save(world, business_name="  Banksia\nBakery ")).run.state == "done"
    (one,) = versions(world)
    assert (one.version, one.saved_by, one.record.business_name) == (1, "lead@example.com", "Banksia Bakery")
    second = save(world, after=1, house_number="14")
    changed = {effect.text: (effect.before, effect.after) for effect in second.effects}
    assert changed["House number"] == ("12", "14")
    run(world, second)
    assert [(one.version, one.record.house_number) for one in versions(world)] == [(2, "14"), (1, "12")]


def test_the_details_have_the_shape_they_always_had(world):
    run(world, save(world))
    with world.services.engine.connect() as connection:
        details = connection.execute(select(emergency_record.c.details)).scalar_one()
    assert {"usage", "business_name", "listed", "alternate_address", "house_number", "street_type"} < set(details)


@pytest.mark.sqlite_only
def test_an_error_keeps_it_from_being_saved(world):
    plan = save(world, contact_number="0491 570 006")
    assert any("a number of the account itself" in blocker for blocker in plan.blockers)
    with pytest.raises(Blocked):
        world.runner.start(plan, LEAD)
    assert versions(world) == []


def test_what_a_pull_left_over_stands_in_the_plan_of_who_dealt_with_it(world):
    details = GOOD.model_copy(update={"contact_number": "+61491570156"}).model_dump()
    params = {"details": details, "after": 0, "accepted": ["“Blue gate” has no field here."]}
    plan = world.runner.plan("save_emergency", "1001", params, LEAD)
    assert run(world, plan).run.plan["warnings"] == ["Checked before saving: “Blue gate” has no field here."]


def test_a_version_saved_meanwhile_is_told_and_not_overwritten(world):
    mine = save(world, house_number="99")
    run(world, save(world, actor=OTHER), OTHER)
    with pytest.raises(Blocked, match=r"olga@example\.com has saved version 1"):
        world.runner.start(mine, LEAD)
    assert [one.saved_by for one in versions(world)] == ["olga@example.com"]


def test_the_store_refuses_a_version_that_is_not_the_next(world):
    with writing(world.services.engine) as connection:
        emergency.save_version(connection, "1001", GOOD, after=0, saved_by="a@example.com")
    with pytest.raises(emergency.SavedMeanwhile), writing(world.services.engine) as connection:
        emergency.save_version(connection, "1001", EmergencyRecord(), after=0, saved_by="b@example.com")
    assert [one.record for one in versions(world)] == [GOOD]


def test_saving_what_is_saved_confirms_it(world):
    run(world, save(world))
    plan = save(world, after=1)
    assert "Confirmed" in plan.effects[0].text
    run(world, plan)
    assert [one.version for one in versions(world)] == [2, 1]


def test_undo_saves_the_earlier_details_again(world):
    run(world, save(world))
    second = run(world, save(world, after=1, house_number="14")).run
    run(world, world.runner.plan("save_emergency", "1001", world.runner.undo_params(second, LEAD), LEAD))
    assert [one.record.house_number for one in versions(world)] == ["12", "14", "12"]
    assert world.runner.undo_params(second, LEAD) is None


@pytest.mark.parametrize("actor", [BILLING, VIEWER])
def test_who_may_not_save_is_refused(world, actor):
    with pytest.raises(NotAllowed, match="emergency:edit"):
        save(world, actor=actor)
