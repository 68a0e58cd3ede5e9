"""A cancellation that Zuora refuses or does not answer is resumed: done once, and the report says by whom."""

from datetime import timedelta

import pytest

from lib.clients.zuora import CancelPolicy
from lib.standins.zuora.records import SubscriptionRecord
from lib.store import audit
from tests.actions.account.test_deactivate import WHY
from tests.actions.conftest import LEAD, make_client, zuora_id

ORDERS = "POST /v1/orders"
NUMBERS = ("SUB-7", "SUB-8")
pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def billed(world):
    """Account 2002 with two subscriptions that run."""
    today = world.services.today()
    world.standin.state.load_subscriptions(
        SubscriptionRecord(
            id=f"{n:032x}",
            number=number,
            account_id=zuora_id("2002"),
            term_start_date=today - timedelta(days=100),
            term_end_date=today + timedelta(days=200),
            contract_effective_date=today - timedelta(days=100),
            subscription_start_date=today - timedelta(days=100),
            subscription_end_date=today + timedelta(days=200),
            rate_plans=(),
        )
        # The newest comes first in a plan.
        for n, number in enumerate(reversed(NUMBERS))
    )
    return world


@pytest.fixture
def started(billed):
    made = billed.runner.plan("deactivate", "2002", {"zuora": "date", "cancel_on": _day(billed)}, LEAD)
    assert not made.blockers

    def start():
        return billed.finish(billed.runner.start(made, LEAD, WHY.model_copy(update={"typed": "2002"})), 40)

    return start


def _day(world):
    return (world.services.today() + timedelta(days=3)).isoformat()


def resumed(world, failed):
    assert failed.run.state == "failed", failed.run.error
    world.runner.resume(failed.run.id, LEAD)
    return world.finish(failed.run.id, 40)


def versions(world):
    return {number: world.standin.state.subscription(number)["version"] for number in NUMBERS}


def told(world, run):
    return dict(world.runner.items(run.run.id, "cancel"))


def step(run):
    return next(one for one in run.steps if one.name == "cancel")


def keys(world):
    """The answers kept under idempotency keys: their statuses, in no order."""
    return sorted(row["status"] for row in world.standin.state.rows("SELECT status FROM answer"))


def test_a_refusal_by_a_rule_is_resumed_under_another_key(billed, started):
    billed.fail(ORDERS, "success_false", times=1, code=58730030, message="The bill run is not finished.")
    failed = started()
    assert "Nothing was changed." in failed.run.error
    assert versions(billed) == dict.fromkeys(NUMBERS, 1)
    done = resumed(billed, failed)
    assert done.run.state == "done", done.run.error
    assert versions(billed) == dict.fromkeys(NUMBERS, 2)
    assert {words.partition(",")[0] for words in told(billed, done).values()} == {"cancelled"}
    assert (step(done).state, step(done).count) == ("done", 2)
    # Once refused and twice done, each under a key of its own.
    assert keys(billed) == [200, 200, 200]


def test_every_kind_of_refusal_after_each_other(billed, started):
    billed.fail(ORDERS, "success_false", times=1, code=58730030, message="Not now.")
    failed = started()
    billed.fail(ORDERS, "lock", times=2)
    failed = resumed(billed, failed)
    billed.fail(ORDERS, "temporary", times=1)
    failed = resumed(billed, failed)
    billed.fail(ORDERS, "429", times=2)
    failed = resumed(billed, failed)
    billed.fail(ORDERS, "html504", times=1)
    failed = resumed(billed, failed)
    billed.fail(ORDERS, "success_false", times=1, code=58730030, message="Not now.")
    failed = resumed(billed, failed)
    done = resumed(billed, failed)
    assert done.run.state == "done", done.run.error
    assert versions(billed) == dict.fromkeys(NUMBERS, 2)
    assert {words.partition(",")[0] for words in told(billed, done).values()} == {"cancelled"}


def test_a_lock_is_waited_for_under_another_key(billed, started):
    billed.fail(ORDERS, "lock", times=1)
    done = started()
    assert done.run.state == "done", done.run.error
    assert keys(billed) == [200, 200, 409]


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "html504", "truncate"])
def test_an_unknown_outcome_is_resumed_under_the_same_key(billed, started, kind):
    billed.fail(ORDERS, kind, times=1)
    first = started()
    done = first if first.run.state == "done" else resumed(billed, first)
    assert done.run.state == "done", done.run.error
    assert versions(billed) == dict.fromkeys(NUMBERS, 2)
    assert keys(billed) == [200, 200]
    assert {words.partition(",")[0] for words in told(billed, done).values()} == {"cancelled"}


