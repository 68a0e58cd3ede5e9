"""A subscription ends on its day, with any status."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.clients.zuora import SubscriptionStatus, ZuoraSubscription
from lib.store.billing import SubscriptionTerms

TODAY = date(2026, 11, 25)
DAYS = st.dates(date(2026, 1, 1), date(2028, 1, 1))


def subscription(**given):
    wire = {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items()}
    return ZuoraSubscription(**{"id": "i", "number": "S-1", "status": "Active", "term_type": "TERMED", **wire})


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ({"status": "Cancelled", "ends": date(2027, 1, 3), "term_ends": date(2027, 7, 1)}, date(2027, 1, 3)),
        ({"status": "Cancelled", "term_ends": date(2027, 1, 3)}, date(2027, 1, 3)),
        ({"status": "Cancelled"}, None),
        ({"ends": date(2027, 1, 3), "auto_renews": True}, None),
        ({"ends": date(2027, 1, 3), "auto_renews": False}, date(2027, 1, 3)),
        ({"ends": date(2027, 1, 3)}, None),
        ({"term_type": "EVERGREEN", "auto_renews": False}, None),
        ({"scheduled_cancel": date(2027, 1, 3), "auto_renews": True}, date(2027, 1, 3)),
        ({"scheduled_cancel": date(2027, 9, 1), "ends": date(2027, 1, 3), "auto_renews": False}, date(2027, 1, 3)),
    ],
)
def test_the_day_on_which_it_ends_for_good(given, ends):
    assert subscription(**given).ends_on == ends


@given(DAYS, DAYS)
def test_a_cancelled_one_is_over_from_its_end_date_on(ends, today):
    assert subscription(status="Cancelled", ends=ends).is_over(today) is (today >= ends)
    assert subscription(status="Cancelled", ends=ends).will_end


@given(st.sampled_from(list(SubscriptionStatus)), st.none() | DAYS, st.none() | DAYS, st.none() | st.booleans(), DAYS)
def test_what_is_over_stays_over_and_what_the_hub_keeps_says_the_same(status, ends, scheduled, renews, today):
    one = subscription(status=status, ends=ends, scheduled_cancel=scheduled, auto_renews=renews)
    if one.is_over(today):
        assert one.is_over(today + timedelta(days=1))
    kept = SubscriptionTerms(
        status=one.status.value, term_start=None, term_end=ends, version=1, ends=one.ends_on, allowances={"queues": 2}
    )
    assert kept.is_over(today) is one.is_over(today)
    assert kept.granted_on(today) == ({} if one.is_over(today) else {"queues": 2})


def test_who_pays():
    assert subscription(account_number="A1").payer_number == "A1"
    assert not subscription(account_id="1", invoice_owner_id="1").paid_by_another
    other = subscription(account_id="1", account_number="A1", invoice_owner_id="2", invoice_owner_number="A2")
    assert (other.payer_number, other.paid_by_another) == ("A2", True)


@pytest.mark.parametrize("status", ["Cancelled", "Expired"])
def test_without_a_stored_day_the_status_decides(status):
    kept = SubscriptionTerms(status=status, term_start=None, term_end=None, version=1, allowances={"queues": 2})
    assert kept.granted_on(TODAY) == {}
