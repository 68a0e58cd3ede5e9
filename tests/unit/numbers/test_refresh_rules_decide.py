"""What a refresh of auth rules would do, decided from one finding for each number."""

import pytest

from lib.actions.numbers.refresh_rules import Found, RefreshRules
from lib.actions.numbers.rules import RuleSet
from lib.clients.errors import Unreachable
from lib.domain.accounts import AccountStatus
from lib.domain.auth_rules import Finding, Rule, RuleState, Verdict
from tests.common.factories import make_account, make_wish

AWAY = Unreachable("SBC", "read the rules of account 1001")


def make_finding(last, verdict=Verdict.OK):
    rule = Rule(f"+6137010000{last}", "1001", RuleState.ALLOWED, "syd-1")
    expected = None if verdict is Verdict.EXTRA else rule
    found = None if verdict is Verdict.MISSING else rule
    return Finding(rule.number, verdict, expected, found)


def decide(*findings, **changes):
    return RefreshRules().decide(Found(make_account(**changes), RuleSet(findings, {})), make_wish())


def test_what_is_wrong_is_counted_by_its_kind_and_named():
    draft = decide(make_finding(1), make_finding(2, Verdict.MISSING), make_finding(3, Verdict.EXTRA))
    assert draft.title == "Refresh the auth rules of 1001 - Wattle Plumbing"
    assert [(one.system, one.text) for one in draft.effects] == [
        ("SBC", "Create 1 missing rule"),
        ("SBC", "Remove 1 rule for numbers that should have none"),
    ]
    assert draft.details[0].rows == (
        ("(03) 7010 0002", "missing", "no rule", "allowed, account 1001, trunk syd-1"),
        ("(03) 7010 0003", "extra", "allowed, account 1001, trunk syd-1", "no rule"),
    )
    assert draft.untouched[0] == "1 rule already correct."
    assert (draft.steps, draft.warnings, draft.blockers) == (("rules", "verify"), (), ())
    assert draft.facts["wrong"] == 2


@pytest.mark.parametrize("verdict", [one for one in Verdict if one is not Verdict.OK])
def test_every_verdict_has_its_effect(verdict):
    (effect,) = decide(make_finding(1, verdict)).effects
    assert effect.text.startswith(("Create 1 ", "Remove 1 ", "Correct the ", "Write 1 "))


def test_other_findings_are_another_plan():
    one, two = (decide(make_finding(last, Verdict.MISSING)).facts for last in (1, 2))
    assert one["digest"] != two["digest"]


@pytest.mark.parametrize(
    ("findings", "says"),
    [
        ((), "The account has no number, and the SBC has no rule for it."),
        ((make_finding(1),), "The one rule is correct, read back."),
        ((make_finding(1), make_finding(2)), "All 2 rules are correct, read back."),
    ],
)
def test_nothing_wrong_has_no_steps(findings, says):
    draft = decide(*findings)
    assert (draft.verdict, draft.steps, draft.effects, draft.facts) == (says, (), (), {"wrong": []})


def test_the_sbc_away():
    draft = RefreshRules().decide(Found(make_account(), AWAY), make_wish())
    assert draft.blockers == (f"The SBC could not be read, so its rules are not known. {AWAY}",)
    assert draft.steps == ()


@pytest.mark.parametrize(
    ("changes", "status_now"),
    [
        ({"status": AccountStatus.DEACTIVATED}, "deactivated"),
        ({"changing_to": AccountStatus.DEACTIVATED}, "deactivating"),
    ],
)
def test_the_rules_of_an_account_that_is_ending_are_taken_away_with_a_warning(changes, status_now):
    draft = decide(make_finding(1, Verdict.EXTRA), **changes)
    assert draft.warnings[0].startswith(f"The account is {status_now}, so its rules are removed")
    assert (draft.blockers, draft.steps) == ((), ("rules", "verify"))
