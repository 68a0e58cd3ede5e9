"""What adding a subscription would do, decided from the Hub and from what Zuora said."""

import pytest

from lib.actions.billing.add_subscription import AddSubscription, Found
from lib.clients.errors import NotFound
from lib.domain.accounts import AccountStatus
from tests.common.factories import make_account, make_wish
from tests.unit.billing.subscriptions import SUB, TERM, charge, in_zuora, terms

NOT_FOUND = NotFound("Zuora", "read it")


def decide(typed=SUB, owner=None, answer=None, **account):
    return AddSubscription().decide(Found(make_account(**account), owner, answer), make_wish(number=typed))


def test_it_is_added_with_what_it_grants():
    draft = decide(f"  {SUB}\n", answer=in_zuora(charge("Extension", "12")))
    assert draft.title == f"Add {SUB} to 1001 - Wattle Plumbing"
    (effect,) = draft.effects
    assert (effect.system, effect.text) == ("Hub", f"Subscription {SUB}")
    assert (effect.before, effect.after) == ("not there", f"Active, version 2, {TERM}")
    assert draft.steps == ("hub",)
    kept = terms(2, pbx_extensions=12).model_dump(mode="json")
    assert draft.facts == {"number": SUB, "name": "Cloud PBX", "terms": kept}
    assert [one.title for one in draft.details] == ["What it grants"]
    assert draft.untouched == ("Zuora, and the subscriptions that PBXs and numbers are billed to.",)
    assert (draft.blockers, draft.warnings, draft.dangers) == ((), (), ())


def test_it_warns_of_an_unmapped_charge_and_an_end():
    draft = decide(answer=in_zuora(charge("Static IP"), status="Cancelled", ends="2027-01-03"))
    assert "“Static IP (PRPC-1)”" in draft.warnings[0]
    assert "ends 3 Jan 2027" in draft.warnings[1]
    assert [one.title for one in draft.details] == ["What it grants", "Unmapped charges"]


def test_one_without_a_product_has_no_name():
    assert decide(answer=in_zuora(rate_plans=())).facts["name"] is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"typed": " \n\t "}, "Type the number of the subscription, such as SUB-00000012."),
        ({"owner": "1001"}, f"{SUB} is already on this account."),
        ({"owner": "2001"}, f"{SUB} is on account 2001. Remove it there first."),
        ({"status": AccountStatus.DEACTIVATED}, "The account is deactivated, so nothing can be added to it."),
        ({"changing_to": AccountStatus.DEACTIVATED}, "The account is deactivating, so nothing can be added to it."),
        ({"answer": NOT_FOUND}, f"Zuora has no subscription {SUB}."),
    ],
)
def test_one_that_cannot_be_added(given, says):
    draft = decide(**given)
    assert draft.blockers == (says,)
    assert (draft.effects, draft.steps) == ((), ())
