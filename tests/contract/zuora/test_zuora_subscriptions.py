"""The Zuora client's subscriptions: all of them, with what they charge."""

from datetime import date

import pytest
from starlette.responses import JSONResponse

from lib.clients.errors import NotFound, RemoteError, UnexpectedReply
from lib.clients.together import read_side_by_side
from lib.clients.zuora import SubscriptionStatus
from lib.standins.zuora.manners.faults import Fault
from tests.contract.conftest import END, START, charge, rate_plan, record, subscription


def row(number, status="Active", **more):
    return {"id": f"id-{number}", "subscriptionNumber": number, "status": status, **more}


def page(*rows, **more):
    return JSONResponse({"subscriptions": list(rows), "success": True, **more})


def test_a_subscription_with_its_charges(zuora, zuora_standin):
    account = record("1")
    calls = charge("C-2", name="Calls", type="Usage", model="Overage", uom="Minutes", quantity=None,
                   included_units="500", price=None, overage_price="0.045", billing_period="Month")  # fmt: skip
    fee = charge("C-3", name="Fee", model="FlatFee", uom=None, quantity="1", price="99.99")
    plan = rate_plan(charge("C-1", charged_through_date=date(2026, 7, 1)), calls, fee)
    zuora_standin.state.load([account])
    zuora_standin.state.load_subscriptions([subscription(account.id, "A-S1", plan, rate_plan())])
    found = zuora.subscription("A-S1")
    assert found == zuora.subscriptions("1")[0] == zuora.subscriptions(account.id)[0]
    assert (found.number, found.account_id, found.account_number) == ("A-S1", account.id, "1")
    assert (found.status, found.version, found.term_type) == (SubscriptionStatus.ACTIVE, 1, "TERMED")
    assert (found.starts, found.term_ends, found.contract_effective) == (START, END, START)
    assert (found.auto_renews, found.scheduled_cancel, found.will_end) == (True, None, False)
    assert [len(p.charges) for p in found.rate_plans] == [3, 0]
    assert found.rate_plans[0].product_name == "Telephony"
    seats, usage, flat = found.rate_plans[0].charges
    assert (seats.number, seats.quantity, seats.included_units) == ("C-1", 3, None)
    assert (seats.starts, seats.ends, seats.charged_through) == (START, END, date(2026, 7, 1))
    assert seats.product_rate_plan_charge_id == "c" * 32
    assert (usage.quantity, usage.included_units) == (None, 500)
    assert (flat.quantity, flat.included_units) == (1, None)


def test_900_subscriptions_and_5000_charges_are_read_to_the_last(zuora, zuora_standin):
    account, other = record("1"), record("2")
    counts = [6 if n < 500 else 5 for n in range(900)]
    zuora_standin.state.load([account, other])
    zuora_standin.state.load_subscriptions(
        subscription(account.id, f"A-S{n}", rate_plan(*(charge(f"C-{n}-{k}") for k in range(count))))
        for n, count in enumerate(counts)
    )
    zuora_standin.state.load_subscriptions([subscription(other.id, "B-S1")])
    found = zuora.subscriptions("1")
    assert sorted(s.number for s in found) == sorted(f"A-S{n}" for n in range(900))
    assert sum(len(plan.charges) for s in found for plan in s.rate_plans) == 5000
    asked = [line for line in zuora_standin.state.faults.requests()[1] if "subscriptions" in line]
    assert len(asked) == 23


def test_the_first_rows_come_before_the_last_page_is_asked_for(scripted, scripted_zuora):
    scripted.replies += [page(row("1"), nextPage="/v1/subscriptions/accounts/7?page=2&pageSize=40"), page(row("2"))]
    rows = scripted_zuora.iter_subscriptions("7")
    assert next(rows).number == "1"
    assert len(scripted.seen) == 1
    assert [s.number for s in rows] == ["2"]
    for seen, number in zip(scripted.seen, ("1", "2"), strict=True):
        # Even when the address of the next page leaves it out.
        assert dict(seen.query_params) == {"page": number, "pageSize": "40", "charge-detail": "current-segment"}


