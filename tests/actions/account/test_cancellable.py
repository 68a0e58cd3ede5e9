"""What a plan says about cancelling a subscription is what Zuora then does, for each state it can be in."""

import uuid
from datetime import date

import pytest

from lib.clients.errors import Rejected
from lib.clients.zuora import CancelPolicy, SubscriptionStatus
from lib.standins.zuora.records import RatePlanChargeRecord, RatePlanRecord, SubscriptionRecord
from tests.actions.conftest import LEAD, zuora_id

NUMBER = "SUB-00000009"
TODAY = date(2026, 11, 25)
START, BILLED, END = date(2026, 7, 1), date(2026, 12, 1), date(2027, 7, 1)


@pytest.fixture
def world(world, monkeypatch):
    """The same on a day that stays."""
    world.standin.switches.today = TODAY
    monkeypatch.setattr(type(world.services), "today", lambda _: TODAY)
    yield world
    world.standin.switches.today = None


def load(world, number=NUMBER, **given):
    line = RatePlanChargeRecord(
        id=uuid.uuid4().hex,
        number=f"C-{number}",
        name="Extension",
        product_rate_plan_charge_id=uuid.uuid4().hex,
        product_rate_plan_charge_number="PRPC-1",
        effective_start_date=START,
        effective_end_date=END,
        charged_through_date=given.pop("billed", BILLED),
    )
    plan = RatePlanRecord(
        id=uuid.uuid4().hex,
        name="Monthly",
        product_name="Cloud PBX",
        product_id=uuid.uuid4().hex,
        product_rate_plan_id=uuid.uuid4().hex,
        product_rate_plan_number="PRP-1",
        subscription_rate_plan_number="SRP-1",
        charges=(line,),
    )
    record = {"account_id": zuora_id("1001"), "term_start_date": START, "term_end_date": END, "rate_plans": (plan,)}
    world.standin.state.load_subscriptions(
        [SubscriptionRecord(id=uuid.uuid4().hex, number=number, **{**record, **given})]
    )


def plan(world, **wish):
    return world.runner.plan("deactivate", "1001", {"keep_children": True} | wish, LEAD)


def refused(world, on=None):
    """Whether Zuora refuses to cancel it, asked without looking at it first."""
    policy = CancelPolicy.ON_DATE if on else CancelPolicy.END_OF_INVOICED
    client = world.services.zuora
    version = world.standin.state.subscription(NUMBER)["version"]
    try:
        done = client.cancel_subscription(NUMBER, policy, on, track="t", key=uuid.uuid4().hex, today=TODAY)
    except Rejected:
        return True
    # One that is cancelled already is not asked for.
    return done.already and world.standin.state.subscription(NUMBER)["version"] == version


@pytest.mark.parametrize("status", list(SubscriptionStatus))
def test_the_plans_word_and_zuoras_answer_agree(world, status):
    load(world, status=status.value)
    seen = plan(world, zuora="invoice_period")
    promised = seen.facts["to_cancel"] == [NUMBER] and not seen.blockers
    assert promised is (status is SubscriptionStatus.ACTIVE)
    assert refused(world) is not promised
    if not promised:
        # Never in silence: said as a blocker, or as a warning, or in the list of subscriptions.
        rows = [row for detail in seen.details for row in detail.rows]
        told = (*seen.blockers, *seen.warnings, *(row[-1] for row in rows if row[0] == NUMBER))
        assert any(NUMBER in words or words == "has ended" for words in told)


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2026, 11, 30), "is invoiced until 1 December 2026"),
        (date(2027, 7, 2), "term ends on 1 July 2027"),
        (BILLED, None),
        (END, None),
    ],
)
def test_a_day_that_zuora_refuses_is_a_blocker_before_the_button(world, day, says):
    load(world)
    seen = plan(world, zuora="date", cancel_on=day.isoformat())
    assert bool(seen.blockers) is (says is not None)
    assert says is None or says in seen.blockers[0]
    assert refused(world, day) is (says is not None)


def test_a_day_before_the_contract_begins(world):
    load(world, contract_effective_date=date(2027, 1, 1), subscription_start_date=date(2027, 1, 1), billed=None)
    seen = plan(world, zuora="date", cancel_on="2026-12-24")
    assert "contract begins on 1 January 2027" in seen.blockers[0]
    assert refused(world, date(2026, 12, 24))


def test_a_suspension_between_look_and_click_gives_a_new_plan(world):
    from lib.actions.engine.errors import ActionError
    from lib.actions.engine.plan import Confirmation

    load(world)
    seen = plan(world, zuora="invoice_period")
    load(world, status="Suspended")
    with pytest.raises(ActionError):
        world.runner.start(seen, LEAD, Confirmation(typed="1001", reason="moved"))
    assert world.standin.state.subscription(NUMBER)["status"] == "Suspended"
