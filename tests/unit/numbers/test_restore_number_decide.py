"""What taking a number out of quarantine would do."""

from datetime import date

import pytest

from lib.actions.numbers.restore_number import Found, RestoreNumber
from lib.domain.accounts import AccountStatus
from lib.store.numbers import Quarantined
from tests.common.factories import make_account, make_wish

NUMBER = "+61370100001"
RESTING = Quarantined(number=NUMBER, account="2001", until=date(2027, 5, 22), reason="deactivated")


def decide(number="03 7010 0001", resting=RESTING, **changes):
    return RestoreNumber().decide(Found(make_account(**changes), resting), make_wish(number=number))


def test_it_says_whose_it_was_and_claims_that_account():
    draft = decide()
    assert draft.title == "Restore (03) 7010 0001 to 1001 - Wattle Plumbing"
    assert [(one.system, one.text, one.before, one.after) for one in draft.effects] == [
        ("Hub", "(03) 7010 0001", "in quarantine until 22 May 2027, account 2001", "in use, account 1001"),
        ("SBC", "Auth rule", "none", "allowed"),
    ]
    assert (draft.steps, draft.claims, draft.blockers) == (("hub", "rules"), ("2001",), ())
    assert draft.facts == {"from": "2001", "until": " until 22 May 2027", "state": "allowed"}
    assert draft.untouched == ("Set up callflows and the billing subscription of the number by hand.",)


def test_its_own_number_claims_nothing_more():
    assert decide(resting=RESTING.model_copy(update={"account": "1001", "until": None})).claims == ()


@pytest.mark.parametrize("changes", [{"status": AccountStatus.SUSPENDED}, {"changing_to": AccountStatus.SUSPENDED}])
def test_on_a_suspended_account_it_is_suspended(changes):
    draft = decide(**changes)
    assert (draft.effects[1].after, draft.facts["state"]) == ("suspended", "suspended")


def test_a_text_that_is_not_a_number():
    draft = decide("hello", resting=None)
    assert draft.title == "Restore a number"
    assert len(draft.blockers) == 1


def test_a_number_that_is_not_in_quarantine():
    assert decide(resting=None).blockers == ("(03) 7010 0001 is not in quarantine.",)


@pytest.mark.parametrize(
    ("changes", "status_now"),
    [
        ({"status": AccountStatus.DEACTIVATED}, "deactivated"),
        ({"changing_to": AccountStatus.DEACTIVATED}, "deactivating"),
    ],
)
def test_an_account_that_is_ending_gets_no_number(changes, status_now):
    assert decide(**changes).blockers == (f"1001 is {status_now}. Open the account that will have the number.",)


def test_the_number_that_is_stored():
    assert RestoreNumber().normalise({"number": "(03) 7010 0001"}) == {"number": NUMBER}
    assert RestoreNumber().normalise({"number": "hello"}) == {"number": "hello"}
