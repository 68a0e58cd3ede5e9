"""What billing a PBX to another subscription would do."""

from datetime import date

import pytest

from lib.actions.pbx.pbx_billing import Found, PbxBilling
from lib.domain.accounts import AccountStatus
from lib.store.pbxs import Pbx, Subscription
from tests.common.factories import TODAY, make_account, make_wish

MAIN = Pbx(id=1, name="Main", group_name="wattle", subscription="SUB-1", subscription_name="Cloud PBX", extensions=4)


def decide(wanted="SUB-2", pbx=MAIN, *, account=None, status="Active", ends=None, **params):
    second = Subscription(number="SUB-2", name="More", status=status, ends=ends)
    offered = {"SUB-1": Subscription(number="SUB-1", name=None, status="Active"), "SUB-2": second}
    found = Found(account or make_account(), pbx, offered, TODAY)
    return PbxBilling().decide(found, make_wish(pbx=1, subscription=wanted, **params))


def test_it_is_billed_to_the_other_one():
    draft = decide(base="SUB-1")
    assert draft.title == "Billing subscription of PBX Main, 1001 - Wattle Plumbing"
    assert [(one.text, one.before, one.after) for one in draft.effects] == [
        ("Billing subscription of Main", "SUB-1", "SUB-2")
    ]
    assert (draft.steps, draft.facts) == (("hub",), {"pbx": "Main", "subscription": "SUB-1"})
    assert draft.untouched == ("The subscriptions in Zuora, and the numbers, extensions and logins.",)
    assert (draft.blockers, draft.warnings) == ((), ())


def test_to_none_is_warned_of():
    draft = decide(None)
    assert draft.effects[0].after == "no subscription"
    assert draft.warnings == ("Without a billing subscription, nobody pays for the outbound calls of this PBX.",)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"status": "Cancelled"}, ("The subscription SUB-2 is cancelled, not active.",)),
        ({"status": "Cancelled", "ends": date(2027, 1, 3)}, ("SUB-2 is cancelled, not active; it ends 3 Jan 2027.",)),
        ({"ends": date(2027, 1, 3)}, ("The subscription SUB-2 ends 3 Jan 2027.",)),
        ({"status": None}, ()),
    ],
)
def test_a_subscription_that_does_not_simply_go_on_is_warned_of(given, says):
    draft = decide(**given)
    assert len(draft.warnings) == len(says)
    assert all(one in warning for one, warning in zip(says, draft.warnings, strict=True))
    assert draft.blockers == ()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"wanted": "SUB-1"}, "The PBX is already billed to SUB-1."),
        ({"wanted": "SUB-9"}, "Account 1001 has no subscription SUB-9 in the Hub."),
        ({"wanted": "<b>"}, "Account 1001 has no subscription <b> in the Hub."),
        ({"base": None}, "Somebody changed the billing subscription from no subscription to SUB-1 while you were"),
        ({"base": "SUB-9"}, "Somebody changed the billing subscription from SUB-9 to SUB-1 while you were choosing."),
        ({"account": make_account(status=AccountStatus.DEACTIVATED)}, "The account is deactivated, so its PBXs cannot"),
        ({"account": make_account(changing_to=AccountStatus.DEACTIVATED)}, "The account is deactivating, so its PBXs"),
    ],
)
def test_what_is_refused(given, says):
    (blocker,) = decide(**given).blockers
    assert blocker.startswith(says)


def test_a_pbx_that_is_gone():
    draft = decide(pbx=None)
    assert draft.blockers == ("The PBX is no longer on this account. Nothing was changed.",)
    assert draft.steps == ()
