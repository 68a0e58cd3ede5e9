"""What a rename would do, decided from the account in the Hub and in Zuora."""

import pytest

from lib.actions.account.rename import Found, Rename
from lib.clients.errors import NotFound, Unreachable
from lib.domain.accounts import AccountStatus
from tests.common.factories import make_account, make_wish, make_zuora_account

OLD, NEW = "Wattle Plumbing", "Wattle Plumbing & Gas"
AWAY = Unreachable("Zuora", "read account A1001")


def decide(name=NEW, account=None, zuora="same", renamed_by=None, **params):
    found = Found(account or make_account(), make_zuora_account() if zuora == "same" else zuora, renamed_by)
    return Rename().decide(found, make_wish(name=name, **params))


def test_both_systems_get_the_name_and_the_facts_are_the_present_names():
    draft = decide(f"  {NEW} ", base=OLD)
    assert [(one.system, one.before, one.after) for one in draft.effects] == [("Zuora", OLD, NEW), ("Hub", OLD, NEW)]
    assert draft.steps == ("zuora", "hub")
    assert draft.facts == {"hub_name": OLD, "zuora_id": "z1001", "zuora_name": OLD}
    assert draft.title == "Rename 1001 - Wattle Plumbing"
    assert draft.untouched == ("Contacts, subscriptions, numbers and auth rules.",)
    assert (draft.blockers, draft.warnings) == ((), ())


@pytest.mark.parametrize(
    ("name", "says"),
    [("", "empty"), (" ", "empty"), ("x" * 256, "256"), ("Wattle 🌼", "emoji"), ("Wat\x07tle", "invisible")],
)
def test_a_bad_name(name, says):
    draft = decide(name)
    assert says in draft.blockers[0]
    assert (draft.effects, draft.steps) == ((), ())


def test_the_name_it_has_already():
    assert decide("Wattle  Plumbing").blockers == (f"The account is already called “{OLD}”, in the Hub and in Zuora.",)


def test_only_the_system_that_has_another_name_has_a_step():
    draft = decide(OLD, zuora=make_zuora_account(name="Wattle Pty"))
    assert draft.steps == ("zuora",)
    assert draft.warnings == ("In Zuora the account is called “Wattle Pty”. The new name replaces both.",)
    assert decide(NEW, zuora=make_zuora_account(name=NEW)).steps == ("hub",)


def test_an_account_without_zuora():
    draft = decide(account=make_account(zuora_id=None, zuora_number=None), zuora=None)
    assert draft.warnings == ("This account has no Zuora account, so only the Hub is changed.",)
    assert draft.steps == ("hub",)
    assert draft.blockers == ()


@pytest.mark.parametrize(("by", "who"), [("Lee Lead", "Lee Lead"), (None, "Somebody")])
def test_a_name_that_changed_while_one_was_typing(by, who):
    draft = decide("Mine", account=make_account(name="Theirs"), base=OLD, renamed_by=by)
    assert draft.blockers[0].startswith(f"{who} renamed the account from “{OLD}” to “Theirs” while you were typing")


@pytest.mark.parametrize(
    ("changes", "status_now"),
    [
        ({"status": AccountStatus.DEACTIVATED}, "deactivated"),
        ({"changing_to": AccountStatus.DEACTIVATED}, "deactivating"),
    ],
)
def test_an_account_that_is_ending(changes, status_now):
    draft = decide(account=make_account(**changes))
    assert draft.blockers == (f"The account is {status_now}, so it cannot be renamed.",)


@pytest.mark.parametrize(
    ("zuora", "says"),
    [
        (make_zuora_account(status="Canceled"), "cancelled in Zuora, which refuses any change"),
        (NotFound("Zuora", "read account A1001"), "Zuora has no account A1001. Correct the link to Zuora first."),
        (AWAY, f"Zuora could not be read, so nothing was changed. {AWAY}"),
    ],
)
def test_zuora_refuses_or_does_not_answer(zuora, says):
    draft = decide(zuora=zuora)
    assert says in draft.blockers[0]
    assert len(draft.blockers) == 1


def test_the_name_that_is_stored():
    assert Rename().normalise({"name": " A  B ", "base": "A"}) == {"name": "A B", "base": "A"}
    assert Rename().normalise({"name": " "}) == {"name": " "}
