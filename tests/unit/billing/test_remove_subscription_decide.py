"""What removing a subscription would do."""

import pytest

from lib.actions.billing.remove_subscription import Found, RemoveSubscription
from lib.domain.accounts import AccountStatus
from lib.store.billing import SubscriptionUse
from tests.common.factories import make_account, make_wish
from tests.unit.billing.subscriptions import SUB, UNUSED, stored


def decide(subscription=None, use=UNUSED, **account):
    found = Found(make_account(**account), subscription, use)
    return RemoveSubscription().decide(found, make_wish(number=SUB))


@pytest.mark.parametrize(
    ("allowances", "granted"),
    [({}, "no allowances"), ({"cloud_mobiles": 5, "pbx_extensions": 2}, "Cloud mobiles 5, PBX extensions 2")],
)
def test_it_is_removed_with_what_it_granted(allowances, granted):
    draft = decide(stored(**allowances))
    assert draft.title == f"Remove {SUB} from 1001 - Wattle Plumbing"
    assert [(one.text, one.before, one.after) for one in draft.effects] == [(f"Subscription {SUB}", granted, "removed")]
    assert (draft.steps, draft.facts) == (("hub",), {"granted": granted})
    assert draft.untouched == ("The subscription in Zuora, which is billed as before.",)
    assert (draft.blockers, draft.warnings) == ((), ())


def test_one_that_is_not_there():
    assert decide().blockers == (f"{SUB} is not on this account.",)


def test_who_still_uses_it_is_named_up_to_ten():
    numbers = tuple(f"+613701000{place:02}" for place in range(12))
    draft = decide(stored(), SubscriptionUse(pbxs=("Main", "Yard"), numbers=numbers))
    assert draft.blockers[0] == f"{SUB} is the subscription of 2 PBXs: Main, Yard. Give each another one first."
    assert draft.blockers[1].startswith(f"{SUB} is billed for 12 numbers: (03) 7010 0000, (03) 7010 0001, ")
    assert draft.blockers[1].endswith("(03) 7010 0009 and 2 more.")


def test_it_can_be_removed_from_an_account_that_is_ending():
    assert decide(stored(), status=AccountStatus.DEACTIVATED).blockers == ()
