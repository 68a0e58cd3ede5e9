"""Cancelling with the Zuora client: once, whatever happens to the answer."""

import json
import threading
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from starlette.responses import HTMLResponse, JSONResponse

from lib.clients.errors import AuthFailed, Busy, NotFound, Rejected, RemoteError, UnexpectedReply, Unreachable
from lib.clients.zuora import Cancelled, CancelPolicy, SubscriptionStatus
from lib.standins.zuora.manners.faults import Fault
from tests.contract.conftest import record, subscription
from tests.contract.zuora.test_zuora_errors import shape1

ORDER, PUT, LOOK = "POST /v1/orders", "PUT /v1/subscriptions", "GET /v1/subscriptions"
TODAY = datetime.now(UTC).date()
ROW = {"id": "i", "subscriptionNumber": "A-S1", "status": "Active", "accountNumber": "1"}
UNKNOWN = ["html502", "html504", "drop_before", "drop_after", "truncate", "temporary"]


@pytest.fixture(params=["orders", "no orders"])
def by(request):
    """The request that cancels, in a tenant with Orders and in one without."""
    return ORDER if request.param == "orders" else PUT


@pytest.fixture
def tenant(zuora_standin):
    account = record("1")
    zuora_standin.state.load([account])
    times = {"term_start_date": TODAY - timedelta(days=100), "term_end_date": TODAY + timedelta(days=200)}
    times |= {"contract_effective_date": TODAY - timedelta(days=100), "subscription_end_date": None}
    zuora_standin.state.load_subscriptions([subscription(account.id, f"A-S{n}", **times) for n in (1, 2)])
    return zuora_standin


def cancel(zuora, number="A-S1", policy=CancelPolicy.ON_DATE, on=TODAY, key="run-1", **given):
    return zuora.cancel_subscription(number, policy, on, track="run 1", key=key, **given)


def asked(tenant, match):
    return sum(line.startswith(match) for line in tenant.state.faults.requests()[1])


def version(tenant, number="A-S1"):
    return tenant.state.subscription(number)["version"]


@pytest.fixture
def with_orders(tenant, by):
    tenant.switches.orders_enabled = by == ORDER


