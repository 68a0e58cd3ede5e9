"""What another group name would change, and for whom."""

import pytest

from lib.actions.pbx.rename_pbx import Found, RenamePbx
from lib.domain.accounts import AccountStatus
from lib.store.pbxs import Extension, Pbx
from tests.common.factories import make_account, make_wish

MAIN = Pbx(id=1, name="Main", group_name="wattle", subscription=None, subscription_name=None, extensions=4)
USERS = [("999", "Ada@example.com"), ("1001", "ada@example.com"), ("1002", "ben@example.com"), ("1003", None)]


def user(extension, email, **changes):
    values = {"name": f"Person {extension}", "login": f"{extension}@wattle", "kind": "jet_phone", "email": email}
    return Extension(**({"extension": extension} | values | changes))


def decide(name="wattle-gas", users=None, *, pbx=MAIN, account=None, holder=None, taken=(), **params):
    users = [user(*one) for one in USERS] if users is None else users
    found = Found(account or make_account(), pbx, users, holder, taken)
    return RenamePbx().decide(found, make_wish(pbx=1, group_name=name, **params))


def test_every_login_is_shown_and_who_is_mailed():
    draft = decide(base="wattle")
    assert draft.title == "Group name of PBX Main, 1001 - Wattle Plumbing"
    assert [(one.system, one.text, one.before, one.after) for one in draft.effects] == [
        ("Hub", "Group name", "wattle", "wattle-gas"),
        ("Hub", "4 extension logins, each like", "999@wattle", "999@wattle-gas"),
        ("E-mail", "2 recipients: the new login", None, None),
    ]
    assert draft.details[0].rows == (
        ("999", "Person 999", "999@wattle", "999@wattle-gas", "Ada@example.com"),
        ("1001", "Person 1001", "1001@wattle", "1001@wattle-gas", "ada@example.com"),
        ("1002", "Person 1002", "1002@wattle", "1002@wattle-gas", "ben@example.com"),
        ("1003", "Person 1003", "1003@wattle", "1003@wattle-gas", "nobody"),
    )
    assert draft.steps == ("logins", "mails")
    assert draft.untouched == ("The name of the PBX, numbers, queues, callflows, passwords and billing.",)
    assert draft.facts.items() >= {"pbx": "Main", "group_name": "wattle", "extensions": 4}.items()
    assert draft.blockers == ()


def test_it_warns_of_the_sign_in_the_block_and_who_is_not_mailed():
    signed_out, blocked, unmailed = decide().warnings
    assert "sign in again" in signed_out
    assert "blocked" in blocked
    assert unmailed == "No e-mail address; call: 1003."
    many = decide(users=[user(str(number), None) for number in range(101, 113)]).warnings[-1]
    assert many.startswith("No e-mail address; call: 101, 102, ")
    assert many.endswith("110 and 2 more.")
    assert len(decide(users=[user("101", "a@example.com")]).warnings) == 2


def test_without_extensions_only_the_name_changes():
    draft = decide(users=[])
    assert [one.text for one in draft.effects] == ["Group name"]
    assert draft.facts["extensions"] == 0


@pytest.mark.parametrize("changes", [{"email": "c@example.com"}, {"login": "1009@wattle"}, {"extension": "1009"}])
def test_an_extension_that_changes_is_another_plan(changes):
    others = [user("999", "a@example.com")]
    before = decide(users=[*others, user("1002", "ben@example.com")])
    after = decide(users=[*others, user("1002", "ben@example.com").model_copy(update=changes)])
    assert before.facts != after.facts
    assert before.facts["extensions"] == after.facts["extensions"]


@pytest.mark.parametrize(
    ("name", "says"),
    [("", "empty"), ("Wattle Gas", "capital letters"), ("a" * 64, "at most 63"), ("<b>x</b>", "not “< >")],
)
def test_a_name_that_cannot_be_one(name, says):
    draft = decide(name)
    assert says in " ".join(draft.blockers)
    assert (draft.effects, draft.steps) == ((), ())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "wattle"}, "The group name is already “wattle”."),
        ({"holder": ("2001", "Yard")}, "The group name “wattle-gas” is taken by the PBX Yard of account 2001."),
        ({"taken": ("7@wattle-gas", "8@wattle-gas")}, "Another PBX has 2 of the new logins, such as 7@wattle-gas."),
        ({"base": "older-name"}, "Somebody else changed the group name from “older-name” to “wattle” while"),
        ({"account": make_account(status=AccountStatus.DEACTIVATED)}, "The account is deactivated, so its PBXs cannot"),
        ({"account": make_account(changing_to=AccountStatus.DEACTIVATED)}, "The account is deactivating, so its PBXs"),
    ],
)
def test_what_is_refused(given, says):
    (blocker,) = decide(**given).blockers
    assert blocker.startswith(says)


def test_a_pbx_that_is_gone():
    draft = decide(pbx=None, users=[])
    assert draft.title == "Group name of a PBX of 1001 - Wattle Plumbing"
    assert draft.blockers == ("The PBX is no longer on this account. Nothing was changed.",)
