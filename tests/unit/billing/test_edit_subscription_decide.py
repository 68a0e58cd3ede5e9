"""What an edit of a subscription would do, decided from the Hub and from what Zuora said."""

import pytest

from lib.actions.billing.edit_subscription import EditSubscription, Found
from lib.clients.errors import NotFound
from lib.domain.accounts import AccountStatus
from tests.common.factories import make_account, make_wish
from tests.unit.billing.subscriptions import IN_USE, OTHER, SUB, TERM, UNUSED, charge, in_zuora, stored, terms

KEPT = {"number": SUB, "name": "Cloud PBX", "terms": terms(cloud_mobiles=5).model_dump(mode="json")}


def decide(number=SUB, name="Cloud PBX", *, there=True, owner=None, answer=None, use=UNUSED, **account):
    found = Found(make_account(**account), stored(cloud_mobiles=5) if there else None, use, owner, answer)
    return EditSubscription().decide(found, make_wish(subscription=SUB, number=number, name=name))


def test_a_new_name_alone_does_not_read_zuora():
    draft = decide(name="  Head\toffice ", use=IN_USE)
    assert draft.title == f"Edit subscription {SUB} of 1001 - Wattle Plumbing"
    assert [(one.text, one.before, one.after) for one in draft.effects] == [("Name", "Cloud PBX", "Head office")]
    assert draft.untouched == ("Zuora, allowances, and everything that is billed to the subscription.",)
    assert draft.facts == {"before": KEPT, "number": SUB, "name": "Head office", "terms": KEPT["terms"]}
    assert draft.steps == ("hub",)
    assert (draft.blockers, draft.warnings, draft.details) == ((), (), ())


def test_the_name_can_be_removed():
    draft = decide(name="")
    assert (draft.effects[0].after, draft.facts["name"]) == ("none", None)


def test_another_number_brings_its_term_its_allowances_and_what_is_billed():
    answer = in_zuora(charge("Extension", "12"), charge("Static IP"), number=OTHER)
    draft = decide(OTHER, name="New", answer=answer, use=IN_USE)
    assert [(one.text, one.before, one.after) for one in draft.effects] == [
        ("Name", "Cloud PBX", "New"),
        ("Subscription number", SUB, OTHER),
        ("Status and term", f"Active, version 1, {TERM}", f"Active, version 2, {TERM}"),
        ("Cloud mobiles", "5", "0"),
        ("PBX extensions", "0", "12"),
        ("1 PBX and 2 numbers billed to it", SUB, OTHER),
    ]
    after = terms(2, pbx_extensions=12).model_dump(mode="json")
    assert draft.facts == {"before": KEPT, "number": OTHER, "name": "New", "terms": after}
    assert "“Static IP (PRPC-1)”" in draft.warnings[0]
    assert [one.title for one in draft.details] == ["What it grants", "Unmapped charges"]
    assert draft.untouched == ("Both subscriptions in Zuora.",)


def test_if_nothing_is_billed_to_it_the_plan_does_not_mention_that():
    draft = decide(OTHER, answer=in_zuora(charge("Cloud Mobile", "5"), number=OTHER))
    assert [one.text for one in draft.effects] == ["Subscription number", "Status and term"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"there": False}, f"{SUB} is not on this account."),
        ({"name": "Cloud PBX"}, "There is nothing to save: type another number or another name."),
        ({"number": "", "name": "x"}, "Type the number"),
        ({"number": f"{SUB} {OTHER}"}, "one subscription number at a time"),
        ({"name": "x" * 121}, "The name has 121 characters. It can have at most 120."),
        ({"name": "a\u202eb"}, "invisible character"),
        ({"name": "--"}, "no letter or digit"),
        ({"number": OTHER, "owner": "1001"}, f"{OTHER} is already on this account as a subscription of its own."),
        ({"number": OTHER, "owner": "2001"}, f"{OTHER} is already on account 2001."),
        (
            {"name": "x", "status": AccountStatus.DEACTIVATED},
            "The account is deactivated, so its subscriptions cannot be edited.",
        ),
        ({"name": "x", "changing_to": AccountStatus.DEACTIVATED}, "The account is deactivating, so its subscriptions"),
        ({"number": OTHER, "answer": NotFound("Zuora", "read it")}, f"Zuora has no subscription {OTHER}."),
        ({"number": OTHER, "answer": in_zuora(number=OTHER, account_id="z2", account_number="A2")}, "belongs to A2"),
    ],
)
def test_an_edit_that_cannot_be(given, says):
    draft = decide(**given)
    assert says in draft.blockers[0]
    assert (draft.effects, draft.steps) == ((), ())