@pytest.mark.usefixtures("with_orders")
class TestEitherWay:
    def test_at_once(self, zuora, tenant, by):
        done = cancel(zuora)
        assert (done.number, done.effective, done.already, done.seen) == ("A-S1", TODAY, False, True)
        assert (done.track_id, len(done.request_id)) == ("run-1", 36)
        assert (done.order_number is not None) == (by == ORDER)
        assert zuora.subscription("A-S1").status is SubscriptionStatus.CANCELLED
        assert zuora.subscription("A-S2").status is SubscriptionStatus.ACTIVE
        assert asked(tenant, by) == 1

    def test_at_the_end_of_the_term(self, zuora, tenant):
        done = cancel(zuora, policy=CancelPolicy.END_OF_TERM, on=None)
        assert done.effective == TODAY + timedelta(days=200)
        found = zuora.subscription("A-S1")
        assert (found.status, found.ends_on) == (SubscriptionStatus.CANCELLED, done.effective)
        assert (found.scheduled_cancel, found.is_over(done.effective - timedelta(days=1))) == (None, False)
        assert found.is_over(done.effective)

    def test_what_is_cancelled_or_will_be_is_not_cancelled_again(self, zuora, tenant, by):
        cancel(zuora)
        cancel(zuora, "A-S2", CancelPolicy.END_OF_TERM, None)
        again = cancel(zuora, key="run-2")
        assert again == Cancelled("A-S1", TODAY, already=True, seen=True, track_id="run-1")
        assert cancel(zuora, "A-S2", key="run-2").effective == TODAY + timedelta(days=200)
        assert asked(tenant, by) == 2
        assert (version(tenant), version(tenant, "A-S2")) == (2, 2)

    @pytest.mark.parametrize("kind", UNKNOWN)
    def test_an_unknown_outcome_is_looked_up_and_never_asked_for_again(self, zuora, tenant, by, kind):
        tenant.state.faults.add(Fault(by, kind, None))
        if kind in ("drop_after", "truncate"):
            done = cancel(zuora)
            assert (done.effective, done.already, done.seen) == (TODAY, False, True)
            # It shows as cancelled, but not by whom: every answer was lost.
            assert done.ours is None
            # With its key, an order for what is cancelled already may be sent again. A PUT has no key.
            assert asked(tenant, by) == (4 if by == ORDER else 1)
            tenant.state.faults.clear()
            assert version(tenant) == 2
            return
        with pytest.raises(Unreachable) as caught:
            cancel(zuora)
        assert caught.value.maybe_done
        assert "It is not known whether the change was made." in str(caught.value)
        assert asked(tenant, by) == 1
        tenant.state.faults.clear()
        assert cancel(zuora).effective == TODAY
        assert version(tenant) == 2

    @pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
    def test_an_unknown_outcome_that_cannot_be_looked_up_stays_unknown(self, zuora, tenant, by, kind):
        # The read before the cancellation succeeds, the one after it does not.
        tenant.state.faults.add(Fault(by, kind, 1))
        real = zuora._resolved

        def cut_off(*args):
            tenant.state.faults.add(Fault(LOOK, "html502", None))
            return real(*args)

        zuora._resolved = cut_off
        with pytest.raises(Unreachable) as caught:
            cancel(zuora)
        assert caught.value.maybe_done
        assert asked(tenant, by) == 1

    @pytest.mark.parametrize("kind", ["429", "lock"])
    def test_a_refusal_that_passes_is_waited_for(self, zuora, tenant, by, kind):
        tenant.state.faults.add(Fault(by, kind, 2))
        assert cancel(zuora).effective == TODAY
        assert asked(tenant, by) == 3
        assert version(tenant) == 2

    def test_a_lasting_limit_changes_nothing(self, zuora, tenant, by):
        tenant.state.faults.add(Fault(by, "429", None))
        with pytest.raises(Busy) as caught:
            cancel(zuora)
        assert "Nothing was changed." in str(caught.value)
        assert (asked(tenant, by), version(tenant)) == (3, 1)

    def test_a_refusal_is_passed_on(self, zuora, tenant, by):
        with pytest.raises(Rejected, match="after the end of the current term") as caught:
            cancel(zuora, on=TODAY + timedelta(days=999))
        assert "Nothing was changed." in str(caught.value)
        assert (asked(tenant, by), version(tenant)) == (1, 1)

    def test_somebody_else_was_first(self, zuora, make_zuora, tenant, by):
        other = make_zuora()
        real = zuora._ask

        def late(call, *args, **given):
            if call.path != "/v1/orders" or by == ORDER:
                cancel(other, key="other")
            return real(call, *args, **given)

        zuora._ask = late
        assert cancel(zuora).already
        assert version(tenant) == 2

    def test_a_timeout_is_looked_up(self, make_zuora, tenant, by):
        zuora = make_zuora(action_seconds=0.15, read_seconds=0.1)
        tenant.state.faults.add(Fault(by, "latency", None, seconds=0.5))
        with pytest.raises(Unreachable) as caught:
            cancel(zuora)
        assert caught.value.maybe_done
        time.sleep(0.6)
        assert cancel(zuora).already
        assert (asked(tenant, by), version(tenant)) == (1, 2)

    def test_an_ended_token_is_replaced(self, zuora, tenant, by):
        tenant.state.faults.add(Fault(by, "expired_token", 1))
        assert cancel(zuora).effective == TODAY
        assert version(tenant) == 2

    def test_a_failed_look_afterwards_takes_nothing_back(self, zuora, tenant):
        real = zuora._confirmed

        def cut_off(*args):
            tenant.state.faults.add(Fault(LOOK, "html502", None))
            return real(*args)

        zuora._confirmed = cut_off
        done = cancel(zuora)
        assert (done.seen, done.already) == (False, False)

    def test_no_request_without_a_look(self, zuora, tenant, by):
        tenant.state.faults.add(Fault(LOOK, "html502", None))
        with pytest.raises(Unreachable) as caught:
            cancel(zuora)
        assert not caught.value.maybe_done
        assert asked(tenant, by) == 0