def test_an_unknown_outcome_stays_unknown_until_the_same_key_is_answered(billed, started):
    billed.fail(ORDERS, "drop_after", times=1)
    billed.fail("GET /v1/subscriptions/SUB-7", "html502", after=1)
    failed = started()
    assert "not known whether" in failed.run.error
    # Neither a look that fails nor a limit takes the doubt away.
    failed = resumed(billed, failed)
    billed.standin.state.faults.clear()
    billed.fail(ORDERS, "429")
    billed.catch_up()
    failed = resumed(billed, failed)
    billed.standin.state.faults.clear()
    done = resumed(billed, failed)
    assert done.run.state == "done", done.run.error
    assert told(billed, done)["SUB-7"].startswith("cancelled, ends on")
    assert versions(billed) == dict.fromkeys(NUMBERS, 2)


def somebody_else(world, number="SUB-7"):
    other = make_client(world.standin.url)
    other.cancel_subscription(number, CancelPolicy.ON_DATE, world.services.today(), track="other", key="other")
    other.close()


@pytest.mark.parametrize("kind", ["success_false", "drop_before", "lock"])
def test_what_somebody_else_cancels_meanwhile_is_not_claimed(billed, started, kind):
    billed.fail(ORDERS, kind, times=2)
    failed = started()
    billed.standin.state.faults.clear()
    somebody_else(billed)
    billed.catch_up()
    done = resumed(billed, failed)
    assert done.run.state == "done", done.run.error
    assert told(billed, done)["SUB-7"].startswith("already cancelled by somebody else, ends on")
    assert told(billed, done)["SUB-8"].startswith("cancelled, ends on")
    assert versions(billed) == dict.fromkeys(NUMBERS, 2)
    assert (step(done).count, step(done).text) == (1, "1 cancelled, 1 already cancelled by somebody else, read back.")
    assert "already cancelled by somebody else" in billed.runner.receipt(done.run.id).markdown("UTC")


def test_what_an_earlier_attempt_cancelled_stays_ours(billed, started):
    """The first one is cancelled, the second one refused: Resume finds the first one cancelled, by us."""
    billed.fail(ORDERS, "success_false", times=1, after=1, code=58730030, message="Not now.")
    failed = started()
    assert versions(billed) == {"SUB-7": 2, "SUB-8": 1}
    done = resumed(billed, failed)
    assert {words.partition(",")[0] for words in told(billed, done).values()} == {"cancelled"}
    assert step(done).count == 2


def test_without_orders_a_lost_answer_is_told_as_what_it_is(billed, started):
    billed.standin.switches.orders_enabled = False
    try:
        billed.fail("PUT /v1/subscriptions/SUB-7", "drop_after", times=1)
        first = started()
        # A lagging look may not show it yet: then the run waits for Resume.
        done = first if first.run.state == "done" else resumed(billed, first)
    finally:
        billed.standin.switches.orders_enabled = True
    assert done.run.state == "done", done.run.error
    assert "by this action or by somebody else, which Zuora does not say, ends on" in told(billed, done)["SUB-7"]
    assert versions(billed) == dict.fromkeys(NUMBERS, 2)


def test_the_count_of_refusals_is_in_the_audit(billed, started):
    billed.fail(ORDERS, "success_false", times=1, code=58730030, message="Not now.")
    done = resumed(billed, started())
    with billed.services.engine.connect() as connection:
        kept = [one.details.get("kept") for one in audit.events_of_run(connection, done.run.id)]
        assert audit.verify_chain(connection) is None
    assert {"refused SUB-7": 1} in kept
    assert {"by whom SUB-8": "cancelled"} in kept


def test_a_cancellation_that_does_not_show_is_looked_for_again(billed, started):
    billed.standin.switches.read_lag = 100
    failed = started()
    assert "accepted the cancellation of SUB-7 but does not show it yet" in failed.run.error
    billed.standin.switches.read_lag = 1
    billed.catch_up()
    done = resumed(billed, failed)
    assert done.run.state == "done", done.run.error
    assert {words.partition(",")[0] for words in told(billed, done).values()} == {"cancelled"}
    assert versions(billed) == dict.fromkeys(NUMBERS, 2)