@pytest.mark.parametrize("prefix", ["", "SAME", "//SAMEHOST"])
def test_a_next_page_of_the_same_host_is_followed(scripted, make_zuora, prefix):
    scripted_zuora = make_zuora(url=scripted.url + "/")
    prefix = prefix.replace("SAMEHOST", scripted.url.partition("//")[2]).replace("SAME", scripted.url)
    following = prefix + "/v1/subscriptions/accounts/A%201?page=2&pageSize=40&x=a%2Bb"
    scripted.replies += [page(row("1"), nextPage=following), page(row("2"), nextPage="")]
    assert [s.number for s in scripted_zuora.subscriptions("A 1")] == ["1", "2"]
    assert scripted.seen[1].scope["raw_path"] == b"/v1/subscriptions/accounts/A%201"
    query = dict(scripted.seen[1].query_params)
    assert query == {"page": "2", "pageSize": "40", "x": "a+b", "charge-detail": "current-segment"}


LIST = "/v1/subscriptions/accounts/7"


@pytest.mark.parametrize(
    "following",
    [
        "OTHER/v1/subscriptions/accounts/7?page=2&pageSize=40",
        "//OTHERHOST/v1/subscriptions/accounts/7?page=2&pageSize=40",
        "https://internal.zuora.example:8443/v1/subscriptions/accounts/7?page=2&pageSize=40#x",
        "http://user:word@evil.example/v1/subscriptions/accounts/7?page=2&pageSize=40",
        "/v1/subscriptions/accounts/7?page=2&pageSize=40",
        "?page=2&pageSize=40",
    ],
)
def test_a_next_page_on_any_host_is_followed_on_our_own(scripted, scripted_zuora, zuora_standin, following):
    """Only by its path and query: the token goes nowhere else."""
    following = following.replace("OTHERHOST", zuora_standin.url.partition("//")[2]).replace("OTHER", zuora_standin.url)
    scripted.replies += [page(row("1"), nextPage=following), page(row("2"))]
    assert [s.number for s in scripted_zuora.subscriptions("7")] == ["1", "2"]
    asked = scripted.seen[1].url
    assert (asked.path, asked.query) == (LIST, "page=2&pageSize=40&charge-detail=current-segment")
    assert zuora_standin.state.faults.requests() == (0, [])


@pytest.mark.parametrize(
    "following",
    [
        "https://127.0.0.1/v1",
        "http://[/v1",
        "mailto:a@example.com",
        "javascript:alert(1)",
        "ftp://evil.example/v1/subscriptions/accounts/7?page=2",
        "file:///v1/subscriptions/accounts/7",
        "/\\evil.example/v1/subscriptions/accounts/7",
        "\\\\evil.example\\v1",
        "/v1/subscriptions/accounts/7\\..\\..\\secret",
        "/apps/NewLogin.do?page=2",
        "/oauth/token",
        "/v1/../oauth/token",
        "/v1/%2e%2e/oauth/token",
        "/v1//evil.example/x",
        "/v1/x%2fy",
        "/v1/a b",
        "/v1/a\tb",
        "@evil.example/v1/x",
        "///evil.example/v1/x",
        "..",
    ],
)
def test_a_next_page_outside_the_api_is_refused(scripted, scripted_zuora, zuora_standin, following):
    scripted.replies[:] = [page(row("1"), nextPage=following)]
    with pytest.raises(UnexpectedReply, match="another address") as caught:
        scripted_zuora.subscriptions("7")
    assert "evil" not in str(caught.value)
    assert len(scripted.seen) == 1
    assert zuora_standin.state.faults.requests() == (0, [])


@pytest.mark.parametrize("following", ["?page=1&pageSize=40", "/v1/subscriptions/accounts/7?page=1&pageSize=40"])
def test_a_next_page_that_is_this_page_ends_in_an_error(scripted, scripted_zuora, following):
    scripted.replies.append(page(row("1"), nextPage=following))
    with pytest.raises(UnexpectedReply, match="again and again"):
        scripted_zuora.subscriptions("7")
    assert len(scripted.seen) == 1


def test_pages_without_anything_new_end_in_an_error(scripted, scripted_zuora):
    for number in range(2, 9):
        scripted.replies.append(page(row("1"), nextPage=f"?page={number}&pageSize=40"))
    with pytest.raises(UnexpectedReply, match="again and again"):
        scripted_zuora.subscriptions("7")
    assert len(scripted.seen) == 3


def test_the_last_page_may_be_empty(scripted, scripted_zuora):
    scripted.replies += [page(row("1"), nextPage="?page=2&pageSize=40"), page()]
    assert [s.number for s in scripted_zuora.subscriptions("7")] == ["1"]


def test_empty_pages_for_ever_end_in_an_error(scripted, scripted_zuora):
    scripted.replies += [page(nextPage=f"?page={number}&pageSize=40") for number in range(2, 9)]
    with pytest.raises(UnexpectedReply, match="again and again"):
        scripted_zuora.subscriptions("7")