@pytest.mark.usefixtures("with_orders")
def test_a_parent_that_pays_is_named_in_the_order_and_keeps_its_own_subscriptions(zuora, tenant, by):
    payer = record("2")
    tenant.state.load([payer])
    child = tenant.state.account("1")["id"]
    times = {"term_start_date": TODAY - timedelta(days=100), "term_end_date": TODAY + timedelta(days=200)}
    times |= {"contract_effective_date": TODAY - timedelta(days=100), "subscription_end_date": None}
    tenant.state.load_subscriptions(
        [
            subscription(child, "A-S8", invoice_owner_id=payer.id, **times),
            subscription(payer.id, "A-S9", **times),
        ]
    )
    assert zuora.subscription("A-S8").payer_number == "2"
    assert cancel(zuora, "A-S8").effective == TODAY
    assert (version(tenant, "A-S8"), version(tenant, "A-S9")) == (2, 1)


class TestOrders:
    def order(self, scripted, *replies):
        scripted.replies += [JSONResponse({"success": True, **ROW}), *replies]

    def test_what_is_sent(self, scripted, scripted_zuora):
        self.order(scripted, JSONResponse({"success": True, "orderNumber": "O-1", "status": "Completed"}))
        scripted.replies.append(JSONResponse({"success": True, **ROW}))
        done = cancel(scripted_zuora, on=date(2026, 12, 1), today=date(2026, 11, 23))
        assert (done.order_number, done.seen) == ("O-1", False)
        action = {
            "type": "CancelSubscription",
            "triggerDates": [{"name": "ContractEffective", "triggerDate": "2026-12-01"}],
            "cancelSubscription": {"cancellationPolicy": "SpecificDate", "cancellationEffectiveDate": "2026-12-01"},
        }
        assert json.loads(scripted.bodies[1]) == {
            "orderDate": "2026-11-23",
            "existingAccountNumber": "1",
            "subscriptions": [{"subscriptionNumber": "A-S1", "orderActions": [action]}],
            "processingOptions": {"runBilling": False, "collectPayment": False},
        }
        assert len(scripted.seen[1].headers["Idempotency-Key"]) == 36
        assert scripted.seen[1].headers["Zuora-Version"] == "2025-08-12"

    def test_the_key_is_that_of_the_intention_and_the_subscription(self, scripted, scripted_zuora):
        keys = {}
        for number, key in (("A-S1", "run-1"), ("A-S1", "run-1"), ("A-S1", "run-2"), ("A-S2", "run-1")):
            scripted.replies[:] = [JSONResponse({"success": True, **ROW, "subscriptionNumber": number})]
            cancel(scripted_zuora, number, key=key)
            (sent,) = [r.headers["Idempotency-Key"] for r in scripted.seen if r.method == "POST"]
            keys.setdefault((number, key), set()).add(sent)
            scripted.seen.clear()
        assert [len(sent) for sent in keys.values()] == [1, 1, 1]
        assert len(set.union(*keys.values())) == 3

    def test_two_at_once_cancel_once(self, make_zuora, tenant):
        tenant.switches.order_seconds = 0.3
        outcomes = []

        def one():
            outcomes.append(cancel(make_zuora(attempts=8, backoff_seconds=0.3), key="same"))

        threads = [threading.Thread(target=one) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {done.effective for done in outcomes} == {TODAY}
        assert (len(outcomes), version(tenant)) == (3, 2)

    def test_a_first_request_that_does_not_end_leaves_it_unknown(self, zuora, tenant):
        tenant.state.faults.add(Fault(ORDER, "lock", 2))
        tenant.state.faults.add(Fault(ORDER, "429", None))
        with pytest.raises(Unreachable) as caught:
            cancel(zuora)
        assert caught.value.maybe_done

    def test_a_key_used_for_something_else_is_rejected(self, scripted, scripted_zuora):
        self.order(scripted, JSONResponse(shape1("Strange"), 422), JSONResponse({"success": True, **ROW}))
        with pytest.raises(Rejected):
            cancel(scripted_zuora)

    @pytest.mark.parametrize("body", [shape1(58490020), shape1(58490050), {"message": "Conflict"}])
    def test_409_is_waited_for_whatever_it_says(self, scripted, scripted_zuora, body):
        look = JSONResponse({"success": True, **ROW})
        self.order(scripted, JSONResponse(body, 409), look, JSONResponse({"success": True}), look)
        assert not cancel(scripted_zuora).already
        sent = [request.headers["Idempotency-Key"] for request in scripted.seen if request.method == "POST"]
        assert len(sent) == 2
        # A refusal by Zuora itself is kept under its key. A conflict without a reason is not.
        assert len(set(sent)) == (2 if "reasons" in body else 1)

    def test_a_missing_permission_that_does_not_name_orders_is_no_reason_for_the_other_way(
        self, scripted, scripted_zuora
    ):
        self.order(scripted, JSONResponse(shape1(58490010, "No permission."), 403))
        with pytest.raises(AuthFailed):
            cancel(scripted_zuora)
        assert [request.method for request in scripted.seen] == ["GET", "POST"]

    @pytest.mark.parametrize("status", [200, 400])
    def test_a_rule_that_names_the_feature_is_one(self, scripted, scripted_zuora, status):
        look = JSONResponse({"success": True, **ROW})
        refused = JSONResponse(shape1(58490030, "The Orders feature is not enabled."), status)
        self.order(scripted, refused, look, JSONResponse({"success": True, "cancelledDate": "2026-12-01"}), look)
        assert cancel(scripted_zuora).effective == date(2026, 12, 1)
        assert scripted.seen[3].method == "PUT"
        assert "Idempotency-Key" not in scripted.seen[3].headers

    def test_a_rule_against_this_order_is_not_one(self, scripted, scripted_zuora):
        refused = JSONResponse(shape1(58490030, "The order date is before that of another order."), 400)
        self.order(scripted, refused, JSONResponse({"success": True, **ROW}))
        with pytest.raises(Rejected):
            cancel(scripted_zuora)
        assert [request.method for request in scripted.seen] == ["GET", "POST", "GET"]

    @pytest.mark.parametrize("reply", [JSONResponse({}), JSONResponse([]), HTMLResponse("<html>")])
    def test_a_success_without_its_content_is_unknown(self, scripted, scripted_zuora, reply):
        self.order(scripted, reply, JSONResponse({"success": True, **ROW}))
        with pytest.raises(RemoteError) as caught:
            cancel(scripted_zuora)
        assert caught.value.maybe_done
        assert [request.method for request in scripted.seen].count("POST") == 1

    def test_a_subscription_without_its_account_is_not_ordered_for(self, scripted, scripted_zuora):
        scripted.replies.append(JSONResponse({"success": True, **ROW, "accountNumber": None}))
        with pytest.raises(UnexpectedReply) as caught:
            cancel(scripted_zuora)
        assert not caught.value.maybe_done


@pytest.mark.parametrize(
    ("policy", "on", "key"),
    [
        (CancelPolicy.ON_DATE, None, "k"),
        (CancelPolicy.END_OF_TERM, TODAY, "k"),
        (CancelPolicy.END_OF_TERM, None, ""),
    ],
)
def test_what_makes_no_sense_is_not_sent(scripted, scripted_zuora, policy, on, key):
    with pytest.raises(Rejected, match=r"Nothing was changed\."):
        cancel(scripted_zuora, policy=policy, on=on, key=key)
    assert scripted.seen == []


def test_an_unknown_subscription_is_not_found(zuora, tenant):
    with pytest.raises(NotFound):
        cancel(zuora, "A-S404")


class TestWithoutOrders:
    """A PUT has no key, so it is never sent again while its outcome is unknown."""

    @pytest.mark.parametrize(
        "reply",
        [
            HTMLResponse("<html>", 408),
            JSONResponse({"message": "timed out"}, 408),
            JSONResponse(shape1(58730061, "A temporary error.")),
            JSONResponse(shape1(58730061, "A temporary error."), 500),
            JSONResponse(shape1(58730060, "An internal error.")),
            JSONResponse(shape1(58730099, "An external error.")),
            JSONResponse({}),
            HTMLResponse("<html>", 504),
        ],
    )
    @pytest.mark.parametrize("ended", [False, True])
    def test_an_unknown_outcome_is_looked_at_and_the_put_not_sent_again(self, scripted, scripted_zuora, reply, ended):
        look = JSONResponse({"success": True, **ROW})
        after = JSONResponse({"success": True, **ROW, "status": "Cancelled", "subscriptionEndDate": "2026-12-01"})
        no_orders = JSONResponse(shape1(58490010, "You do not have permission to use Orders."), 403)
        scripted.replies += [look, no_orders, look, reply, after if ended else look]
        if ended:
            done = cancel(scripted_zuora)
            # It shows as cancelled, but not by whom.
            assert (done.effective, done.seen, done.ours) == (date(2026, 12, 1), True, None)
        else:
            with pytest.raises(RemoteError) as caught:
                cancel(scripted_zuora)
            assert caught.value.maybe_done
        assert [request.method for request in scripted.seen] == ["GET", "POST", "GET", "PUT", "GET"]

    def test_the_doubt_about_an_earlier_put_stays(self, make_zuora, tenant):
        tenant.switches.orders_enabled = False
        tenant.state.faults.add(Fault(PUT, "429", None))
        with pytest.raises(RemoteError) as caught:
            cancel(make_zuora(), unsure=True)
        assert caught.value.maybe_done


class TestKeys:
    """Another key after a definite refusal, the same one after an unknown outcome."""

    def keys_of(self, scripted):
        return [one.headers["Idempotency-Key"] for one in scripted.seen if one.method == "POST"]

    def test_the_key_of_a_call_is_that_of_its_count_of_refusals(self, scripted, scripted_zuora):
        sent = []
        for refused in (0, 1, 2, 0):
            scripted.replies[:] = [JSONResponse({"success": True, **ROW})]
            cancel(scripted_zuora, refused=refused)
            sent += self.keys_of(scripted)
            scripted.seen.clear()
        assert sent[0] == sent[3]
        assert len(set(sent)) == 3

    @pytest.mark.parametrize("code", [58730020, 58730030, 58730010, 58730040])
    def test_a_refusal_is_counted_before_it_is_raised(self, scripted, scripted_zuora, code):
        counted = []
        look = JSONResponse({"success": True, **ROW})
        scripted.replies += [look, JSONResponse(shape1(code), 400), look]
        with pytest.raises(RemoteError) as caught:
            cancel(scripted_zuora, refused=4, on_refusal=counted.append)
        assert not caught.value.maybe_done
        assert counted == [5]

    @pytest.mark.parametrize("kind", ["html502", "html504", "drop_before"])
    def test_a_lost_answer_is_not_counted(self, zuora, tenant, kind):
        counted = []
        tenant.state.faults.add(Fault(ORDER, kind, 1))
        with pytest.raises(Unreachable):
            cancel(zuora, on_refusal=counted.append)
        assert counted == []
        assert cancel(zuora, unsure=True, on_refusal=counted.append).ours
        assert counted == []

    @pytest.mark.parametrize("kind", ["lock", "429", "temporary", "success_false"])
    def test_a_caller_that_counts_nothing_comes_past_an_earlier_refusal(self, make_zuora, tenant, kind):
        """The answer kept under the key names its first request, so we recognise it as an old one."""
        tenant.state.faults.add(Fault(ORDER, kind, None))
        for _ in range(2):
            with pytest.raises(RemoteError):
                cancel(make_zuora())
        tenant.state.faults.clear()
        assert cancel(make_zuora()).ours
        assert version(tenant) == 2

    def test_while_the_first_request_runs_the_same_key_is_asked(self, make_zuora, tenant):
        """A run that is taken over while its order is running makes no second order."""
        tenant.switches.order_seconds = 0.4
        with pytest.raises(Unreachable):
            cancel(make_zuora(action_seconds=0.1, read_seconds=0.1))
        counted = []
        done = cancel(make_zuora(attempts=9, backoff_seconds=0.3), unsure=True, on_refusal=counted.append)
        assert done.ours
        assert counted == []
        assert len(tenant.state.orders(9)) == 1
        assert len(tenant.state.rows("SELECT * FROM answer")) == 1

    @pytest.mark.parametrize("lost", ["drop_before", "drop_after"])
    def test_the_key_shows_who_cancelled(self, zuora, make_zuora, tenant, lost):
        """Somebody else cancels between our look and our order, whose answer is lost."""
        real, other = zuora._ask, make_zuora()
        tenant.state.faults.add(Fault(ORDER, lost, 1, after=1 if lost == "drop_before" else 0))

        def late(*args, **given):
            if lost == "drop_before":
                cancel(other, key="other")
            return real(*args, **given)

        zuora._ask = late
        done = cancel(zuora)
        assert done.ours is (lost == "drop_after")
        assert done.already is not done.ours
        assert version(tenant) == 2
        # The same for a later caller who only knows that an answer was lost.
        assert cancel(make_zuora(), unsure=True).ours is (lost == "drop_after")

    def test_an_error_that_was_kept_is_not_waited_for_when_asking_who_cancelled(self, make_zuora, tenant):
        tenant.state.faults.add(Fault(ORDER, "temporary", 1))
        with pytest.raises(RemoteError):
            cancel(make_zuora())
        cancel(make_zuora(), key="other")
        before = asked(tenant, ORDER)
        # An error of Zuora itself may have happened after the change, so it is not a verdict.
        assert cancel(make_zuora(), unsure=True, refused=1).ours is None
        assert asked(tenant, ORDER) == before + 2

    def test_who_cancelled_is_not_known_when_zuora_no_longer_keeps_its_answers(self, make_zuora, tenant):
        tenant.state.faults.add(Fault(ORDER, "drop_after", 1))
        assert cancel(make_zuora()).ours
        tenant.state.keep_answer({**tenant.state.rows("SELECT * FROM answer")[0], "at": 0.0})
        before = asked(tenant, ORDER)
        done = cancel(make_zuora(), unsure=True, forgotten=True)
        assert (done.ours, done.already) == (None, False)
        assert asked(tenant, ORDER) == before

    def test_an_end_that_somebody_else_has_scheduled_is_not_taken_for_ours_or_overridden(
        self, zuora, scripted, scripted_zuora
    ):
        scripted.replies += [JSONResponse({**ROW, "scheduledCancelDate": "2027-01-03", "success": True})]
        done = cancel(scripted_zuora, unsure=True)
        assert (done.ours, done.effective) == (False, date(2027, 1, 3))
        assert [request.method for request in scripted.seen] == ["GET"]

    def test_nothing_later_takes_the_doubt_away(self, make_zuora, tenant):
        for kind, match in (("429", ORDER), ("html502", LOOK), ("unauthorized", ORDER)):
            tenant.state.faults.add(Fault(match, kind, None))
            with pytest.raises(RemoteError) as caught:
                cancel(make_zuora(), unsure=True)
            assert caught.value.maybe_done, kind
            assert "It is not known whether the change was made." in str(caught.value)
            tenant.state.faults.clear()

    def test_a_cancellation_that_shows_late_is_waited_for(self, make_zuora, tenant):
        tenant.switches.read_lag = 3
        assert cancel(make_zuora(read_back_seconds=1)).seen
        tenant.switches.read_lag = 1000
        done = cancel(make_zuora(read_back_seconds=0.1), "A-S2")
        assert (done.seen, done.ours) == (False, True)
