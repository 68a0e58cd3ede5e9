"""What a change of the parent would do, decided from both accounts and their families."""

import pytest

from lib.actions.account.parent import ChangeParent, Found, InZuora
from lib.clients.errors import NotFound, Unreachable
from lib.domain.accounts import AccountStatus
from tests.common.factories import make_account, make_wish, make_zuora_account

ENDING = [
    ({"status": AccountStatus.DEACTIVATED}, "deactivated"),
    ({"changing_to": AccountStatus.DEACTIVATED}, "deactivating"),
]
AWAY = Unreachable("Zuora", "read account A1001")
GONE = NotFound("Zuora", "read account A1001")


def make_child(**changes):
    return make_account(number="2001", name="Mallee Motors", zuora_id="z2001", zuora_number="A2001").model_copy(
        update=changes
    )


def make_found(**changes):
    """Account 2001 without a parent, and 1001, the new parent."""
    values = {
        "child": make_child(),
        "parent": make_account(),
        "links": {"1001": None, "2001": None},
        "zuora": InZuora(make_zuora_account(id="z2001", number="A2001"), None),
        "parent_zuora": make_zuora_account(),
    }
    return Found(**(values | changes))


def make_moved(**changes):
    """Account 2001 below 1001 on both sides."""
    child = make_child(parent_number="1001", parent_name="Wattle Plumbing")
    zuora = InZuora(make_zuora_account(id="z2001", number="A2001", parent_id="z1001"), "1001")
    values = {"child": child, "zuora": zuora, "links": {"1001": None, "2001": "1001"}}
    return make_found(**(values | changes))


def decide(found=None, parent="1001", **params):
    return ChangeParent().decide(found or make_found(), make_wish("2001", parent=parent, **params))


def remove(found):
    return decide(found, None)


def test_a_parent_is_added_on_both_sides():
    draft = decide(base=None)
    assert draft.title == "Add the parent of 2001 - Mallee Motors"
    assert [(one.system, one.before, one.after) for one in draft.effects] == [
        ("Zuora", "none", "1001 - Wattle Plumbing"),
        ("Hub", "none", "1001 - Wattle Plumbing"),
    ]
    assert (draft.steps, draft.claims) == (("zuora", "hub"), ("1001",))
    assert draft.facts == {
        "hub_parent": None,
        "zuora_id": "z2001",
        "new_parent_id": "z1001",
        "zuora_parent_id": None,
        "zuora_parent": None,
    }
    assert draft.untouched == ("Invoices, subscriptions, numbers and auth rules of both accounts.",)
    assert (draft.blockers, draft.warnings) == ((), ())


def test_a_parent_is_removed():
    draft = remove(make_moved(parent=None, parent_zuora=None))
    assert draft.title == "Remove the parent of 2001 - Mallee Motors"
    assert [(one.system, one.before, one.after) for one in draft.effects] == [
        ("Zuora", "1001", "none"),
        ("Hub", "1001 - Wattle Plumbing", "none"),
    ]
    assert draft.claims == ("1001",)
    assert (draft.facts["zuora_parent_id"], draft.facts["new_parent_id"]) == ("z1001", None)


def test_a_parent_is_replaced_and_both_roots_are_claimed():
    links = {"1001": None, "1002": "1001", "2001": "3001", "3001": None}
    found = make_found(
        child=make_child(parent_number="3001", parent_name="Old"),
        parent=make_account(number="1002"),
        links=links,
        zuora=InZuora(make_zuora_account(parent_id="z3001"), "3001"),
    )
    draft = decide(found, "1002")
    assert draft.title.startswith("Replace the parent of")
    assert draft.claims == ("1001", "1002", "3001")


def test_only_the_side_that_differs_has_a_step():
    unlinked = InZuora(make_zuora_account(id="z2001"), None)
    assert decide(make_moved(zuora=unlinked)).steps == ("zuora",)
    moved_in_zuora = InZuora(make_zuora_account(id="z2001", parent_id="z1001"), "1001")
    assert decide(make_found(zuora=moved_in_zuora)).steps == ("hub",)


def test_an_account_without_zuora_is_moved_in_the_hub_alone():
    draft = decide(make_found(child=make_child(zuora_id=None), zuora=None, parent_zuora=None))
    assert draft.warnings == ("This account has no Zuora account, so only the Hub is changed.",)
    assert (draft.steps, draft.blockers) == (("hub",), ())


@pytest.mark.parametrize(
    ("parent", "links", "says"),
    [
        ("2001", {"2001": None}, "own parent"),
        ("1001", {"2001": None, "1001": "2001"}, "loop"),
        ("1001", {"2001": None, "1001": "4", "4": "3", "3": "2", "2": "1", "1": None}, "6 levels"),
    ],
)
def test_a_family_that_cannot_be(parent, links, says):
    draft = decide(make_found(parent=make_account(number=parent), links=links), parent)
    assert says in " ".join(draft.blockers)


def test_the_parent_it_has_already():
    assert decide(make_moved()).blockers == ("The parent is already 1001 - Wattle Plumbing, in the Hub and in Zuora.",)
    assert remove(make_found(parent=None, parent_zuora=None)).blockers == (
        "The parent is already none, in the Hub and in Zuora.",
    )


def test_a_parent_the_hub_does_not_have():
    draft = decide(make_found(parent=None, parent_zuora=None), "9999")
    assert draft.blockers == ("There is no account 9999 in the Hub.",)
    assert draft.steps == ()


def test_a_parent_that_somebody_else_changed():
    found = make_moved(parent=None, parent_zuora=None)
    assert decide(found, None, base="1001").blockers == ()
    (blocker,) = decide(found, None, base=None).blockers
    assert "was not set when you began and is now 1001" in blocker


@pytest.mark.parametrize(("changes", "status_now"), ENDING)
def test_an_account_that_is_ending_joins_and_leaves_no_family(changes, status_now):
    assert decide(make_found(parent=make_account(**changes))).blockers == (
        f"1001 is {status_now}, so it cannot be a parent or a child.",
    )
    left = remove(make_moved(child=make_moved().child.model_copy(update=changes), parent=None, parent_zuora=None))
    assert left.blockers == (f"2001 is {status_now}, so it cannot be a parent or a child.",)


@pytest.mark.parametrize(
    ("zuora", "says"),
    [
        (InZuora(make_zuora_account(status="Canceled"), None), "The account A2001 is cancelled in Zuora"),
        (GONE, "Zuora has no account A2001. Correct the link to Zuora first."),
        (AWAY, "Zuora could not be read, so nothing was changed."),
    ],
)
def test_zuora_refuses_the_child_or_does_not_answer(zuora, says):
    (blocker,) = decide(make_found(zuora=zuora)).blockers
    assert says in blocker


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"parent": make_account(zuora_id=None), "parent_zuora": None}, "1001 has no Zuora account"),
        ({"parent_zuora": GONE}, "Zuora has no account A1001. Correct the link to Zuora first."),
        ({"parent_zuora": AWAY}, f"Zuora could not be read, so nothing was changed. {AWAY}"),
        ({"parent_zuora": make_zuora_account(status="Canceled")}, "The account A1001 is cancelled in Zuora"),
    ],
)
def test_zuora_refuses_the_parent_or_does_not_answer(changes, says):
    (blocker,) = decide(make_found(**changes)).blockers
    assert says in blocker