def test_a_row_on_two_pages_is_one_subscription(scripted, scripted_zuora):
    scripted.replies += [page(row("1"), row("2"), nextPage="?page=2"), page(row("2"), row("3"))]
    assert [s.number for s in scripted_zuora.subscriptions("7")] == ["1", "2", "3"]


def test_rows_of_two_accounts_are_not_a_list_of_one(scripted, scripted_zuora):
    scripted.replies.append(page(row("1", accountId="a"), row("2", accountId="b")))
    with pytest.raises(UnexpectedReply, match="not asked for"):
        scripted_zuora.subscriptions("7")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"subscriptions": None},
        {"subscriptions": [1]},
        {"subscriptions": [{}]},
        {"subscriptions": [row("1", status="Asleep")]},
        {"subscriptions": [row("1", termEndDate="soon")]},
        {"subscriptions": [row("1", termEndDate=20261231)]},
        {"subscriptions": [row("1", ratePlans=[{"id": "p", "ratePlanCharges": [{"id": "c", "quantity": "a lot"}]}])]},
        {"subscriptions": [row("1", ratePlans=[{"id": "p", "ratePlanCharges": [{"id": "c", "quantity": True}]}])]},
        {"subscriptions": [row("1", ratePlans=[{"id": "p", "ratePlanCharges": [{}]}])]},
        {"subscriptions": [row("1", ratePlans=7)]},
        {"subscriptions": [], "nextPage": 3},
    ],
)
def test_a_page_that_is_not_one_is_unexpected(scripted, scripted_zuora, body):
    scripted.replies.append(JSONResponse({**body, "success": True}))
    with pytest.raises(UnexpectedReply):
        scripted_zuora.subscriptions("7")


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        ("Active", SubscriptionStatus.ACTIVE),
        ("Pending Activation", SubscriptionStatus.PENDING_ACTIVATION),
        ("PendingActivation", SubscriptionStatus.PENDING_ACTIVATION),
        ("Pending Acceptance", SubscriptionStatus.PENDING_ACCEPTANCE),
        ("PendingAcceptance", SubscriptionStatus.PENDING_ACCEPTANCE),
        ("Cancelled", SubscriptionStatus.CANCELLED),
        ("Canceled", SubscriptionStatus.CANCELLED),
        (" suspended ", SubscriptionStatus.SUSPENDED),
        ("Expired", SubscriptionStatus.EXPIRED),
        ("Draft", SubscriptionStatus.DRAFT),
    ],
)
def test_each_status_has_one_spelling(scripted, scripted_zuora, wire, status):
    scripted.replies.append(page(row("1", wire, scheduledCancelDate="2026-12-31T00:00:00.000-08:00", ratePlans=None)))
    (found,) = scripted_zuora.subscriptions("7")
    assert found.status is status
    assert found.scheduled_cancel == date(2026, 12, 31)
    assert found.will_end


def test_what_is_not_there_is_not_found(zuora):
    with pytest.raises(NotFound):
        zuora.subscription("A-S404")
    with pytest.raises(NotFound):
        zuora.subscriptions("404")


@pytest.mark.parametrize("kind", ["429", "lock", "temporary", "html502", "drop_before", "drop_after", "truncate"])
def test_each_page_is_tried_again(zuora, zuora_standin, kind):
    account = record("1")
    zuora_standin.state.load([account])
    zuora_standin.state.load_subscriptions([subscription(account.id, f"A-S{n}") for n in range(50)])
    rows = zuora.iter_subscriptions("1")
    first = [next(rows) for _ in range(40)]
    zuora_standin.state.faults.add(Fault("GET /v1/subscriptions", kind, 2))
    assert len({s.number for s in [*first, *rows]}) == 50


def test_reads_side_by_side_lose_nothing_to_one_error(zuora, zuora_standin):
    zuora_standin.state.load([record(str(n)) for n in range(20)])
    outcomes = read_side_by_side(
        *(lambda key=str(n): zuora.account(key) for n in range(20)), lambda: zuora.account("404")
    )
    assert [account.number for account in outcomes[:-1]] == [str(n) for n in range(20)]
    assert isinstance(outcomes[-1], NotFound)
    assert isinstance(outcomes[-1], RemoteError)
    assert read_side_by_side() == []
    with pytest.raises(ZeroDivisionError):
        read_side_by_side(lambda: 1, lambda: 1 // 0)
