"""What the SBC should hold for an account, and how what it holds differs."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.accounts import AccountStatus
from lib.domain.auth_rules import (
    NumberState,
    NumberTruth,
    Rule,
    RuleState,
    Verdict,
    compare_rules,
    expected_rule,
    expected_rules,
)

NUMBER = "+61370100001"
RIGHT = Rule(number=NUMBER, account="1001", state=RuleState.ALLOWED, trunk="syd-1")
truths = st.builds(
    NumberTruth,
    number=st.integers(0, 40).map(lambda last: f"+613701000{last:02}"),
    account=st.sampled_from(["1001", "1002"]),
    heading=st.sampled_from(AccountStatus),
    state=st.sampled_from(NumberState),
    trunk=st.sampled_from(["syd-1", "mel-1"]),
)
rules = st.builds(
    Rule,
    number=st.integers(0, 40).map(lambda last: f"+613701000{last:02}"),
    account=st.sampled_from(["1001", "1002"]),
    state=st.sampled_from(RuleState),
    trunk=st.sampled_from(["syd-1", "mel-1"]),
)


def truth(**values) -> NumberTruth:
    heading, state = AccountStatus(values.get("heading", "active")), NumberState(values.get("state", "in_use"))
    return NumberTruth(number=NUMBER, account="1001", heading=heading, state=state, trunk="syd-1")


@pytest.mark.parametrize(
    ("heading", "state", "expected"),
    [
        ("active", "in_use", RuleState.ALLOWED),
        ("active", "porting", RuleState.ALLOWED),
        ("suspended", "in_use", RuleState.SUSPENDED),
        ("suspended", "porting", RuleState.SUSPENDED),
        ("active", "quarantined", None),
        ("suspended", "quarantined", None),
        ("deactivated", "in_use", None),
        ("deactivated", "quarantined", None),
    ],
)
def test_status_and_number_decide_the_rule(heading, state, expected):
    rule = expected_rule(truth(heading=heading, state=state))
    assert (rule and rule.state) == expected
    if rule is not None:
        assert (rule.number, rule.account, rule.trunk) == (NUMBER, "1001", "syd-1")


@pytest.mark.parametrize(
    ("found", "verdict", "was", "becomes"),
    [
        (RIGHT, Verdict.OK, "is right", ""),
        (None, Verdict.MISSING, "was missing", "created"),
        (
            replace(RIGHT, state=RuleState.SUSPENDED),
            Verdict.WRONG_STATE,
            "had state suspended, should have allowed",
            "set to account 1001, allowed, trunk syd-1",
        ),
        (
            replace(RIGHT, trunk="mel-1", account="9"),
            Verdict.WRONG_ACCOUNT,
            "had account 9, should have 1001; had trunk mel-1, should have syd-1",
            "set to account 1001, allowed, trunk syd-1",
        ),
        (
            replace(RIGHT, trunk="mel-1"),
            Verdict.WRONG_TRUNK,
            "had trunk mel-1, should have syd-1",
            "set to account 1001, allowed, trunk syd-1",
        ),
    ],
)
def test_each_finding_has_before_and_after(found, verdict, was, becomes):
    (finding,) = compare_rules({NUMBER: RIGHT}, {NUMBER: found})
    assert (finding.verdict, finding.was, finding.becomes) == (verdict, was, becomes)


def test_a_rule_nobody_should_have_is_extra_also_when_only_kept():
    (live,) = compare_rules({NUMBER: None}, {NUMBER: RIGHT})
    (kept,) = compare_rules({NUMBER: None}, {NUMBER: None}, {NUMBER: RIGHT})
    (unknown,) = compare_rules({}, {NUMBER: RIGHT})
    assert {live.verdict, kept.verdict, unknown.verdict} == {Verdict.EXTRA}
    assert live.becomes == kept.becomes == "removed"
    assert (live.now, live.should_be) == ("allowed, account 1001, trunk syd-1", "no rule")


def test_a_correct_rule_that_would_be_lost_is_not_ok():
    other = replace(RIGHT, state=RuleState.SUSPENDED)
    for kept in ({}, {NUMBER: other}):
        (finding,) = compare_rules({NUMBER: RIGHT}, {NUMBER: RIGHT}, kept)
        assert finding.verdict is Verdict.NOT_KEPT
    (finding,) = compare_rules({NUMBER: RIGHT}, {NUMBER: RIGHT}, {NUMBER: RIGHT})
    assert finding.verdict is Verdict.OK


@given(st.lists(truths, unique_by=lambda one: one.number), st.lists(rules, unique_by=lambda one: one.number))
def test_ok_means_exactly_the_expected_rule_and_every_number_has_one_finding(known, held):
    expected = expected_rules(known)
    live = {rule.number: rule for rule in held}
    findings = compare_rules(expected, live)
    assert [one.number for one in findings] == sorted({*expected, *live})
    for one in findings:
        assert (one.verdict is Verdict.OK) == (expected.get(one.number) == live.get(one.number))


@given(st.lists(truths, unique_by=lambda one: one.number))
def test_a_suspended_account_never_has_an_allowed_rule(known):
    for one in known:
        rule = expected_rule(one)
        if one.heading is not AccountStatus.ACTIVE:
            assert rule is None or rule.state is RuleState.SUSPENDED
